"""Paragraphs that were broken into lines of equal width."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from onrecord import Cleaner, Draft, Stretch

from .paragraphs import ends_sentence, has_blank_line_between, is_title_like

_NARROWEST, _WIDEST = 40, 120
_FEWEST_WRAPS = 2
_FEWEST_PER_SHORT = 8
"""Full lines required for each line that ends early inside a sentence, if lines were filled."""
_LONGEST_WORD = 15


class HardWraps(Cleaner):
    """Join the lines of a paragraph in documents whose lines were wrapped at a width."""

    name, version, order = "hard_wraps", "2", 300

    def clean(self, draft: Draft) -> None:
        pairs = [
            (before, after)
            for before, after in pairwise(draft.body())
            if before.kind == after.kind == "body" and not has_blank_line_between(draft, before, after)
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
                # If all lines were filled, a line with room for the next word ends its paragraph.
                after.continues = is_full or not wraps.filled or _is_continuation(draft.words(after))
            else:
                # A full line that ends a sentence decides nothing. If the line after it breaks off early inside a
                # sentence, that line begins a paragraph.
                next_is_full = full.get(following.get(after.start, -1), True)
                breaks_off = not ends_sentence(draft.words(after)) and not next_is_full
                after.continues = is_full and not breaks_off


class Wraps(NamedTuple):
    """How a document's lines were wrapped."""

    width: int
    """In characters."""
    filled: bool
    """Whether nearly all lines inside sentences have as many words as fit."""


def find_wraps(draft: Draft, pairs: list[tuple[Stretch, Stretch]]) -> Wraps | None:
    """Find out how lines were wrapped; returns None if they were not.

    `pairs` are adjacent lines without an empty line between them. Lines are wrapped if most that end inside a sentence
    are so long that the next word would not fit.
    """
    inside = [(draft.words(a), draft.words(b)) for a, b in pairs if not ends_sentence(draft.words(a))]
    lengths = sorted(stretch.end - stretch.start for pair in pairs for stretch in pair)
    if not inside or lengths[len(lengths) * 9 // 10] > _WIDEST:
        return None
    width = _find_width([length for length in lengths if length <= _WIDEST])
    if width < _NARROWEST:
        return None
    full = [_is_full(before, after, width) for before, after in inside]
    # A line that begins in lower case continues the line before it; headings and list items do not.
    goes_on = [_is_continuation(after) for _, after in inside]
    cut = sum(a and b for a, b in zip(full, goes_on, strict=True))
    short = sum(goes_on) - cut
    if sum(full) < len(full) / 2 and cut <= _FEWEST_PER_SHORT * short:
        return None
    return Wraps(width, cut > _FEWEST_PER_SHORT * short) if sum(full) >= _FEWEST_WRAPS else None


def _find_width(lengths: list[int]) -> int:
    """Return the largest length that is not far above all others.

    Links and captions may not have been wrapped.
    """
    at = len(lengths) - 1
    while at >= _FEWEST_WRAPS and lengths[at] - lengths[at - _FEWEST_WRAPS] > _LONGEST_WORD:
        at -= 1
    return lengths[at]


def _is_full(before: str, after: str, width: int) -> bool:
    return len(before) + 1 + len(after.split(maxsplit=1)[0]) > width


def _is_continuation(line: str) -> bool:
    return line[0].islower()


def _is_heading(line: str, after: str) -> bool:
    return len(line.split()) >= 3 and is_title_like(line, 25) and re.match(r"[\W_]*[a-z]", after) is None
