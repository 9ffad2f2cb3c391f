"""Names by their shape: runs of capitalised words, cut where titles and known names tell parts apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .gazetteer import COUNTRY_ACRONYMS, FIRST_WORDS, KNOWN, LONGEST, Label
from .lists import (
    CALENDAR,
    FUNCTION_WORDS,
    NAME_PARTICLES,
    NOT_NAMES,
    OFFICES,
    OPENING_MARKS,
    ORGANIZATION_HEADS,
    PORTFOLIOS,
    REPORTS,
    TITLE_WORDS,
)
from .words import Words


@dataclass(frozen=True, slots=True)
class Name:
    """A name: words `first` to `last` of the article."""

    first: int
    last: int
    known: Label | None = None
    """Its label, where the gazetteer has it."""
    titled: bool = False
    """Whether a title stands before it."""


def names_in(words: Words) -> list[Name]:
    """The names of an article, in order, without overlaps."""
    headlines = [_title_case(words, begin, end) for begin, end in words.sentences]
    initial = _sentence_initial(words)
    seen = {
        words.texts[i]
        for (begin, end), headline in zip(words.sentences, headlines, strict=True)
        if not headline
        for i in range(begin, end)
        if i not in initial and _capitalised(words.texts[i])
    }
    lower = {text for text in words.texts if text.islower()}
    names = []
    for (begin, end), headline in zip(words.sentences, headlines, strict=True):
        for first, last in _runs(words, begin, end, initial, seen, lower):
            for name in _parts(words, first, last):
                doubtful = headline or (name.first == name.last and name.first in initial)
                reports = words.texts[name.last + 1 : name.last + 2] and words.texts[name.last + 1] in REPORTS
                if name.known or name.titled or not doubtful or words.texts[name.last] in seen or reports:
                    names.append(name)
    return names


def _capitalised(text: str) -> bool:
    return text[0].isupper() and text.lower() not in CALENDAR


def _initial(text: str) -> bool:
    """Whether it is a person's initial, such as "F."."""
    return len(text) == 2 and text[1] == "." and text[0].isupper()


def _sentence_initial(words: Words) -> set[int]:
    """Words that are capitalised because of where they stand: first in a sentence, a quotation or after a colon."""
    initial = set()
    for begin, end in words.sentences:
        i = begin
        while i < end and not words.texts[i][0].isalnum():
            i += 1
        initial.add(i)
        initial.update(
            j for j in range(begin + 1, end) if words.texts[j - 1] in OPENING_MARKS and not words.texts[j][0].islower()
        )
    return initial


def _title_case(words: Words, begin: int, end: int) -> bool:
    """Whether a sentence is set like a headline, so that capitals say nothing."""
    letters = [text for text in words.texts[begin:end] if text[0].isalpha()]
    small = [text for text in letters if text[0].islower()]
    ordinary = [text for text in small if text not in FUNCTION_WORDS and text not in NAME_PARTICLES]
    return len(letters) >= 4 and not ordinary and len(small) * 3 <= len(letters)


def _runs(
    words: Words, begin: int, end: int, initial: set[int], seen: set[str], lower: set[str]
) -> Iterator[tuple[int, int]]:
    """Stretches, first and last word, that are written like names."""
    texts = words.texts
    i = begin
    while i < end:
        if not _starts_name(words, i, end):
            i += 1
            continue
        if i in initial and _ordinary(texts[i], seen, lower) and not _known_length(words, i, end):
            i += 1
            continue
        last = max(i, i + _known_length(words, i, end) - 1)
        while (following := _continues(words, last, end)) is not None:
            last = following
        yield i, last
        i = last + 1


def _starts_name(words: Words, i: int, end: int) -> bool:
    text = words.texts[i]
    if text[0].isupper():
        return _capitalised(text) and text not in NOT_NAMES
    # al-Qaeda, but not the "de" of "de facto".
    return text in ("al", "el") and i + 2 < end and words.texts[i + 1] == "-" and words.texts[i + 2][0].isupper()


def _ordinary(text: str, seen: set[str], lower: set[str]) -> bool:
    """Whether the first word of a sentence is capitalised for that reason only."""
    folded = text.lower()
    if folded in FUNCTION_WORDS:
        return True
    return text not in seen and folded not in TITLE_WORDS and (folded in lower or folded.endswith(("ing", "ly")))


def _continues(words: Words, last: int, end: int) -> int | None:
    """The next word of the run after `last`, if it goes on."""
    texts = words.texts
    i = last + 1
    if i >= end:
        return None
    if texts[i] == "-" and words.glued(i) and i + 1 < end and words.glued(i + 1):
        joins = texts[i + 1][0].isupper() and not _known(words, last, last) and not _known(words, i + 1, i + 1)
        return i + 1 if joins or texts[last].lower() in NAME_PARTICLES else None
    if words.glued(i):
        return None
    if texts[i][0].isupper():
        return i if _capitalised(texts[i]) else None
    particle = texts[i] in NAME_PARTICLES
    j = i
    while j < end and texts[j] in NAME_PARTICLES:
        j += 1
    if particle and j < end and texts[j] == "-" and j + 1 < end and texts[j + 1][0].isupper():
        return j + 1
    if particle and j < end and _capitalised(texts[j]) and not words.glued(j):
        return j
    if texts[i] == "of" and texts[last] in OFFICES and i + 1 < end and texts[i + 1] in PORTFOLIOS:
        return i + 1
    if texts[i] in ("of", "for") and texts[last] in ORGANIZATION_HEADS:
        j = i + 1
        if j < end and texts[j] == "the":
            j += 1
        if j < end and _capitalised(texts[j]):
            return j
    return None


def _parts(words: Words, first: int, last: int) -> Iterator[Name]:
    """The names in a run: it is cut after countries and titles, and titles are left out."""
    texts = words.texts
    if any(texts[i] in ORGANIZATION_HEADS for i in range(first, last + 1)):
        head = max(i for i in range(first, last + 1) if texts[i] in ORGANIZATION_HEADS)
        cut = next((i for i in range(head + 1, last + 1) if texts[i].lower() in TITLE_WORDS), last + 1)
        length = _known_length(words, first, last + 1)
        if length and first + length < cut and _known(words, first + length, cut - 1):
            yield Name(first, first + length - 1, _known(words, first, first + length - 1))
            first += length
        if cut - first > 1 or _known(words, first, first):
            yield Name(first, cut - 1, _known(words, first, cut - 1) or "organization")
        else:
            # A head alone, "the Council", may be any.
            yield Name(first, cut - 1)
        first = cut
    titled = False
    i = first
    while i <= last:
        if texts[i] in ("of", "the", "for", "-"):
            i += 1
            continue
        length = _known_length(words, i, last + 1)
        stands_alone = length and (
            i + length > last
            or length > 1
            or texts[i] in COUNTRY_ACRONYMS
            or _known(words, i, i) == "group"
            or texts[i + 1].lower() in TITLE_WORDS
        )
        if stands_alone and not (titled and i + length <= last):
            yield Name(i, i + length - 1, _known(words, i, i + length - 1))
            i, titled = i + length, False
        elif texts[i].lower().rstrip(".") in TITLE_WORDS:
            titled = True
            i += 1
            if i < last and texts[i] == "of" and texts[i + 1] in PORTFOLIOS:
                i += 2
        else:
            until = i
            while until < last and not (
                texts[until + 1].lower().rstrip(".") in TITLE_WORDS and not _initial(texts[until + 1])
            ):
                until += 1
            if len(texts[i]) > 1 or until > i:
                yield Name(i, until, None, titled)
            i, titled = until + 1, False


def _text(words: Words, first: int, last: int) -> str:
    parts = [words.texts[first]]
    for i in range(first + 1, last + 1):
        parts.append(words.texts[i] if words.glued(i) else " " + words.texts[i])
    return "".join(parts)


def _known(words: Words, first: int, last: int) -> Label | None:
    if last - first >= LONGEST:
        return None
    text = _text(words, first, last)
    return KNOWN.get(text) or (KNOWN.get(text.title()) if text.isupper() and len(text) > 4 else None)


def _known_length(words: Words, first: int, end: int) -> int:
    """How many words from `first` on are a name in the gazetteer; 0 if none."""
    text = words.texts[first]
    if text not in FIRST_WORDS and not (text.isupper() and len(text) > 4):
        return 0
    for last in range(min(end, first + LONGEST) - 1, first - 1, -1):
        if _known(words, first, last):
            return last - first + 1
    return 0
