"""Rows are paired by key, place and number: compared with a slow pairing that follows the definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.backfill import pairing
from onrecord.backfill.pairing import pair_rows
from onrecord.sql import read_sql


class Compared(NamedTuple):
    """A row of the view `_differing`, with the parts of its key and what it says."""

    name: tuple[int, str]
    number: int
    says: bool
    places: Sequence[Sequence[tuple[int, int]] | None]

    @property
    def has_place(self) -> bool:
        return any(self.places)


# Spans overlap often; a place without spans is null.
spans = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda span: (span[0], sum(span)))
place = st.lists(spans, max_size=3).map(lambda found: found or None)
names = st.tuples(st.integers(0, 2), st.sampled_from("xy"))
some_rows = st.lists(
    st.builds(Compared, names, st.integers(0, 2), st.booleans(), st.tuples(place, place)), max_size=7
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(read_sql(pairing.__name__, "places"))
        yield connection


@given(spans=st.lists(spans, min_size=1, max_size=5), others=st.lists(spans, min_size=1, max_size=5))
def test_spans_cover_each_character_of_their_place_once(
    spans: list[tuple[int, int]], others: list[tuple[int, int]], connection: duckdb.DuckDBPyConnection
) -> None:
    query = "select _merge($spans), _length(_merge($spans)), _shared(_merge($spans), _merge($others))"
    ((place, length, shared),) = connection.execute(query, {"spans": spans, "others": others}).fetchall()
    assert characters(place) == characters(spans)
    assert all(one[1] < other[0] for one, other in pairwise(place))
    assert (length, shared) == (len(characters(spans)), len(characters(spans) & characters(others)))


@given(before=some_rows, after=some_rows, by_key=st.booleans())
def test_rows_are_paired_as_if_each_were_compared_with_each(
    before: list[Compared], after: list[Compared], by_key: bool, connection: duckdb.DuckDBPyConnection
) -> None:
    def closeness(old: Compared, new: Compared) -> tuple[Any, ...] | None:
        """The rank of a pair, less is closer; None for rows that are not the same."""
        pairs = [(characters(one), characters(other)) for one, other in zip(old.places, new.places, strict=True)]
        shared = sum(len(one & other) for one, other in pairs)
        if (old.name, old.number) == (new.name, new.number) and (by_key or not (old.has_place or new.has_place)):
            return (0,)
        if old.name[1] == new.name[1] and shared and all(
            one == other or (one & other and 2 * len(one & other) >= min(len(one), len(other))) for one, other in pairs
        ):  # fmt: skip
            total = sum(len(one | other) for one, other in pairs)
            return (1, -shared / total, old.name != new.name, old.says != new.says, old.number != new.number)
        return None

    ranked = [(closeness(old, new), i, j) for i, old in enumerate(before) for j, new in enumerate(after)]
    expected: dict[int, int] = {}
    for _, i, j in sorted(pair for pair in ranked if pair[0]):
        if i not in expected and j not in expected.values():
            expected[i] = j

    define_differing(connection, before, after, by_key)
    pair_rows(connection)
    assert dict(connection.execute("select old, new - $n from _pairs", {"n": len(before)}).fetchall()) == expected


def define_differing(
    connection: duckdb.DuckDBPyConnection, before: list[Compared], after: list[Compared], by_key: bool
) -> None:
    span = pa.list_(pa.int64())
    schema = pa.schema({"_new": pa.bool_(), "name": pa.int64(), "word": pa.string(), "number": pa.int64(),
                        "says": pa.bool_(), "spans": pa.list_(pa.list_(span))})  # fmt: skip
    rows = [(new, *row.name, *row[1:]) for new, side in ((False, before), (True, after)) for row in side]
    connection.register(
        "rows", pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    )
    connection.execute(
        f"""
        create or replace temp table _differing as
        select
            _new, row_number() over () - 1 as _row, [_merge(place) for place in spans] as _places,
            {by_key} as _by_key, row(name, word, number) as _key, row(name, word) as _name,
            row(word) as _words, row(says) as _says,
            list_min(flatten(flatten(_places))) as _start, list_max(flatten(flatten(_places))) as _end
        from rows
        """
    )


def characters(place: Sequence[tuple[int, int]] | None) -> set[int]:
    return {n for start, end in place or () for n in range(start, end)}
