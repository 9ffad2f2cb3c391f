"""Quotation marks: which open, which close, and which words are between them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

OPENING = frozenset({"“", "``", "«", "„"})
CLOSING = frozenset({"”", "»"})
EITHER = frozenset({'"', "''"})
"""Marks that open or close depending on their position."""
MARKS = OPENING | CLOSING | EITHER
_BEFORE_OPENING = frozenset({"(", "[", "—", "–", "―", "--", "-", "‘", "'", "`"})


class Quote(IntEnum):
    """Position of a word relative to quotation marks."""

    OUTSIDE = 0
    INSIDE = 1
    OPENS = 2
    CLOSES = 3


def quote_states(words: Sequence[str], spaced: Sequence[bool]) -> list[Quote]:
    """Return for each word whether it is inside quotation marks, opens or closes.

    `spaced` tells where white space follows a word; words of white space count as words. An empty line ends an open
    quotation, since a quotation of several paragraphs is opened again in each.
    """
    states: list[Quote] = []
    inside = False
    for i, word in enumerate(words):
        if word in MARKS:
            opens = word in OPENING or (word in EITHER and _is_opening(words, spaced, i, inside))
            states.append(Quote.OPENS if opens else Quote.CLOSES)
            inside = opens
            continue
        if inside and word.isspace() and word.count("\n") > 1:
            inside = False
        states.append(Quote.INSIDE if inside else Quote.OUTSIDE)
    return states


def _is_opening(words: Sequence[str], spaced: Sequence[bool], i: int, inside: bool) -> bool:
    """Whether a mark that looks the same at both ends opens."""
    free_before = i == 0 or spaced[i - 1] or words[i - 1].isspace() or words[i - 1] in _BEFORE_OPENING
    free_after = i + 1 == len(words) or spaced[i] or words[i + 1].isspace()
    if free_before != free_after:
        return free_before
    return not inside
