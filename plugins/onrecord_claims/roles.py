"""Sources, cues and contents that the pipeline marks."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .quotations import MARKS

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from .text import Stretch, Text

Role = Literal["source", "cue", "content"]
ROLES: tuple[Role, Role, Role] = ("source", "cue", "content")


@dataclass(slots=True)
class Roles:
    """Stretches of words by role, each in text order without overlaps."""

    sources: list[Stretch]
    cues: list[Stretch]
    contents: list[Stretch]

    @classmethod
    def of(cls, doc: Doc, text: Text) -> Roles:
        """Read `doc.spans["source" | "cue" | "content"]` as words of the text."""
        found = ([_find_words(text, span, role) for span in doc.spans.get(role, ())] for role in ROLES)
        return cls(*([stretch for stretch in stretches if stretch[0] < stretch[1]] for stretches in found))

    def without(self, *, sources: Container[int] = (), cues: Container[int] = ()) -> Roles:
        """Return the roles without the sources and cues of these numbers."""
        return Roles(
            [source for number, source in enumerate(self.sources) if number not in sources],
            [cue for number, cue in enumerate(self.cues) if number not in cues],
            self.contents,
        )


def _find_words(text: Text, span: Span, role: Role) -> Stretch:
    """Return the words of a span.

    A token with a quotation mark in it, such as hold,”she, belongs to a content up to the mark.
    """
    begin, end = text.word_of[span.start], text.word_of[span.end]
    first = _find_mark(text, begin, text.word_of[span.start + 1])
    last = _find_mark(text, text.word_of[span.end - 1], end)
    if role == "content":
        return (first if first is not None and len(span) > 1 else begin), (end if last is None else last + 1)
    if first is not None and first + 1 < end:
        begin = first + 1
    return begin, (last if last is not None and last > begin else end)


def _find_mark(text: Text, begin: int, end: int) -> int | None:
    """Return the quotation mark inside a token that also has other words."""
    return next((i for i in range(begin, end) if text.words[i] in MARKS), None) if end - begin > 1 else None
