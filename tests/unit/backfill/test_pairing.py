"""Rows are pair_rows by key, place, content and number: compared with a slow pairing that follows the definition."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onrecord.backfill.pairing import ComparedRow, Place, merge, pair_rows

spans = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=3)
some_rows = st.lists(
    st.builds(
        lambda name, word, number, says, places: ComparedRow(
            {}, (says,), (name, word), (word,), (number,), tuple(merge((a, a + n) for a, n in own) for own in places)
        ),
        st.integers(0, 2), st.sampled_from("xy"), st.integers(0, 2), st.booleans(), st.tuples(spans, spans),
    ),
    max_size=7,
)  # fmt: skip


@given(spans=spans)
def test_spans_cover_each_character_of_their_place_once(spans: list[tuple[int, int]]) -> None:
    place = merge((start, start + length) for start, length in spans)
    assert characters(place) == {n for start, length in spans for n in range(start, start + length)}
    assert all(one[1] < other[0] for one, other in pairwise(place))


@given(before=some_rows, after=some_rows, by_key=st.booleans())
def test_rows_are_paired_as_if_each_were_compared_with_each(
    before: list[ComparedRow], after: list[ComparedRow], by_key: bool
) -> None:
    def closeness(old: ComparedRow, new: ComparedRow) -> tuple[Any, ...] | None:
        """The rank of a pair, less is closer; None for rows that are not the same."""
        places = [(characters(one), characters(other)) for one, other in zip(old.places, new.places, strict=True)]
        shared = sum(len(one & other) for one, other in places)
        if by_key and old.name == new.name:
            return (0,)
        if old.words == new.words and shared and all(
            one == other or (one & other and 2 * len(one & other) >= min(len(one), len(other))) for one, other in places
        ):  # fmt: skip
            total = sum(len(one | other) for one, other in places)
            return (1, -shared / total, old.name != new.name, old.says != new.says, old.numbers != new.numbers)
        if any(old.places) or any(new.places) or old.name != new.name:
            return None
        return (2,) if old.says == new.says else (3,) if old.numbers == new.numbers else None

    ranked = [(closeness(old, new), i, j) for i, old in enumerate(before) for j, new in enumerate(after)]
    expected: list[tuple[int | None, int | None]] = []
    for _, i, j in sorted(pair for pair in ranked if pair[0]):
        if not any(i == pair[0] or j == pair[1] for pair in expected):
            expected.append((i, j))
    expected += [(i, None) for i in range(len(before)) if i not in {pair[0] for pair in expected}]
    expected += [(None, j) for j in range(len(after)) if j not in {pair[1] for pair in expected}]

    def index(row: ComparedRow | None, rows: list[ComparedRow]) -> int | None:
        return next((n for n, each in enumerate(rows) if each is row), None)

    found = pair_rows(before, after, by_key=by_key)
    assert [(index(old, before), index(new, after)) for old, new in found] == expected


def characters(place: Place) -> set[int]:
    return {n for start, end in place for n in range(start, end)}
