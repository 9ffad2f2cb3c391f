"""Names in an article as stretches of words, to be looked up by position."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecord import Mention

if TYPE_CHECKING:
    from .text import Stretch, Text


@dataclass(frozen=True, slots=True)
class Name:
    """A mention that is a name."""

    mention: Mention
    words: Stretch

    @property
    def is_person(self) -> bool:
        """Whether it names a person."""
        return self.mention.label == "person"

    @property
    def last(self) -> str:
        """The last word in lower case, which is a person's family name."""
        return self.mention.text.split()[-1].lower().removesuffix("’s").removesuffix("'s")


class Names:
    """The names of an article in text order."""

    def __init__(self, text: Text, mentions: Sequence[Mention]) -> None:
        """Leave out mentions that are not names or do not begin at a word."""
        self.all: list[Name] = []
        for mention in sorted(mentions, key=lambda mention: mention.start_char):
            words = text.at(mention.start_char, mention.end_char)
            if mention.kind == "name" and words[0] < words[1] and text.starts[words[0]] < mention.end_char:
                self.all.append(Name(mention, words))
        self._begins = [name.words[0] for name in self.all]

    def within(self, stretch: Stretch) -> list[Name]:
        """Return the names inside a stretch."""
        first, last = bisect_left(self._begins, stretch[0]), bisect_left(self._begins, stretch[1])
        return [name for name in self.all[first:last] if name.words[1] <= stretch[1]]

    def before(self, word: int, limit: int) -> Iterator[Name]:
        """Return up to `limit` names before a word, nearest first."""
        at = bisect_left(self._begins, word)
        for number in range(at - 1, max(at - 1 - limit, -1), -1):
            yield self.all[number]

    def ending_at(self, word: int) -> Name | None:
        """Return the name that ends right before a word."""
        nearest = next(self.before(word, 1), None)
        return nearest if nearest and nearest.words[1] == word else None
