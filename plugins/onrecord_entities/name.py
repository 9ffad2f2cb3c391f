"""A name at its place in an article."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from onrecord import EntityKind

_BROKEN = re.compile(r"(?<=\w[-‐‑])\s+(?=\w)")
_PARTICLE = re.compile(r"^(?:al|el|ad|as|ash|an|ar)-(?=\w)")


@dataclass(frozen=True, slots=True)
class Name:
    """A stretch of an article's body and the kind of thing that it names."""

    start: int
    end: int
    text: str
    """The body from start to end."""
    kind: EntityKind
    titled: bool = False
    """Whether a courtesy title stands before it, so that it is a person's whatever else has the same name."""

    @property
    def key(self) -> str:
        """What two mentions of the same name have in common: case and line breaks make no difference."""
        return _key(self.text)


@lru_cache(maxsize=200_000)
def _key(text: str) -> str:
    # White space after a hyphen is where a line was broken.
    return _BROKEN.sub("", " ".join(text.split())).replace("’", "'").casefold()


def surname(key: str) -> str:
    """The last word of a name's key; al-Assad and Assad have the same."""
    return _PARTICLE.sub("", key.rpartition(" ")[2])
