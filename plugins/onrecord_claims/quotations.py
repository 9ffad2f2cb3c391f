"""Quotations: words in quotation marks of any style, including unbalanced ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

OPENING = frozenset({"“", "``", "«", "„"})
CLOSING = frozenset({"”", "»"})
EITHER = frozenset({'"', "''"})
"""Marks that open or close depending on their position."""
MARKS = OPENING | CLOSING | EITHER
EDGES = "[“”«»„\"]|``|''"
"""The marks, as a regular expression."""
_BEFORE_OPENING = frozenset({"(", "[", "—", "–", "―", "--", "-", "‘", "'", ":"})


class Spacing(IntEnum):
    """The white space between a word and the previous one."""

    NONE = 0
    SPACE = 1
    LINE = 2


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words in quotation marks."""

    mark: int
    """Position of the opening mark."""
    end: int
    """The word after the closing mark, or after the last word if there is none."""
    closed: bool
    """Whether there is a closing mark. A quotation of several paragraphs has one only at its end."""
    resumes: bool
    """Whether it continues a quotation left open at the end of the previous paragraph."""

    @property
    def inside(self) -> tuple[int, int]:
        """The words between the marks."""
        return self.mark + 1, self.end - 1 if self.closed else self.end


def find_quotations(words: Sequence[str], spacing: Sequence[Spacing], paragraph_of: Sequence[int]) -> list[Quotation]:
    """Return the quotations in text order, without overlaps.

    Single marks and nested marks open none. An open quotation ends with its paragraph, or where the next one opens.
    """
    found: list[Quotation] = []
    opened: int | None = None

    def note(end: int, closed: bool) -> None:
        if opened is not None and end - opened > 1 + closed:
            before = found[-1] if found else None
            resumes = (
                before is not None and not before.closed and before.end == opened and spacing[opened] == Spacing.LINE
            )
            found.append(Quotation(opened, end, closed, resumes))

    for i, word in enumerate(words):
        if opened is not None and paragraph_of[i] != paragraph_of[opened]:
            note(i, closed=False)
            opened = None
        if word not in MARKS:
            continue
        if opened is None:
            opened = i if _can_open(words, spacing, i) else None
        elif _is_closing(words, spacing, i):
            note(i + 1, closed=True)
            opened = None
        else:
            note(i, closed=False)
            opened = i
    note(len(words), closed=False)
    return found


def _is_free_before(words: Sequence[str], spacing: Sequence[Spacing], i: int) -> bool:
    return spacing[i] != Spacing.NONE or words[i - 1] in _BEFORE_OPENING


def _is_free_after(words: Sequence[str], spacing: Sequence[Spacing], i: int) -> bool:
    return i + 1 == len(words) or spacing[i + 1] != Spacing.NONE


def _can_open(words: Sequence[str], spacing: Sequence[Spacing], i: int) -> bool:
    """Whether a mark can open a quotation when none is open.

    Some texts have a closing mark in place of an opening one.
    """
    if words[i] in OPENING:
        return True
    return _is_free_before(words, spacing, i) and (words[i] in EITHER or not _is_free_after(words, spacing, i))


def _is_closing(words: Sequence[str], spacing: Sequence[Spacing], i: int) -> bool:
    """Whether a mark closes the open quotation.

    A mark at the start of a line, or with space only before it, opens the next one.
    """
    if words[i] in CLOSING:
        return True
    if spacing[i] == Spacing.LINE:
        return False
    if words[i] in OPENING:
        return not _is_free_before(words, spacing, i) and _is_free_after(words, spacing, i)
    return not _is_free_before(words, spacing, i) or _is_free_after(words, spacing, i)
