"""Text pasted into its document twice, with other line ends or quotation marks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from onrecord import Draft, Stretch

from .fixpoint import TextCleaner
from .paragraphs import lines

_SHORTEST_CLAUSE = 20
"""In characters. Shorter clauses occur twice in many texts."""
_FEWEST_REPEATED = 100
"""Characters in consecutive repeated clauses that make it worth comparing word by word."""
_SHORTEST_RUN = 8
_SHORTEST_COPY = 40
"""In words. Shorter passages may really be repeated."""
_WIDEST_GAP = 4
_MOST_WORDS_BESIDE = 5
"""Words of a line outside the copy: a dateline before it, a link after it."""
_OPENING = "\"“‘'(["


class _Run(NamedTuple):
    """Words from `start` to `end` that already occur at `source`."""

    start: int
    end: int
    source: int


class Copies(TextCleaner):
    """Cut a second copy of the text or of part of it, however its lines are broken.

    The copy may begin at any paragraph, and its lines may have a few extra words at their edges.
    """

    name, version, order = "copies", "2", 290

    def clean(self, draft: Draft) -> None:
        here = lines(draft)
        # Normalize line ends and quotation marks, so that equal clauses are equal strings.
        body = _normalize_quotes(" ".join([text for _, text in here]))
        repeated = _find_repeated_clauses(body)
        if not repeated:
            return
        text = Words(body, [len(text) for _, text in here])
        for passage in _join_runs(_find_runs(text, repeated)):
            _mark(draft, [stretch for stretch, _ in here], text, passage)


class Words:
    """The words of a text, line by line."""

    def __init__(self, text: str, lengths: Sequence[int]) -> None:
        """`text` has lines of these lengths, joined by single spaces."""
        found = list(re.finditer(r"\w+", text))
        self.starts = [word.start() for word in found]
        self.words = [word[0].casefold() for word in found]
        self.lines: list[int] = []
        """Number of each line's first word, and at the end the number of words."""
        begin = 0
        for length in lengths:
            self.lines.append(bisect_left(self.starts, begin))
            begin += length + 1
        self.lines.append(len(self.starts))


def _normalize_quotes(text: str) -> str:
    return text if text.isascii() else text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")


def _find_repeated_clauses(body: str) -> list[tuple[int, int]]:
    """Return where repeated clauses begin and where they occurred before.

    Empty if too few characters are repeated.
    """
    clauses = body.replace(".", ",").split(",")
    long = [clause for clause in clauses if len(clause) >= _SHORTEST_CLAUSE]
    if len(set(long)) == len(long):
        return []
    first: dict[str, int] = {}
    repeated = []
    begin = longest = length = 0
    for clause in clauses:
        if len(clause) >= _SHORTEST_CLAUSE:
            source = first.setdefault(clause, begin)
            if source != begin:
                repeated.append((begin, source))
                length += len(clause)
                longest = max(longest, length)
            else:
                length = 0
        begin += len(clause) + 1
    return repeated if longest >= _FEWEST_REPEATED else []


def _find_runs(text: Words, repeated: Sequence[tuple[int, int]]) -> list[_Run]:
    """Return the longest disjoint runs of equal words around repeated clauses."""
    runs: list[_Run] = []
    words = text.words
    done = 0
    for later, earlier in repeated:
        here, there = bisect_left(text.starts, later), bisect_left(text.starts, earlier)
        if here < done:
            continue
        start, source = here, there
        while start > done and source > 0 and words[start - 1] == words[source - 1]:
            start, source = start - 1, source - 1
        end, behind = here, there
        # A copy begins after the end of its original.
        while end < len(words) and behind < start and words[end] == words[behind]:
            end, behind = end + 1, behind + 1
        if end - start >= _SHORTEST_RUN:
            runs.append(_Run(start, end, source))
            done = end
    return runs


def _join_runs(runs: Sequence[_Run]) -> list[_Run]:
    """Join runs that follow one another in both places, and return the long passages."""
    passages: list[_Run] = []
    for run in runs:
        if passages:
            before = passages[-1]
            shift = abs((run.start - run.source) - (before.start - before.source))
            if run.start - before.end <= _WIDEST_GAP and shift <= _WIDEST_GAP:
                passages[-1] = _Run(before.start, run.end, before.source)
                continue
        passages.append(run)
    return [passage for passage in passages if passage.end - passage.start >= _SHORTEST_COPY]


def _mark(draft: Draft, stretches: Sequence[Stretch], text: Words, passage: _Run) -> None:
    """Mark the lines of a passage, and line ends that repeat the line's beginning."""
    for at in range(bisect_right(text.lines, passage.start, hi=len(stretches)) - 1, len(stretches)):
        begin, end = text.lines[at], text.lines[at + 1]
        if begin >= passage.end:
            return
        stretch = stretches[at]
        covered = min(end, passage.end) - max(begin, passage.start)
        beside = end - begin - covered
        if beside <= _MOST_WORDS_BESIDE and covered >= 3 * beside:
            beginning = " ".join(draft.words(stretch).split(maxsplit=6)[:6])
            draft.mark(stretch, "duplicate", f"occurs earlier: “{beginning} …”")
        elif (
            begin < passage.start < end <= passage.end
            and covered >= _SHORTEST_COPY
            and text.lines[bisect_left(text.lines, passage.source)] == passage.source
        ):
            # The text was pasted right after itself, without a line end.
            found = [word.start() for word in re.finditer(r"\w+", draft.words(stretch))]
            offset = stretch.start + found[passage.start - begin]
            while offset - 1 > stretch.start and draft.text[offset - 1] in _OPENING:
                offset -= 1
            _, copy = draft.split(stretch, offset)
            draft.mark(copy, "duplicate", "occurs earlier, from the beginning of a line on")
