"""Identifiers and hashes are the same on every machine, in every process, on every day."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord import identify
from onrecord.model.identity import canonical_json, content_hash

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


# ── identify ─────────────────────────────────────────────────────────────────────────────────────


def test_identifiers_are_what_they_have_always_been() -> None:
    # They stand in people's warehouses: a change of these lines is a change of every row there.
    assert identify("article", "file:///a.txt") == UUID("9eeff302-844d-50ae-83db-e6b1416e1bb3")
    assert identify("claim", UUID(int=1), 3, "Ñandú") == UUID("9e527dc9-aa46-5136-9213-32e205ee7586")


def test_an_identifier_is_a_name_based_uuid() -> None:
    assert identify("article", "x").version == 5


def test_the_kind_and_the_number_and_order_of_the_parts_tell_things_apart() -> None:
    things = [
        ("article", "a", "b"), ("claim", "a", "b"), ("article", "b", "a"), ("article", "ab"), ("article", "a,b"),
        ("article", "a", "b", ""), ("article",), ("article", '["a","b"]'), ("article", 'a","b'),
    ]  # fmt: skip
    assert len({identify(*thing) for thing in things}) == len(things)


@given(a=st.lists(st.text(), max_size=4), b=st.lists(st.text(), max_size=4))
def test_two_things_have_the_same_identifier_only_if_they_are_the_same(a: list[str], b: list[str]) -> None:
    assert (identify("thing", *a) == identify("thing", *b)) == (a == b)


def test_parts_that_read_alike_are_alike() -> None:
    assert identify("mention", UUID(int=1), 3) == identify("mention", str(UUID(int=1)), "3")


# ── content_hash ─────────────────────────────────────────────────────────────────────────────────


def test_hashes_are_what_they_have_always_been() -> None:
    assert content_hash() == "cae66941d9efbd404e4d88758ea67670"
    assert content_hash("Ñandú", b"\x00") == "21bf0c30041aa22851aa49ac06cd85c9"


@given(a=st.lists(st.text(), max_size=4), b=st.lists(st.text(), max_size=4))
def test_the_parts_of_a_hash_do_not_run_together(a: list[str], b: list[str]) -> None:
    assert (content_hash(*a) == content_hash(*b)) == (a == b)


def test_text_is_hashed_as_its_bytes_are() -> None:
    assert content_hash("Ñandú") == content_hash("Ñandú".encode())


def test_half_a_surrogate_pair_has_a_hash_too() -> None:
    assert content_hash("\ud800") != content_hash("\ud801")


# ── canonical_json ───────────────────────────────────────────────────────────────────────────────


def test_canonical_json_has_sorted_keys_no_spaces_and_letters_as_they_are() -> None:
    assert canonical_json({"b": [1, None, True], "a": "Ñandú", "c": {"z": 1.5, "y": {}}}) == (
        '{"a":"Ñandú","b":[1,null,true],"c":{"y":{},"z":1.5}}'
    )


def test_what_json_does_not_know_is_written_as_text() -> None:
    moment = datetime(2021, 7, 1, tzinfo=UTC)
    assert canonical_json([Path("a/b"), UUID(int=1), moment]) == (
        '["a/b","00000000-0000-0000-0000-000000000001","2021-07-01 00:00:00+00:00"]'
    )


@given(value=st.dictionaries(st.text(), JSON, max_size=5), order=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, object], order: object) -> None:
    keys = list(value)
    order.shuffle(keys)  # type: ignore[attr-defined]
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


@given(a=JSON, b=JSON)
def test_equal_values_have_equal_text_and_others_do_not(a: object, b: object) -> None:
    # 1 == 1.0 == True in Python, and not in JSON: compare what cannot be mistaken.
    assert (canonical_json(a) == canonical_json(b)) == (repr_of(a) == repr_of(b))


def repr_of(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{repr_of(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(repr_of, value)) + "]"
    return repr(value)


SETS = 'print(canonical_json({"stop": {"one", "two", "three", "four"}, "more": frozenset({3, 1, "x"})}))'


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_sets_have_the_same_text_in_every_process(seed: str) -> None:
    script = f"from onrecord.model.identity import canonical_json; {SETS}"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
    )  # fmt: skip
    assert done.stdout.strip() == r'{"more":["\"x\"","1","3"],"stop":["\"four\"","\"one\"","\"three\"","\"two\""]}'
