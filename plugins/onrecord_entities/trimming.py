"""What a pipeline may take into a name that is no part of it, is taken off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .name import Name
from .titles import has_courtesy_title, name_after_titles

_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n")
_ARTICLE = re.compile(r"(?:[Tt]he|THE|an?)\s+(?=\S)")
_PREFIX = re.compile(r"(?:anti|ex|inter|mid|neo|non|post|pre|pro|trans|un)[-‐‑](?=[^\W\d_a-z])")
"""In lower case only: the Post-Dispatch is a newspaper."""
_POSSESSIVE = re.compile(r"(?:\s?['’][sS]|(?<=[sS])\s?['’])$")
_SUFFIX = re.compile(
    r"(?:(?<=[^\W\d_]{3})|(?<=[A-Z]{2})|(?<=\.))[-‐‑–]"
    r"(?:[a-z]+ed|born|bound|built|era|held|like|made|run|style|wide)$"
)
"""What is joined to a name and no part of it: U.S.-backed, Obama-era. Kim Jong-un and al-qaida stay whole."""
_EDGES = " \t\r\n,;:!?—–-‐‑…"
_PAIRS = {"“": "”", "‘": "’", '"': '"', "''": "''", "``": "''", "'": "'", "«": "»", "(": ")", "[": "]"}


def trimmed(body: str, name: Name) -> Iterator[Name]:
    """What is left of a name found in a body: mostly itself; nothing if it has no letter, and two names if it goes on
    beyond an empty line.

    Taken off are white space and punctuation at the edges, marks that surround the name or lack their partner, "the",
    a possessive, titles before a person's name, and what a hyphen joins to the name (anti-, -backed).
    """
    start = name.start
    for end in [*(gap.start() for gap in _EMPTY_LINE.finditer(body, name.start, name.end)), name.end]:
        first, last = start, end
        while (smaller := _smaller(body, first, last, name.kind == "person")) != (first, last):
            first, last = smaller
        if any(char.isalpha() for char in body[first:last]):
            titled = has_courtesy_title(body, first)
            yield replace(name, start=first, end=last, text=body[first:last], titled=titled)
        start = end


def _smaller(body: str, first: int, last: int, person: bool) -> tuple[int, int]:
    """The stretch without the outermost of what is no part of the name."""
    first, last = _without_marks(body, first, last)
    if person:
        first = name_after_titles(body, first, last)
    if found := _ARTICLE.match(body, first, last) or _PREFIX.match(body, first, last):
        return found.end(), last
    text = body[first:last]
    if found := _POSSESSIVE.search(text) or _SUFFIX.search(text):
        return first, first + found.start()
    return first, last


def _without_marks(body: str, first: int, last: int) -> tuple[int, int]:
    while first < last and body[first] in _EDGES:
        first += 1
    while first < last and body[last - 1] in _EDGES:
        last -= 1
    for opening, closing in _PAIRS.items():
        text = body[first:last]
        opens, closes = text.startswith(opening), text.endswith(closing)
        inner = text[len(opening) if opens else 0 : len(text) - len(closing) if closes else len(text)]
        # “Rocky” Balboa keeps both of his.
        if opens and closing not in inner:
            first += len(opening)
        if closes and opening not in inner:
            last -= len(closing)
    return first, max(first, last)
