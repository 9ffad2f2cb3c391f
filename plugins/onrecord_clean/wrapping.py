"""Paragraphs that were broken into lines of equal width."""

from __future__ import annotations

import re
from itertools import pairwise

from onrecord import Cleaner, Draft, Stretch

from .paragraphs import blank_line_between, ends_sentence, is_title_like

_NARROWEST, _WIDEST = 40, 120
_FEWEST_WRAPS = 2


class HardWraps(Cleaner):
    """Joins the lines of a paragraph in documents whose lines were cut at a width, and in no others."""

    name, version, order = "hard_wraps", "1", 300

    def clean(self, draft: Draft) -> None:
        pairs = [
            (before, after)
            for before, after in pairwise(draft.body())
            if before.kind == after.kind == "body" and not blank_line_between(draft, before, after)
        ]
        width = wrap_width(draft, pairs)
        if width is None:
            return
        full = {after.start: _is_full(draft.words(before), draft.words(after), width) for before, after in pairs}
        first = next(draft.body())
        for before, after in pairs:
            if before is first and not full[after.start] and _is_heading(draft.words(before), draft.words(after)):
                continue
            if not ends_sentence(draft.words(before)):
                after.continues = True
            else:
                # A full line that ends a sentence says nothing; the line after it does: where that breaks off
                # early in a sentence, it is the first of a paragraph.
                breaks_off = not ends_sentence(draft.words(after)) and not full.get(_next_start(draft, after), True)
                after.continues = full[after.start] and not breaks_off


def wrap_width(draft: Draft, pairs: list[tuple[Stretch, Stretch]]) -> int | None:
    """The width, in characters, that the lines were cut at; None where they were not.

    `pairs` are adjacent lines without an empty line between them. They were cut at a width if most lines that
    end within a sentence are so long that the next word would not have fitted.
    """
    inside = [(draft.words(a), draft.words(b)) for a, b in pairs if not ends_sentence(draft.words(a))]
    lengths = sorted(stretch.end - stretch.start for pair in pairs for stretch in pair)
    if not inside or lengths[len(lengths) * 9 // 10] > _WIDEST:
        return None
    width = max(length for length in lengths if length <= _WIDEST)
    if width < _NARROWEST:
        return None
    wraps = sum(_is_full(before, after, width) for before, after in inside)
    return width if wraps >= max(_FEWEST_WRAPS, len(inside) / 2) else None


def _is_full(before: str, after: str, width: int) -> bool:
    return len(before) + 1 + len(after.split(maxsplit=1)[0]) > width


def _is_heading(line: str, after: str) -> bool:
    return len(line.split()) >= 3 and is_title_like(line, 25) and re.match(r"[\W_]*[a-z]", after) is None


def _next_start(draft: Draft, stretch: Stretch) -> int:
    following = re.compile(r"\S").search(draft.text, stretch.end)
    return following.start() if following else -1
