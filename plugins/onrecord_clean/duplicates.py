"""Paragraphs and beginnings of lines that occur twice in a document."""

from __future__ import annotations

from onrecord import Draft

from .fixpoint import TextCleaner
from .paragraphs import Paragraph, ends_sentence, lines, paragraphs, words

_LONG_ENOUGH = 5
"""In words. Paragraphs this long do not occur twice by chance."""
_LONGEST_FRAGMENT = 120
_LINES_BEHIND = 8
_OPENING = "\"“‘'«([–—- "


class Fragments(TextCleaner):
    """Cut a line that breaks off if the text after it begins with the same words."""

    name, version, order = "fragments", "2", 220

    def clean(self, draft: Draft) -> None:
        parts = [Paragraph([stretch], text) for stretch, text in lines(draft)]
        # The second line may end a headline, with the name that the text begins with.
        headline = len(parts) > 1 and not ends_sentence(parts[0].text)
        _cut_fragments(draft, parts[2:] if headline else parts)


class Duplicates(TextCleaner):
    """Cut paragraphs that occur earlier already, as in a body that was pasted twice."""

    name, version, order = "duplicates", "3", 400

    def clean(self, draft: Draft) -> None:
        parts = paragraphs(draft)
        keys = [part.text.casefold() for part in parts]
        first: dict[str, int] = {}
        copy_of: list[int | None] = []
        for at, key in enumerate(keys):
            original = first.setdefault(key, at)
            copy_of.append(original if original != at and len(key.split()) >= _LONG_ENOUGH else None)
        if not any(source is not None for source in copy_of):
            _cut_fragments(draft, parts)
            return
        # A short paragraph may occur twice; inside a longer repeated passage it is a copy.
        for steps, neighbor in ((range(1, len(parts)), -1), (range(len(parts) - 2, -1, -1), 1)):
            for at in steps:
                beside = copy_of[at + neighbor]
                if copy_of[at] is None and beside is not None:
                    expected = beside - neighbor
                    if 0 <= expected < at and keys[expected] == keys[at]:
                        copy_of[at] = expected
        for part, source in zip(parts, copy_of, strict=True):
            if source is not None:
                beginning = " ".join(part.text.split()[:6])
                for stretch in part.stretches:
                    draft.mark(stretch, "duplicate", f"occurs earlier: “{beginning} …”")
        # Cutting headlines and copies can bring a fragment next to the words that it repeats.
        _cut_fragments(draft, paragraphs(draft))


def _cut_fragments(draft: Draft, parts: list[Paragraph]) -> None:
    following: list[str] = []
    """Texts of the paragraphs that follow, nearest last."""
    letter = ""
    for part in reversed(parts):
        text = part.text
        letter, letter_behind = text.lstrip(_OPENING)[:1].casefold(), letter
        if letter == letter_behind and len(text) < _LONGEST_FRAGMENT and not ends_sentence(text):
            here = words(text)
            behind = words(" ".join(each[:_LONGEST_FRAGMENT] for each in following[: -_LINES_BEHIND - 1 : -1]))
            if len(here) >= 2 and here == behind[: len(here)]:
                for stretch in part.stretches:
                    draft.mark(stretch, "fragment", "breaks off, and the same words follow")
                continue
        following.append(text)
