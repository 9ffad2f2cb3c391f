"""Pairing of an article's published and staged rows that correspond.

Two rows correspond if their keys are equal, where the key identifies its row; else if they have the same place in the
text; else, among rows without a place, if their values or their numbers are equal.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Place = list[tuple[int, int]]
"""Stretches of the text, in order and without overlap; empty if there is no place."""

_SHARED = 0.5
"""Two places are the same if they share at least this part of the shorter one."""

_Rows = Mapping[int, "ComparedRow"]
_Pairs = Iterable[tuple[int, int]]


@dataclass(slots=True)
class ComparedRow:
    """A row, with the values by which it is compared."""

    values: dict[str, Any]
    says: tuple[Any, ...]
    """The values that decide whether the row changes."""
    name: tuple[Any, ...]
    """The key without its numbers."""
    words: tuple[Any, ...]
    """The part of the key that rows at the same place must share."""
    numbers: tuple[Any, ...]
    """The part of the key that only counts rows."""
    places: tuple[Place, ...]
    """The row's own place, then the place of each row that its key refers to."""


def pair_rows(
    before: Sequence[ComparedRow], after: Sequence[ComparedRow], *, by_key: bool
) -> Iterator[tuple[ComparedRow | None, ComparedRow | None]]:
    """Pair the rows of one article; None stands for a row that is new or gone.

    With `by_key`, rows with equal names are paired first; then those at the same place, the most similar first.
    """
    old, new = dict(enumerate(before)), dict(enumerate(after))
    matches: list[Callable[[_Rows, _Rows], _Pairs]] = [_match_places, _match_statements, _match_numbers]
    if by_key:
        matches.insert(0, _match_names)
    for match in matches:
        for i, j in match(old, new):
            if i in old and j in new:
                yield old.pop(i), new.pop(j)
    yield from ((row, None) for row in old.values())
    yield from ((None, row) for row in new.values())


def merge(spans: Iterable[Sequence[int]]) -> Place:
    """Merge spans into the place that they cover together.

    Spans may overlap; empty ones are ignored.
    """
    place: Place = []
    for start, end in sorted((start, end) for start, end in spans if start < end):
        if place and start <= place[-1][1]:
            place[-1] = (place[-1][0], max(end, place[-1][1]))
        else:
            place.append((start, end))
    return place


def _match_names(old: _Rows, new: _Rows) -> _Pairs:
    return _match(old, new, lambda row: row.name)


def _match_statements(old: _Rows, new: _Rows) -> _Pairs:
    return _match(old, new, lambda row: None if any(row.places) else (row.name, row.says))


def _match_numbers(old: _Rows, new: _Rows) -> _Pairs:
    return _match(old, new, lambda row: None if any(row.places) else (row.name, row.numbers))


def _match(old: _Rows, new: _Rows, value: Callable[[ComparedRow], Hashable]) -> _Pairs:
    """Pair rows with equal values in their order; None equals nothing."""
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for j, row in new.items():
        waiting[value(row)].append(j)
    waiting.pop(None, None)
    return [(i, same.popleft()) for i, row in old.items() if (same := waiting.get(value(row)))]


def _match_places(old: _Rows, new: _Rows) -> _Pairs:
    """Pair rows at the same place, the most similar first."""
    pairs = []
    for i, j in _find_overlapping(old, new):
        before, after = old[i], new[j]
        if similarity := _compute_similarity(before.places, after.places):
            differs = (before.name != after.name, before.says != after.says, before.numbers != after.numbers)
            pairs.append((-similarity, differs, i, j))
    return [(i, j) for _, _, i, j in sorted(pairs)]


def _find_overlapping(old: _Rows, new: _Rows) -> set[tuple[int, int]]:
    """Find pairs of rows with equal `words` that share a character."""
    spans: dict[tuple[Any, ...], list[tuple[int, int, int, int]]] = defaultdict(list)
    for side, rows in enumerate((old, new)):
        for number, row in rows.items():
            for nth, place in enumerate(row.places):
                spans[nth, row.words] += [(start, end, side, number) for start, end in place]
    found = set()
    for group in spans.values():
        # For each side, the earlier spans that may reach into the current one, so that only neighbors are compared.
        reaching: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        for start, end, side, number in sorted(group):
            others = reaching[1 - side]
            others[:] = [other for other in others if other[0] > start]
            found |= {(other, number) if side else (number, other) for _, other in others}
            reaching[side].append((end, number))
    return found


def _compute_similarity(before: Sequence[Place], after: Sequence[Place]) -> float:
    """The part of the characters of two rows' places that both cover.

    It is 0 unless all places are the same.
    """
    shared = total = 0
    for one, other in zip(before, after, strict=True):
        if not one and not other:
            continue
        lengths = [sum(end - start for start, end in place) for place in (one, other)]
        common = _count_shared(one, other)
        if not common or common < _SHARED * min(lengths):
            return 0.0
        shared += common
        total += sum(lengths) - common
    return shared / total if total else 0.0


def _count_shared(one: Place, other: Place) -> int:
    """Count the characters that two places share."""
    common = i = j = 0
    while i < len(one) and j < len(other):
        common += max(0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return common
