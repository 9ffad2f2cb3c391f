"""Drafts: documents on their way to becoming articles, on which cleaners work."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any, Literal

from .content import Article, ArticleKind, Document, Segment, SegmentKind

_BODY_KINDS = frozenset({"body", "sidebar", "subheading"})
_FIELD_KINDS = frozenset({"headline", "byline", "dateline", "credit"})


@dataclass(slots=True)
class Stretch:
    """A part of the document's text and the verdict on it.

    At first every line that is not blank is a stretch.
    """

    start: int
    end: int
    kind: SegmentKind = "body"
    reason: str | None = None
    cleaner: str | None = None
    continues: bool = False
    """Whether it continues the paragraph of the stretch before it in the body."""
    boxed: bool = False
    """Whether it is in a side box, for example as its heading; a stretch of the kind sidebar always is."""

    @property
    def in_body(self) -> bool:
        """Whether it is in the body."""
        return self.kind in _BODY_KINDS

    @property
    def in_box(self) -> bool:
        """Whether it is in the side boxes, which follow the running text in the body."""
        return self.kind == "sidebar" or (self.boxed and self.in_body)


@dataclass(slots=True)
class Draft:
    """A document's text in stretches, with the article's fields found so far."""

    document: Document
    text: str = ""
    """The document's text. It is normalized to NFC here and nowhere else; all offsets refer to the result."""
    stretches: list[Stretch] = field(default_factory=list)
    """The stretches in the order of the text, without gaps other than white space."""
    headline: str | None = None
    outlet: str | None = None
    outlet_domain: str | None = None
    byline: str | None = None
    credit: str | None = None
    dateline: str | None = None
    published_at: datetime | None = None
    published_precision: Literal["second", "minute", "day", "month", "year"] | None = None
    published_method: str | None = None
    published_doubt: str | None = None
    modified_at: datetime | None = None
    url: str | None = None
    section: str | None = None
    language: str | None = None
    language_confidence: float | None = None
    """Set if the language was identified by the words, and not stated."""
    kind: ArticleKind = "article"
    kind_reason: str | None = None
    is_read: bool = False
    """Whether a cleaner has read a text, even an empty one; false for a media type that none reads."""
    cleaner: str = ""
    """Name of the running cleaner, which signs its verdicts; set by the stage."""
    cleaners: Sequence[object] = ()
    """All cleaners that run on the document, in order; set by the stage."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What the source says about the document besides its content."""
        return self.document.metadata

    def read(self, text: str) -> None:
        """Set the document's text.

        It gets NFC, `\\n` at line ends, and a stretch for each line with words.
        """
        self.is_read = True
        # Most texts have none of these: looking for each is faster than one pattern.
        if any(map(text.__contains__, _LINE_ENDS)):
            text = re.sub(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", text)
        if len(text) > _SHORT:
            text = _LONG_RUN.sub(_stream_safe, text)
        self.text = unicodedata.normalize("NFC", text)
        self.stretches = [Stretch(m.start(), m.end()) for m in re.finditer(r"\S(?:[^\n]*\S)?", self.text)]

    def words(self, stretch: Stretch) -> str:
        """Return the text of a stretch."""
        return self.text[stretch.start : stretch.end]

    def body(self) -> Iterator[Stretch]:
        """Yield the stretches that are in the body at present."""
        return (stretch for stretch in self.stretches if stretch.kind in _BODY_KINDS)

    def mark(self, stretch: Stretch, kind: SegmentKind, reason: str) -> None:
        """Set the kind of a stretch, and the reason.

        Stretches of kinds other than body, sidebar and subheading leave the body.
        """
        stretch.kind, stretch.reason, stretch.cleaner = kind, reason, self.cleaner
        if stretch.in_body:
            return
        if not stretch.continues:
            # It began a paragraph, which now begins with the next stretch, instead of ending the paragraph before.
            following = self._place_after(stretch)
            if following < len(self.stretches):
                self.stretches[following].continues = False
        stretch.continues = False

    def split(self, stretch: Stretch, at: int) -> tuple[Stretch, Stretch]:
        """Split a stretch at `at`, an offset in the document's text.

        White space around the offset is left out. Raises ValueError if one side would be empty.
        """
        left, right = self.text[stretch.start : at], self.text[at : stretch.end]
        if not stretch.start < at < stretch.end or not left.strip() or not right.strip():
            raise ValueError(f"nothing on one side of {at} in the stretch {stretch.start}–{stretch.end}")
        second = Stretch(stretch.end - len(right.lstrip()), stretch.end, stretch.kind, stretch.reason, stretch.cleaner)
        stretch.end = stretch.start + len(left.rstrip())
        self.stretches.insert(self._place_after(stretch), second)
        return stretch, second

    def _place_after(self, stretch: Stretch) -> int:
        return bisect_right(self.stretches, stretch.start, key=attrgetter("start"))

    def assemble(self) -> tuple[str, list[Segment]]:
        """Assemble the body, and a segment for every stretch in their order.

        A kept stretch is in the body letter for letter, after an empty line or, if it continues a paragraph, after a
        space. Side boxes follow the running text.
        """
        kept = list(self.body())
        joined = {id(after) for before, after in pairwise(kept) if after.continues and before.in_box == after.in_box}
        parts: list[str] = []
        length = 0
        places: dict[int, tuple[int, int]] = {}
        for stretch in sorted(kept, key=attrgetter("in_box")):
            gap = "" if not parts else " " if id(stretch) in joined else "\n\n"
            words = self.words(stretch)
            parts += [gap, words]
            start = length + len(gap)
            length = start + len(words)
            places[id(stretch)] = start, length
        segments = []
        for ordinal, stretch in enumerate(self.stretches):
            body_start, body_end = places.get(id(stretch), (None, None))
            segments.append(
                Segment(
                    ordinal=ordinal,
                    kind=stretch.kind,
                    kept=stretch.in_body or stretch.kind in _FIELD_KINDS,
                    reason=stretch.reason,
                    cleaner=stretch.cleaner,
                    start_char=stretch.start,
                    end_char=stretch.end,
                    body_start=body_start,
                    body_end=body_end,
                    text=None if stretch.in_body else self.words(stretch),
                )
            )
        return "".join(parts), segments


_LONG_RUN = re.compile("[^\x00-\u02ff]{200,}")
"""Runs of characters that may have too many combining marks to normalize in reasonable time."""
_SHORT = 10_000
"""The number of characters up to which any text is normalized fast."""
_LINE_ENDS = "\r\u2028\u2029\x85\x0b\x0c"
_MOST_MARKS = 30


def _stream_safe(run: re.Match[str]) -> str:
    """Insert a combining grapheme joiner after every 30 combining marks in a row.

    This is the Stream-Safe Text Format of UAX #15. Normalization sorts marks in quadratic time, and never beyond a
    joiner.
    """
    characters: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MOST_MARKS:
            characters.append("\N{COMBINING GRAPHEME JOINER}")
            marks = 1
        characters.append(character)
    return "".join(characters)


FIELDS = tuple(each.name for each in fields(Draft) if each.name in Article.model_fields)
"""The fields of an article that cleaners set, besides its text."""
