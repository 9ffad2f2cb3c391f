"""Alignment of a text with a longer text that contains its words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

_RUN = 4
"""Words in a run. Runs that occur once in both texts tie the texts together."""


def match_words(words: Sequence[str], sought: Sequence[str]) -> list[bool]:
    """Return, for each of `words`, whether it matches a word of `sought`, in order.

    Runs that occur once in both texts are matched first, in the longest order common to both. Each match is then
    extended to both sides as long as the words are equal. Takes time linear in the lengths of the texts.

    >>> match_words("menu one two three four five share".split(), "one two three four five".split())
    [False, True, True, True, True, True, False]
    """
    here, there = _single_runs(words), _single_runs(sought)
    ties = _in_order(sorted((at, there[run]) for run, at in here.items() if run in there))
    match = [-1] * len(words)
    taken = [False] * len(sought)

    def tie(at: int, other: int) -> bool:
        if match[at] >= 0 or taken[other] or words[at] != sought[other]:
            return False
        match[at], taken[other] = other, True
        return True

    for at, other in ties:
        for step in range(_RUN):
            tie(at + step, other + step)
    for at, other in ties:
        at, other = at - 1, other - 1
        while at >= 0 and other >= 0 and tie(at, other):
            at, other = at - 1, other - 1
    for at, other in reversed(ties):
        at, other = at + _RUN, other + _RUN
        while at < len(words) and other < len(sought) and tie(at, other):
            at, other = at + 1, other + 1
    return [other >= 0 for other in match]


def _single_runs(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Return where each run that occurs once begins; a short text is one run."""
    places: dict[tuple[str, ...], int] = {}
    repeated = set()
    for at in range(max(len(words) - _RUN + 1, 0)):
        run = tuple(words[at : at + _RUN])
        if run in places:
            repeated.add(run)
        places[run] = at
    return {run: at for run, at in places.items() if run not in repeated}


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence in which the second numbers grow.

    `pairs` are sorted by their first numbers.
    """
    lowest: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for at, (_, value) in enumerate(pairs):
        length = bisect_left(lowest, value)
        before.append(last[length - 1] if length else None)
        lowest[length : length + 1] = [value]
        last[length : length + 1] = [at]
    chain = []
    at_last = last[-1] if last else None
    while at_last is not None:
        chain.append(pairs[at_last])
        at_last = before[at_last]
    return chain[::-1]
