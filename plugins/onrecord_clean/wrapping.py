"""Paragraphs that were broken into lines of equal width."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from onrecord import Cleaner, Draft, Stretch

from .paragraphs import blank_line_between, ends_sentence, is_title_like

_NARROWEST, _WIDEST = 40, 120
_FEWEST_WRAPS = 2
_FEWEST_PER_SHORT = 8
"""Full lines for each that ends within a sentence with room for the next word, where lines were filled."""
_LONGEST_WORD = 15


class HardWraps(Cleaner):
    """Joins the lines of a paragraph in documents whose lines were cut at a width, and in no others."""

    name, version, order = "hard_wraps", "2", 300

    def clean(self, draft: Draft) -> None:
        pairs = [
            (before, after)
            for before, after in pairwise(draft.body())
            if before.kind == after.kind == "body" and not blank_line_between(draft, before, after)
        ]
        wraps = find_wraps(draft, pairs)
        if wraps is None:
            return
        full = {after.start: _is_full(draft.words(before), draft.words(after), wraps.width) for before, after in pairs}
        first = next(draft.body())
        following = {before.start: after.start for before, after in pairs}
        for before, after in pairs:
            is_full = full[after.start]
            if before is first and not is_full and _is_heading(draft.words(before), draft.words(after)):
                continue
            if not ends_sentence(draft.words(before)):
                # A line with room for the next word is the last of its paragraph, if all others were filled.
                after.continues = is_full or not wraps.filled or _goes_on(draft.words(after))
            else:
                # A full line that ends a sentence says nothing; the line after it does: where that breaks off
                # early in a sentence, it is the first of a paragraph.
                next_is_full = full.get(following.get(after.start, -1), True)
                breaks_off = not ends_sentence(draft.words(after)) and not next_is_full
                after.continues = is_full and not breaks_off


class Wraps(NamedTuple):
    """How a document's lines were cut."""

    width: int
    """In characters."""
    filled: bool
    """Whether lines within sentences have as many words as there was room for, as good as all of them."""


def find_wraps(draft: Draft, pairs: list[tuple[Stretch, Stretch]]) -> Wraps | None:
    """How the lines were cut; None where they were not.

    `pairs` are adjacent lines without an empty line between them. They were cut at a width if most lines that
    end within a sentence are so long that the next word would not have fitted.
    """
    inside = [(draft.words(a), draft.words(b)) for a, b in pairs if not ends_sentence(draft.words(a))]
    lengths = sorted(stretch.end - stretch.start for pair in pairs for stretch in pair)
    if not inside or lengths[len(lengths) * 9 // 10] > _WIDEST:
        return None
    width = _width([length for length in lengths if length <= _WIDEST])
    if width < _NARROWEST:
        return None
    full = [_is_full(before, after, width) for before, after in inside]
    # A line that begins with a small letter goes on with the one before it: no heading or item of a list does.
    goes_on = [_goes_on(after) for _, after in inside]
    cut = sum(a and b for a, b in zip(full, goes_on, strict=True))
    short = sum(goes_on) - cut
    if sum(full) < len(full) / 2 and cut <= _FEWEST_PER_SHORT * short:
        return None
    return Wraps(width, cut > _FEWEST_PER_SHORT * short) if sum(full) >= _FEWEST_WRAPS else None


def _width(lengths: list[int]) -> int:
    """The largest length that is not far above all others: a link or a caption may not have been cut."""
    at = len(lengths) - 1
    while at >= _FEWEST_WRAPS and lengths[at] - lengths[at - _FEWEST_WRAPS] > _LONGEST_WORD:
        at -= 1
    return lengths[at]


def _is_full(before: str, after: str, width: int) -> bool:
    return len(before) + 1 + len(after.split(maxsplit=1)[0]) > width


def _goes_on(line: str) -> bool:
    return line[0].islower()


def _is_heading(line: str, after: str) -> bool:
    return len(line.split()) >= 3 and is_title_like(line, 25) and re.match(r"[\W_]*[a-z]", after) is None
