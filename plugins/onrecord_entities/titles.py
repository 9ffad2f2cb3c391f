"""Titles before persons' names, which are not part of the name."""

from __future__ import annotations

import re

_COURTESY = r"(?:Mr|Mrs|Ms|Mx|Messrs|Mme|Dr|Sir|Dame)\b\.?"
_OTHERS = (
    r"(?:Miss\b|(?:Pres|Sens?|Reps?|Govs?|Gen|Col|Maj|Capt|Lt|Sgt|Adm|Cmdr|Prof|Rev|Hon|Amb)\."
    r"|(?:Vice )?President\b|Senator\b|Congress(?:wo)?man\b|Governor\b|Professor\b)"
)
"""Only words that are not given names: there are a Major Garrett and a Judge Reinhold. "Miss" also precedes names of
places."""
_TITLES = re.compile(rf"(?:(?:{_COURTESY}|{_OTHERS})\s+)+(?=\S)")
_COURTESY_AT_END = re.compile(rf"\b{_COURTESY}\s+$")
_TITLE = re.compile(rf"{_COURTESY}|{_OTHERS}")
_LONGEST = 12


def name_after_titles(body: str, start: int, end: int) -> int:
    """Return where the name begins in a stretch that has titles before it."""
    titles = _TITLES.match(body, start, end)
    return titles.end() if titles else start


def has_courtesy_title(body: str, start: int) -> bool:
    """Whether a title that only persons have precedes a name: Mr., but not President."""
    return _COURTESY_AT_END.search(body[max(0, start - _LONGEST) : start]) is not None


def is_title(word: str) -> bool:
    """Whether a word is a title."""
    return _TITLE.fullmatch(word) is not None
