"""Forms in which names are displayed and compared."""

from __future__ import annotations

import re
from functools import lru_cache

SHORTEST_RESPELLED = 5
"""In letters. Shorter first names are not spellings of one another: Dan and Ian, Paul and Paula."""

_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_BROKEN = re.compile(r"(?<=\w[-‐‑])\s+(?=\w)")
_PARTICLE = re.compile(r"^(?:al|el|ad|as|ash|an|ar)-(?=\w)")


@lru_cache(maxsize=200_000)
def display_name(text: str) -> str:
    """Return a name for display: no possessive, leading article or extra white space.

    White space after a hyphen inside a name is a line break and is removed.
    """
    plain = _POSSESSIVE.sub("", _BROKEN.sub("", " ".join(text.split())))
    without_article = plain[4:] if plain[:4].lower() == "the " else plain
    return without_article or plain or text


@lru_cache(maxsize=200_000)
def fold_name(text: str) -> str:
    """Return a name for comparison; equal results mean the same name."""
    return display_name(text).casefold()


@lru_cache(maxsize=200_000)
def last_name(name: str) -> str:
    """Return the last name of a folded name; al-Assad and Assad have the same."""
    return _PARTICLE.sub("", name.split(" ")[-1])


@lru_cache(maxsize=200_000)
def first_names(name: str) -> tuple[str, ...]:
    """Return the first names of a folded name without middle initials.

    For "john f. kerry" this is ("john",).
    """
    first, *middle = name.split(" ")[:-1]
    return (first, *(part for part in middle if not re.fullmatch(r"\w\.?", part)))


def is_respelling(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether first names have the same initial and differ in at most one letter.

    For example sergei and sergey.
    """
    if len(one) != len(other) or one[1:] != other[1:]:
        return False
    a, b = one[0], other[0]
    return min(len(a), len(b)) >= SHORTEST_RESPELLED and a[0] == b[0] and is_within_one_edit(a, b)


def is_within_one_edit(a: str, b: str) -> bool:
    """Whether changing, adding or removing one letter makes two words equal."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[same + 1 :] == b[same + 1 :] if len(a) == len(b) else a[same:] == b[same + 1 :]
