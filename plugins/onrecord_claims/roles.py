"""The parts of attributions that the pipeline has marked: sources, cues and contents, and which may belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .quotations import MARKS

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from .text import Stretch, Text

Role = Literal["source", "cue", "content"]
ROLES: tuple[Role, Role, Role] = ("source", "cue", "content")

Links = Mapping[tuple[int, Role, int], float]
"""By cue, role and number of the other: how probable it is that they belong together."""


@dataclass(slots=True)
class Roles:
    """Stretches of words by role, each in the order of the text. None overlap."""

    sources: list[Stretch]
    cues: list[Stretch]
    contents: list[Stretch]
    links: Links | None = None
    """None where the pipeline does not say; what it leaves out is improbable, or too far apart for it to know."""

    @classmethod
    def of(cls, doc: Doc, text: Text) -> Roles:
        """The spans of `doc.spans["source" | "cue" | "content"]` and the links of the cues, as words of the text."""
        stretches: dict[Role, list[Stretch]] = {}
        numbers: dict[Role, dict[int, int]] = {}
        for role in ROLES:
            stretches[role], numbers[role] = [], {}
            for number, span in enumerate(doc.spans.get(role, ())):
                stretch = _words(text, span, role)
                if stretch[0] < stretch[1]:
                    numbers[role][number] = len(stretches[role])
                    stretches[role].append(stretch)
        links = doc.spans["cue"].attrs.get("links") if "cue" in doc.spans else None
        known = None
        if links is not None:
            known = {
                (numbers["cue"][cue], role, numbers[role][other]): float(probability)
                for cue, role, other, probability in links
                if cue in numbers["cue"] and other in numbers[role]
            }
        return cls(stretches["source"], stretches["cue"], stretches["content"], known)

    def without(self, *, sources: set[int], cues: set[int]) -> Roles:
        """The same without the sources and cues of these numbers."""
        if not sources and not cues:
            return self
        kept: dict[Role, dict[int, int]] = {}
        kept["source"] = _renumbered(len(self.sources), sources)
        kept["cue"] = _renumbered(len(self.cues), cues)
        kept["content"] = _renumbered(len(self.contents), set())
        links = self.links and {
            (kept["cue"][cue], role, kept[role][other]): probability
            for (cue, role, other), probability in self.links.items()
            if cue in kept["cue"] and other in kept[role]
        }
        return Roles(
            [self.sources[number] for number in kept["source"]],
            [self.cues[number] for number in kept["cue"]],
            self.contents,
            links,
        )


def _words(text: Text, span: Span, role: Role) -> Stretch:
    """The words of a span. A token with a quotation mark in it, as hold,”she, belongs to a content up to the mark."""
    begin, end = text.word_of[span.start], text.word_of[span.end]
    first = _mark_within(text, begin, text.word_of[span.start + 1])
    last = _mark_within(text, text.word_of[span.end - 1], end)
    if role == "content":
        return (first if first is not None and len(span) > 1 else begin), (end if last is None else last + 1)
    if first is not None and first + 1 < end:
        begin = first + 1
    return begin, (last if last is not None and last > begin else end)


def _mark_within(text: Text, begin: int, end: int) -> int | None:
    """The quotation mark among the words of one token, if it has others too."""
    return next((i for i in range(begin, end) if text.words[i] in MARKS), None) if end - begin > 1 else None


def _renumbered(count: int, gone: set[int]) -> dict[int, int]:
    """New numbers by old ones, for those that stay."""
    return {number: place for place, number in enumerate(n for n in range(count) if n not in gone)}
