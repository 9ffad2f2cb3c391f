"""A text that was pasted into its document a second time, in other lines or with other quotation marks perhaps."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from onrecord import Cleaner, Draft, Stretch

_ANCHOR = re.compile(r"\b[^\W_]{9,}(?=(\W+\w+\W+\w+\W+\w+))")
"""A long word and the three behind it: there is one in most sentences, and hardly one stands in two by chance."""
_SHORTEST_RUN = 8
_SHORTEST_COPY = 40
"""In words. What is shorter may have been said twice."""
_WIDEST_GAP = 4
_MOST_WORDS_BESIDE = 5
"""Words that a line may have beside those of the copy: a dateline in front, a link behind."""


class _Run(NamedTuple):
    """Words from `start` up to `end` that stand earlier too, from `source`."""

    start: int
    end: int
    source: int


class Copies(Cleaner):
    """Cuts a second copy of the text or of a part of it, whatever lines it is in.

    The copy may begin at another paragraph, and have a few words at the edges of its lines that the text has not.
    """

    name, version, order = "copies", "1", 290

    def clean(self, draft: Draft) -> None:
        lines = list(draft.body())
        texts = [draft.words(stretch) for stretch in lines]
        body = "\n".join(texts)
        repeated = _repeated_anchors(body)
        if not repeated:
            return
        # Only from here on are words looked at one by one.
        found = list(re.finditer(r"\w+", body))
        starts = [word.start() for word in found]
        passages = _passages(_runs(body, [word[0].casefold() for word in found], starts, repeated))
        if not passages:
            return
        begin = 0
        line_starts = []
        for text in texts:
            line_starts.append(bisect_left(starts, begin))
            begin += len(text) + 1
        line_starts.append(len(starts))
        for passage in passages:
            _mark(draft, lines, texts, line_starts, starts, passage)


def _repeated_anchors(body: str) -> list[tuple[int, int]]:
    """Where anchors stand that stand further up already, and where that is."""
    first: dict[str, int] = {}
    repeated = []
    for anchor in _ANCHOR.finditer(body):
        key = anchor[0] + anchor[1]
        if not key.isascii() or "\n" in key or '"' in key or "'" in key:
            # Line ends and quotation marks may differ from copy to copy.
            key = " ".join(re.findall(r"\w+", key))
        at = first.setdefault(key, anchor.start())
        if at != anchor.start():
            repeated.append((anchor.start(), at))
    return repeated


def _runs(body: str, words: Sequence[str], starts: Sequence[int], repeated: Sequence[tuple[int, int]]) -> list[_Run]:
    """The longest runs of equal words around repeated anchors; none overlaps another."""
    runs: list[_Run] = []
    done = 0
    for later, earlier in repeated:
        here, there = bisect_left(starts, later), bisect_left(starts, earlier)
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


def _mark(
    draft: Draft,
    lines: Sequence[Stretch],
    texts: Sequence[str],
    line_starts: Sequence[int],
    starts: Sequence[int],
    passage: _Run,
) -> None:
    """Mark the lines that a passage covers, and the end of a line in which a copy of a line's beginning begins."""
    first = bisect_right(line_starts, passage.start, hi=len(lines)) - 1
    for at in range(first, len(lines)):
        begin, end = line_starts[at], line_starts[at + 1]
        if begin >= passage.end:
            return
        covered = min(end, passage.end) - max(begin, passage.start)
        beside = end - begin - covered
        if beside <= _MOST_WORDS_BESIDE and covered >= 3 * beside and lines[at].kind == "body":
            beginning = " ".join(texts[at].split(maxsplit=6)[:6])
            draft.mark(lines[at], "duplicate", f"stands further up already: “{beginning} …”")
        elif (
            begin < passage.start < end <= passage.end
            and covered >= _SHORTEST_COPY
            and line_starts[bisect_left(line_starts, passage.source)] == passage.source
        ):
            # The text was pasted behind itself without a line end between.
            offset = lines[at].start + starts[passage.start] - starts[begin] + texts[at].find(texts[at].lstrip("\"“‘'(["))
            while not draft.text[offset - 1].isspace() and offset > lines[at].start + 1:
                offset -= 1
            _, copy = draft.split(lines[at], offset)
            draft.mark(copy, "duplicate", "stands further up already, from the beginning of a line on")
