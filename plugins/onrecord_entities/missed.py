"""Names that the pipeline missed in one place of an article and found in others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from onrecord import EntityKind

from .name import Name
from .titles import has_courtesy_title, is_title

FOUND_ELSEWHERE = 2
"""How often a name must have been found before it is looked for."""
_WHOLE = r"(?<![\w@#/$.'’‐‑-])(?:{})(?!\w|[@/]|\.\w|[‐‑–-][^\W\d_a-z]|['’](?![sS]\b)\w)"
"""A name that is no part of a longer word, compound or address. A possessive may follow, or a hyphen."""
_GOES_ON = re.compile(r"[^\S\n]+(?:&[^\S\n]+)?[^\W\d_a-z]")
_WORD_BEFORE = re.compile(r"(\S+)[^\S\n]+$")
_BEGINNING = re.compile(r"(?:^|[.!?:\n“”‘\"'(\[—–])\s*$")
_LOWER = re.compile(r"\b[a-z]+\b")
_LONGEST_WORD = 30


def missed(body: str, names: Sequence[Name]) -> Iterator[Name]:
    """More mentions of names that were found at least twice, where they are written the same.

    A name is no part of a longer one: there is no word with a capital next to it, but for titles and for words that
    begin a sentence and occur in the article in lower case as well. Where such a word would be the name itself,
    "Will", it is none.
    """
    times = Counter(_plain(name.text) for name in names)
    kinds: dict[str, EntityKind] = {_plain(name.text): "person" for name in names if name.titled}
    kinds |= {_plain(name.text): name.kind for name in names if not name.titled}
    wanted = [text for text in kinds if times[text] >= FOUND_ELSEWHERE and any(char.isupper() for char in text)]
    if not wanted:
        return
    # Of two names that begin alike the longer one comes first, and so is what is found.
    spellings = (re.escape(text).replace(r"\ ", r"\s") for text in sorted(wanted, key=len, reverse=True))
    lower = set(_LOWER.findall(body))
    taken = bytearray(len(body))
    for name in names:
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
    for match in re.finditer(_WHOLE.format("|".join(spellings)), body):
        start, end = match.span()
        if not any(taken[start:end]) and _stands_alone(body, start, end, lower):
            titled = has_courtesy_title(body, start)
            yield Name(start, end, match[0], "person" if titled else kinds[_plain(match[0])], titled)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _stands_alone(body: str, start: int, end: int, lower: set[str]) -> bool:
    """Whether a stretch written like a name is a whole name."""
    if body[start:end].lower() in lower and _begins(body, start):
        return False
    if _GOES_ON.match(body, end):
        return False
    before = _WORD_BEFORE.search(body[max(0, start - _LONGEST_WORD) : start])
    if before is None or not before[1][0].isupper() or is_title(before[1]):
        return True
    word = before[1]
    if not word[-1].isalnum():
        # A stop after few letters is an abbreviation's: St. Louis.
        return word[-1] != "." or len(word) > len("Sept.")
    return word.lower() in lower and _begins(body, start - len(before[0]))


def _begins(body: str, start: int) -> bool:
    """Whether a sentence or a quotation begins there."""
    return _BEGINNING.search(body[max(0, start - 4) : start]) is not None
