"""Where the words of one text stand in another that has more words between them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

_RUN = 4
"""Words that must be the same, and occur once in either text, to tie the texts together."""


def found_words(words: Sequence[str], sought: Sequence[str]) -> list[bool]:
    """For each of `words`, whether it is one of `sought`, when these are matched in order.

    Runs of words that either text has once are matched first, in the longest order common to both; what stands
    beside them is then matched as far as the words are the same. Takes time in proportion to the texts' lengths.

    >>> found_words("menu one two three four five share".split(), "one two three four five".split())
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
    """Where each run of words begins that occurs only once; a short text is one run."""
    places: dict[tuple[str, ...], int] = {}
    repeated = set()
    for at in range(max(len(words) - _RUN + 1, 0)):
        run = tuple(words[at : at + _RUN])
        if run in places:
            repeated.add(run)
        places[run] = at
    return {run: at for run, at in places.items() if run not in repeated}


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of `pairs`, sorted by the first number, in which the second grows as well."""
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
