"""A name at a position in an article."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from onrecord import EntityKind

_BROKEN = re.compile(r"(?<=\w[-‐‑])\s+(?=\w)")
_PARTICLE = re.compile(r"^(?:al|el|ad|as|ash|an|ar)-(?=\w)")


@dataclass(frozen=True, slots=True)
class Name:
    """A stretch of an article's body and the kind of entity that it names."""

    start: int
    end: int
    text: str
    """The body from start to end."""
    kind: EntityKind
    titled: bool = False
    """Whether a courtesy title precedes it, which makes it a person's name."""

    @property
    def key(self) -> str:
        """Return the name without case and line breaks, for comparison."""
        return _key(self.text)


@lru_cache(maxsize=200_000)
def _key(text: str) -> str:
    # White space after a hyphen is a line break inside the name.
    return _BROKEN.sub("", " ".join(text.split())).replace("’", "'").casefold()


def surname(key: str) -> str:
    """The last word of the key; al-Assad and Assad have the same."""
    return _PARTICLE.sub("", key.rpartition(" ")[2])
