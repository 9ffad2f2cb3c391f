"""A text that was pasted into its document a second time, in other lines or with other quotation marks perhaps."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from onrecord import Draft, Stretch

from .fixpoint import TextCleaner
from .paragraphs import lines

_SHORTEST_CLAUSE = 20
"""In characters. What is shorter stands in many texts twice."""
_FEWEST_REPEATED = 100
"""Characters in clauses in a row that stand there twice, from which on words are looked at one by one."""
_SHORTEST_RUN = 8
_SHORTEST_COPY = 40
"""In words. What is shorter may have been said twice."""
_WIDEST_GAP = 4
_MOST_WORDS_BESIDE = 5
"""Words that a line may have beside those of the copy: a dateline in front, a link behind."""
_OPENING = "\"“‘'(["


class _Run(NamedTuple):
    """Words from `start` up to `end` that stand earlier too, from `source`."""

    start: int
    end: int
    source: int


class Copies(TextCleaner):
    """Cuts a second copy of the text or of a part of it, whatever lines it is in.

    The copy may begin at another paragraph, and have a few words at the edges of its lines that the text has not.
    """

    name, version, order = "copies", "1", 290

    def judge(self, draft: Draft) -> None:
        here = lines(draft)
        # One line end, one kind of quotation marks, so that the same clause is the same string in both copies.
        body = _with_even_quotes(" ".join([text for _, text in here]))
        repeated = _repeated_clauses(body)
        if not repeated:
            return
        text = Words(body, [len(text) for _, text in here])
        for passage in _passages(_runs(text, repeated)):
            _mark(draft, [stretch for stretch, _ in here], text, passage)


class Words:
    """The words of a text, line by line."""

    def __init__(self, text: str, lengths: Sequence[int]) -> None:
        """`text` are lines of these lengths with a space between each two."""
        found = list(re.finditer(r"\w+", text))
        self.starts = [word.start() for word in found]
        self.words = [word[0].casefold() for word in found]
        self.lines: list[int] = []
        """The number of each line's first word; one more at the end."""
        begin = 0
        for length in lengths:
            self.lines.append(bisect_left(self.starts, begin))
            begin += length + 1
        self.lines.append(len(self.starts))


def _with_even_quotes(text: str) -> str:
    return text if text.isascii() else text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")


def _repeated_clauses(body: str) -> list[tuple[int, int]]:
    """Where clauses begin that stand further up already, and where that is; none if they are few."""
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


def _runs(text: Words, repeated: Sequence[tuple[int, int]]) -> list[_Run]:
    """The longest runs of equal words around repeated clauses; none overlaps another."""
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
        # A copy begins behind what it is a copy of.
        while end < len(words) and behind < start and words[end] == words[behind]:
            end, behind = end + 1, behind + 1
        if end - start >= _SHORTEST_RUN:
            runs.append(_Run(start, end, source))
            done = end
    return runs


def _passages(runs: Sequence[_Run]) -> list[_Run]:
    """Runs that follow one another here and there are one passage. Only long ones count."""
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
    """Mark the lines that a passage covers, and the end of a line in which a copy of a line's beginning begins."""
    for at in range(bisect_right(text.lines, passage.start, hi=len(stretches)) - 1, len(stretches)):
        begin, end = text.lines[at], text.lines[at + 1]
        if begin >= passage.end:
            return
        stretch = stretches[at]
        covered = min(end, passage.end) - max(begin, passage.start)
        beside = end - begin - covered
        if beside <= _MOST_WORDS_BESIDE and covered >= 3 * beside:
            beginning = " ".join(draft.words(stretch).split(maxsplit=6)[:6])
            draft.mark(stretch, "duplicate", f"stands further up already: “{beginning} …”")
        elif (
            begin < passage.start < end <= passage.end
            and covered >= _SHORTEST_COPY
            and text.lines[bisect_left(text.lines, passage.source)] == passage.source
        ):
            # The text was pasted behind itself without a line end between.
            found = [word.start() for word in re.finditer(r"\w+", draft.words(stretch))]
            offset = stretch.start + found[passage.start - begin]
            while offset - 1 > stretch.start and draft.text[offset - 1] in _OPENING:
                offset -= 1
            _, copy = draft.split(stretch, offset)
            draft.mark(copy, "duplicate", "stands further up already, from the beginning of a line on")
