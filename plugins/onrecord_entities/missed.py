"""Names that the pipeline missed in one place of an article and found in others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from onrecord import EntityKind

from .name import Name
from .titles import has_courtesy_title, is_title

FOUND_ELSEWHERE = 2
"""How often a name must have been found."""
_WHOLE = r"(?<![\w@#/$.'’‐‑-])(?:{})(?!\w|[@/]|\.\w|[‐‑–-][^\W\d_a-z]|['’](?![sS]\b)\w)"
"""A name that is not part of a longer word, compound or address. A possessive or hyphen may follow."""
_GOES_ON = re.compile(r"[^\S\n]+(?:&[^\S\n]+)?[^\W\d_a-z]")
_WORD_BEFORE = re.compile(r"(\S+)[^\S\n]+$")
_BEGINNING = re.compile(r"(?:^|[.!?:\n“”‘\"'(\[—–])\s*$")
_LOWER = re.compile(r"\b[a-z]+\b")
_LONGEST_WORD = 30


def find_missed(body: str, names: Sequence[Name]) -> Iterator[Name]:
    """Find further mentions of names that were found at least twice.

    They must be written the same and not be part of a longer name: no capitalized word may be adjacent, except for
    titles and words that begin a sentence and also occur in lower case in the article. A name that is itself such a
    word, as "Will", is skipped.
    """
    times = Counter(_normalize(name.text) for name in names)
    kinds: dict[str, EntityKind] = {_normalize(name.text): "person" for name in names if name.titled}
    kinds |= {_normalize(name.text): name.kind for name in names if not name.titled}
    wanted = [text for text in kinds if times[text] >= FOUND_ELSEWHERE and any(char.isupper() for char in text)]
    if not wanted:
        return
    # Longer names come first in the expression, so that they are matched first.
    spellings = (re.escape(text).replace(r"\ ", r"\s") for text in sorted(wanted, key=len, reverse=True))
    lower = set(_LOWER.findall(body))
    taken = bytearray(len(body))
    for name in names:
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
    for match in re.finditer(_WHOLE.format("|".join(spellings)), body):
        start, end = match.span()
        if not any(taken[start:end]) and _is_whole_name(body, start, end, lower):
            titled = has_courtesy_title(body, start)
            yield Name(start, end, match[0], "person" if titled else kinds[_normalize(match[0])], titled)


def _normalize(text: str) -> str:
    return " ".join(text.split())


def _is_whole_name(body: str, start: int, end: int, lower: set[str]) -> bool:
    """Whether a stretch that is written like a name is a whole name."""
    if body[start:end].lower() in lower and _is_beginning(body, start):
        return False
    if _GOES_ON.match(body, end):
        return False
    before = _WORD_BEFORE.search(body[max(0, start - _LONGEST_WORD) : start])
    if before is None or not before[1][0].isupper() or is_title(before[1]):
        return True
    word = before[1]
    if not word[-1].isalnum():
        # A period after few letters belongs to an abbreviation: St. Louis.
        return word[-1] != "." or len(word) > len("Sept.")
    return word.lower() in lower and _is_beginning(body, start - len(before[0]))


def _is_beginning(body: str, start: int) -> bool:
    """Whether a sentence or a quotation begins at an offset."""
    return _BEGINNING.search(body[max(0, start - 4) : start]) is not None
