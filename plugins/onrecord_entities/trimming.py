"""Trimming of names that a pipeline found too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .name import Name
from .titles import has_courtesy_title, name_after_titles

_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n")
_ARTICLE = re.compile(r"(?:[Tt]he|THE|an?)\s+(?=\S)")
_PREFIX = re.compile(r"(?:anti|ex|inter|mid|neo|non|post|pre|pro|trans|un)[-‐‑](?=[^\W\d_a-z])")
"""Lower case only: the Post-Dispatch is a newspaper."""
_POSSESSIVE = re.compile(r"(?:\s?['’][sS]|(?<=[sS])\s?['’])$")
_SUFFIX = re.compile(
    r"(?:(?<=[^\W\d_]{3})|(?<=[A-Z]{2})|(?<=\.))[-‐‑–]"
    r"(?:[a-z]+ed|born|bound|built|era|held|like|made|run|style|wide)$"
)
"""Suffixes that are not part of a name: U.S.-backed, Obama-era. Kim Jong-un and al-qaida stay whole."""
_EDGES = " \t\r\n,;:!?—–-‐‑…"
_PAIRS = {"“": "”", "‘": "’", '"': '"', "''": "''", "``": "''", "'": "'", "«": "»", "(": ")", "[": "]"}


def trim_name(body: str, name: Name) -> Iterator[Name]:
    """Return what remains of a name found in a body.

    Usually this is the name itself. It is nothing if the name has no letter, and two names if it spans an empty line.
    White space and punctuation at the edges, marks around the name or without a partner, "the", a possessive, titles
    before a person's name, and hyphenated affixes (anti-, -backed) are removed.
    """
    start = name.start
    for end in [*(gap.start() for gap in _EMPTY_LINE.finditer(body, name.start, name.end)), name.end]:
        first, last = start, end
        while (smaller := _trim_once(body, first, last, name.kind == "person")) != (first, last):
            first, last = smaller
        if any(char.isalpha() for char in body[first:last]):
            titled = has_courtesy_title(body, first)
            yield replace(name, start=first, end=last, text=body[first:last], titled=titled)
        start = end


def _trim_once(body: str, first: int, last: int, person: bool) -> tuple[int, int]:
    """Return the stretch without its outermost affix, mark or title."""
    first, last = _strip_marks(body, first, last)
    if person:
        first = name_after_titles(body, first, last)
    if found := _ARTICLE.match(body, first, last) or _PREFIX.match(body, first, last):
        return found.end(), last
    text = body[first:last]
    if found := _POSSESSIVE.search(text) or _SUFFIX.search(text):
        return first, first + found.start()
    return first, last


def _strip_marks(body: str, first: int, last: int) -> tuple[int, int]:
    while first < last and body[first] in _EDGES:
        first += 1
    while first < last and body[last - 1] in _EDGES:
        last -= 1
    for opening, closing in _PAIRS.items():
        text = body[first:last]
        opens, closes = text.startswith(opening), text.endswith(closing)
        inner = text[len(opening) if opens else 0 : len(text) - len(closing) if closes else len(text)]
        # “Rocky” Balboa keeps both of his marks.
        if opens and closing not in inner:
            first += len(opening)
        if closes and opening not in inner:
            last -= len(closing)
    return first, max(first, last)
