"""The labels that the network gives, as tags of words: which there are and which may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

ROLES = ("source", "cue", "content")
"""The parts of an attribution. They never overlap, so that one row of tags holds all three."""
NAMES = ("PERSON", "ORG", "LOC", "NORP", "EVENT", "MISC")
"""The kinds of names: places of every kind are LOC; peoples, parties' adherents and faiths are NORP."""


@dataclass(frozen=True)
class Tags:
    """The tags B, I, E and S (begin, inside, end, single) of each label, and O, which is number 0."""

    labels: tuple[str, ...]

    @cached_property
    def names(self) -> list[str]:
        """Tags as they are written, "B-source": 4 × labels + 1 of them."""
        return ["O", *(f"{position}-{label}" for label in self.labels for position in "BIES")]

    def __len__(self) -> int:
        return 4 * len(self.labels) + 1

    def number(self, position: str, label: str) -> int:
        """The number of a tag."""
        return 1 + 4 * self.labels.index(label) + "BIES".index(position)

    def follows(self, before: int, after: int) -> bool:
        """Whether one tag may stand right after another. A span that has begun goes on until its end."""
        inside = before > 0 and (before - 1) % 4 in (0, 1)
        going_on = after > 0 and (after - 1) % 4 in (1, 2)
        if inside or going_on:
            return inside and going_on and (before - 1) // 4 == (after - 1) // 4
        return True

    def begins(self, tag: int) -> bool:
        """Whether a text may begin with the tag."""
        return tag == 0 or (tag - 1) % 4 in (0, 3)

    def ends(self, tag: int) -> bool:
        """Whether a text may end with the tag."""
        return tag == 0 or (tag - 1) % 4 in (2, 3)

    def of_span(self, length: int, label: str) -> list[int]:
        """The tags of a span of so many words."""
        if length == 1:
            return [self.number("S", label)]
        middle = [self.number("I", label)] * (length - 2)
        return [self.number("B", label), *middle, self.number("E", label)]

    def spans(self, tags: Sequence[int]) -> list[tuple[int, int, str]]:
        """The spans in a row of valid tags: first word, the word after the last, label."""
        found: list[tuple[int, int, str]] = []
        begin = 0
        for i, tag in enumerate(tags):
            if tag == 0:
                continue
            position = (tag - 1) % 4
            if position in (0, 3):
                begin = i
            if position in (2, 3):
                found.append((begin, i + 1, self.labels[(tag - 1) // 4]))
        return found


ROLE_TAGS = Tags(ROLES)
NAME_TAGS = Tags(NAMES)
