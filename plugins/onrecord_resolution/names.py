"""Names as they are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from onrecord import EntityKind

SHORTEST_RESPELT = 5
"""First names of fewer letters are not taken for spellings of one another: Dan and Ian, Paul and Paula."""

_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_BROKEN = re.compile(r"(?<=\w[-‐‑])\s+(?=\w)")
_PARTICLE = re.compile(r"^(?:al|el|ad|as|ash|an|ar)-(?=\w)")


@dataclass(frozen=True, slots=True)
class Named:
    """A mention that is a name, with what is known of its article."""

    article_id: str
    ordinal: int
    text: str
    kind: EntityKind
    published_at: datetime | None = None


@lru_cache(maxsize=200_000)
def shown(text: str) -> str:
    """A name as it is shown: without a possessive, a leading article and superfluous white space.

    White space after a hyphen within a name is where a line was broken.
    """
    plain = _POSSESSIVE.sub("", _BROKEN.sub("", " ".join(text.split())))
    without_article = plain[4:] if plain[:4].lower() == "the " else plain
    return without_article or plain or text


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """A name as it is compared: two mentions with the same one are the same name."""
    return shown(text).casefold()


@lru_cache(maxsize=200_000)
def last_name(name: str) -> str:
    """The last name in a folded name; al-Assad and Assad have the same."""
    return _PARTICLE.sub("", name.split(" ")[-1])


@lru_cache(maxsize=200_000)
def first_names(name: str) -> tuple[str, ...]:
    """What stands before the last name in a folded name, without middle initials: ("john",) for "john f. kerry"."""
    first, *middle = name.split(" ")[:-1]
    return (first, *(part for part in middle if not re.fullmatch(r"\w\.?", part)))


def same_but_for_spelling(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether first names begin with the same letter and differ in at most one: sergei, sergey."""
    if len(one) != len(other) or one[1:] != other[1:]:
        return False
    a, b = one[0], other[0]
    return min(len(a), len(b)) >= SHORTEST_RESPELT and a[0] == b[0] and within_one_edit(a, b)


def within_one_edit(a: str, b: str) -> bool:
    """Whether one letter changed, added or left out makes one of the other."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[same + 1 :] == b[same + 1 :] if len(a) == len(b) else a[same:] == b[same + 1 :]
