"""How work is cut into batches, and that memory is bounded however much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord import Annotator, Article, Fetched, Ingestor, Item, Row
from onrecord.planning import plan
from onrecord.planning.batches import WorkItems, cut_batches
from onrecord.testing import Sandbox

# ── Cutting ──────────────────────────────────────────────────────────────────────────────────────


def select(*rows: tuple[str, list[str], str | None, int]) -> pa.Table:
    """Selected subjects, as (subject, components, language, bytes)."""
    names = ("subject_id", "components", "language", "bytes")
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) | {"row_position": position} for position, row in enumerate(rows)],
        pa.schema(
            [
                ("subject_id", pa.string()),
                ("components", pa.list_(pa.string())),
                ("language", pa.string()),
                ("bytes", pa.int64()),
                ("row_position", pa.int64()),
            ]
        ),
    )


def test_nothing_to_do_is_no_batch() -> None:
    assert list(cut_batches(select(), 10, 1000)) == []


def test_subjects_are_cut_by_number() -> None:
    selected = select(*((name, ["p"], "en", 1) for name in "abcde"))
    assert [p.subject_ids for p in cut_batches(selected, 2, 1000)] == [["a", "b"], ["c", "d"], ["e"]]


def test_subjects_are_cut_by_bytes_and_a_large_one_stands_alone() -> None:
    selected = select(*((name, ["p"], "en", size) for name, size in zip("abcdef", [4, 6, 1, 50, 5, 5], strict=True)))
    assert [p.subject_ids for p in cut_batches(selected, 100, 10)] == [["a", "b"], ["c"], ["d"], ["e", "f"]]


def test_a_batch_is_of_one_language_and_for_the_same_plugins() -> None:
    selected = select(
        ("a", ["p", "q"], "en", 1),
        ("b", ["p"], "en", 1),
        ("c", ["p", "q"], "de", 1),
        ("d", ["p", "q"], "en", 1),
        ("e", ["p", "q"], None, 1),
    )
    assert list(cut_batches(selected, 100, 100)) == [
        WorkItems(("p",), "en", ["b"], (1, 1)),
        WorkItems(("p", "q"), None, ["e"], (4, 4)),
        WorkItems(("p", "q"), "de", ["c"], (2, 2)),
        WorkItems(("p", "q"), "en", ["a", "d"], (0, 3)),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from([["p"], ["q"], ["p", "q"]]), st.sampled_from(["en", "de", None]), st.integers(0, 50)),
        max_size=20,
    ),
    st.integers(1, 6),
    st.integers(1, 100),
)
def test_every_subject_is_in_one_batch_and_no_batch_is_too_large(
    rows: list[tuple[list[str], str | None, int]], most: int, most_bytes: int
) -> None:
    selected = select(*((f"{number:02}", *row) for number, row in enumerate(rows)))
    by_id = {row["subject_id"]: row for row in selected.to_pylist()}

    batches = list(cut_batches(selected, most, most_bytes))

    assert sorted(i for batch in batches for i in batch.subject_ids) == sorted(by_id)
    for batch in batches:
        assert 1 <= len(batch.subject_ids) <= most
        assert len(batch.subject_ids) == 1 or sum(by_id[i]["bytes"] for i in batch.subject_ids) <= most_bytes
        assert {(tuple(by_id[i]["components"]), by_id[i]["language"]) for i in batch.subject_ids} == {
            (batch.components, batch.language)
        }
        assert batch.subject_ids == sorted(batch.subject_ids), "in the order of their places"


# ── Memory is bounded: subjects are looked up a window at a time ─────────────────────────────────


class Length(Row):
    words: int


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()))


class Second(Ingestor):
    """A second source, whose documents are as many places from its start as the first one's."""

    name, version, schemes = "second", "1", ("second",)

    def discover(self) -> list[Item]:
        return [Item(f"second:{number}", "1") for number in range(4)]

    def fetch(self, item: Item) -> Fetched:
        return Fetched(b"some words", "text/plain")


@pytest.mark.parametrize("window", [3, 1000])
def test_however_small_the_window_one_run_does_all_there_is(
    window: int, tmp_path: Path, plugin_of: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_WINDOW", window)
    documents = {f"d{number}": " ".join(["word"] * (number + 1)) for number in range(4)}
    sandbox = Sandbox(tmp_path, plugin_of(Lengths(), Second()), documents=documents)

    report = sandbox.run()

    assert {step.component: step.subjects for step in report.steps if step.subjects} == {
        "documents": 4, "second": 4, "clean": 8, "lengths": 8,
    }  # fmt: skip
    assert [row["words"] for row in sandbox.sql("select words from length order by 1")] == [1, *[2] * 5, 3, 4]
    assert {step.subjects for step in sandbox.run().steps} <= {0}


def test_no_batch_has_more_subjects_or_bytes_than_the_configuration_says(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    sizes: list[tuple[int, int]] = []

    class Measures(Lengths):
        def annotate_batch(self, articles: Any) -> Any:
            sizes.append((len(articles), sum(len(article.body) for article in articles)))
            return super().annotate_batch(articles)

    documents = {f"d{number:02}": "x" * 100 for number in range(25)}
    for settings in ({"batch_size": 10}, {"batch_bytes": 450}):
        sizes.clear()
        name = next(iter(settings))
        Sandbox(tmp_path / name, plugin_of(Measures()), documents=documents, settings={"run": settings}).run()
        assert sum(size for size, _ in sizes) == 25
        if "batch_size" in settings:
            assert [size for size, _ in sizes] == [10, 10, 5]
        else:
            assert {total for _, total in sizes} <= {100, 200, 300, 400}
            assert len(sizes) == 7
