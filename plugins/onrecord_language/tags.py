"""Tags of the network's labels, and which tags may follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

ROLES = ("source", "cue", "content")
"""The parts of an attribution. They never overlap, so one tag sequence holds all three."""
NAMES = ("PERSON", "ORG", "LOC", "NORP", "EVENT", "MISC")
"""Kinds of names. LOC is places of every kind; NORP is peoples, supporters of parties, and religions."""


@dataclass(frozen=True)
class Tags:
    """Tags B, I, E and S for each label, and O, which is number 0.

    They mean begin, inside, end, single, and outside.
    """

    labels: tuple[str, ...]

    @cached_property
    def names(self) -> list[str]:
        """Names of the 4 × labels + 1 tags, such as "B-source"."""
        return ["O", *(f"{position}-{label}" for label in self.labels for position in "BIES")]

    def __len__(self) -> int:
        return 4 * len(self.labels) + 1

    def number(self, position: str, label: str) -> int:
        """Return the number of a tag."""
        return 1 + 4 * self.labels.index(label) + "BIES".index(position)

    def can_follow(self, before: int, after: int) -> bool:
        """Whether one tag may follow another; a span that has begun must reach its end."""
        inside = before > 0 and (before - 1) % 4 in (0, 1)
        going_on = after > 0 and (after - 1) % 4 in (1, 2)
        if inside or going_on:
            return inside and going_on and (before - 1) // 4 == (after - 1) // 4
        return True

    def can_begin(self, tag: int) -> bool:
        """Whether a text may begin with the tag."""
        return tag == 0 or (tag - 1) % 4 in (0, 3)

    def can_end(self, tag: int) -> bool:
        """Whether a text may end with the tag."""
        return tag == 0 or (tag - 1) % 4 in (2, 3)

    def of_span(self, length: int, label: str) -> list[int]:
        """Return the tags of a span of `length` words."""
        if length == 1:
            return [self.number("S", label)]
        middle = [self.number("I", label)] * (length - 2)
        return [self.number("B", label), *middle, self.number("E", label)]

    def spans(self, tags: Sequence[int]) -> list[tuple[int, int, str]]:
        """Return the spans of valid tags: first word, word after the last, label."""
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
