"""Content of a claim: the words inside quotation marks, or a clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .quotations import CLOSING, EITHER, MARKS
from .text import DASHES, STOPS
from .words import word_set

if TYPE_CHECKING:
    from .text import Stretch, Text

QuoteType = Literal["direct", "indirect", "mixed"]

SMALL_WORDS = word_set("a an and as at by for from in of on or the to vs with v. 's is are")
"""Words that titles write in lower case."""
LONGEST_TITLE = 10
_CLOSES = CLOSING | EITHER | {"’", "'"}
_JUNK = frozenset({",", ";", ":"})


@dataclass(frozen=True, slots=True)
class Content:
    """A stretch of the statement, in the form of the claim."""

    words: Stretch
    quoted: QuoteType
    """direct: entirely in quotation marks, which are left out."""


def extract_content(text: Text, stretch: Stretch) -> Content | None:
    """Return the content of a marked stretch, or None if nothing remains.

    For exactly one quotation, these are the words inside the marks without a final comma; marks may differ, and one may
    be missing. For anything else, these are the words without final stops.
    """
    begin, end = _strip_junk(text, *stretch)
    if begin >= end:
        return None
    inside = _strip_marks(text, begin, end)
    if inside is not None:
        first, last = inside
        while last > first and (text.words[last - 1] in _JUNK or text.words[last - 1] in DASHES):
            last -= 1
        return Content((first, last), "direct") if first < last else None
    while end > begin and text.words[end - 1] in STOPS:
        end -= 1
    begin, end = _strip_junk(text, begin, end)
    if begin >= end:
        return None
    return Content((begin, end), "mixed" if any(text.is_quoted(i) for i in range(begin, end)) else "indirect")


def quote_type(contents: list[Content]) -> QuoteType:
    """Return whether contents are in quotation marks, not, or partly."""
    kinds = {content.quoted for content in contents}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def complete_quotations(text: Text, stretch: Stretch) -> Stretch:
    """Extend a stretch to quotation marks that it misses by a word or two.

    The pipeline sometimes leaves them out.
    """
    begin, end = stretch
    first = text.quotation(begin)
    if first and first.mark == begin - 1:
        begin -= 1
    last = text.quotation(end - 1)
    if last and last.closed and last.mark >= begin:
        rest = range(end, last.end)
        if len(rest) <= 2 and all(text.words[i] in MARKS or not text.words[i][0].isalnum() for i in rest):
            end = last.end
    return begin, end


def is_title(text: Text, stretch: Stretch) -> bool:
    """Whether a stretch is in quotation marks as a title or name: “The Old Dam”."""
    inside = _strip_marks(text, *stretch)
    if inside is None:
        return False
    words = [text.words[i] for i in range(*inside)]
    named = [word for word in words if word.lower() not in SMALL_WORDS]
    return (
        0 < len(named) <= LONGEST_TITLE
        and words[-1][-1].isalnum()
        and words[0][0].isupper()
        and all(word[0].isupper() or word[0].isdigit() for word in named)
    )


def _strip_junk(text: Text, begin: int, end: int) -> Stretch:
    def is_junk(i: int) -> bool:
        return text.words[i] in _JUNK or text.is_dash(i)

    while begin < end and is_junk(begin):
        begin += 1
    while end > begin and is_junk(end - 1):
        end -= 1
    return begin, end


def _strip_marks(text: Text, begin: int, end: int) -> Stretch | None:
    """Return the words inside the marks if a stretch is a quotation or part of one."""
    while end - begin > 1 and text.words[end - 1] in STOPS and text.words[end - 2] in _CLOSES:
        end -= 1
    quotation = text.quotation(begin)
    if quotation is not None:
        first, last = max(begin, quotation.inside[0]), min(end, quotation.inside[1])
        return (first, last) if end <= quotation.end and first < last else None
    if text.words[begin] == "‘" and text.words[end - 1] in ("’", "'") and end - begin > 2:
        return (begin + 1, end - 1) if "‘" not in text.words[begin + 1 : end] else None
    unopened = text.words[end - 1] in CLOSING | EITHER and text.quotation_of[end - 1] < 0
    if unopened and text.is_sentence_start(begin) and end - begin > 1:
        return (begin, end - 1) if MARKS.isdisjoint(text.words[begin : end - 1]) else None
    return None
