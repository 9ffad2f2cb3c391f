"""Where sentences begin, by rule."""

from __future__ import annotations

from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TERMINATORS = frozenset({".", "!", "?", "…", "...", "?!", "!?", "!!", "??"})
CLOSERS = frozenset({"”", "’", '"', "'", "''", ")", "]", "»"})
OPENERS = frozenset({"“", "‘", '"', "'", "``", "(", "[", "«"})
TITLES = _words("mr mrs ms dr gen sen rep gov prof rev lt col sgt capt maj cmdr adm hon st mt pres supt amb messrs")
"""Abbreviations that a name follows: a sentence never ends at one."""
ABBREVIATIONS = _words(
    "jan feb mar apr jun jul aug sept sep oct nov dec inc ltd co corp jr sr vs dept univ est approx fig ave blvd"
)
"""Abbreviations that a sentence may end at: it does when the next word is one that sentences begin with."""
STARTERS = _words("""
    a after all although an and another as at both but by despite each even for from he her his how however i if in
    instead it its many meanwhile most no nor not now of on one only or other our she since so some still such that the
    their then there these they this those though to under until we what when where whether while who why with yet you
    """)


def sentence_starts(words: Sequence[str], spaced: Sequence[bool]) -> list[bool]:
    """For each token, whether a sentence begins there.

    `spaced` says whether white space follows the token. A sentence ends at a full stop, question or exclamation
    mark with the closing marks after it, unless the next word is in lower case or the stop belongs to an
    abbreviation; an empty line ends every sentence.
    """
    begins = [False] * len(words)
    ended = True
    for i, word in enumerate(words):
        if word.isspace():
            ended = ended or word.count("\n") > 1
            continue
        if ended and not (word in CLOSERS and not _opens(words, spaced, i)):
            begins[i] = True
            ended = False
        if word in TERMINATORS or (len(word) > 1 and word[-1] == "."):
            ended = _ends(words, spaced, i)
    if begins:
        begins[0] = True
    return begins


def _opens(words: Sequence[str], spaced: Sequence[bool], i: int) -> bool:
    """Whether a mark that can open or close stands after white space, and so opens."""
    return words[i] in OPENERS and (i == 0 or spaced[i - 1] or words[i - 1].isspace())


def _ends(words: Sequence[str], spaced: Sequence[bool], i: int) -> bool:
    """Whether a sentence ends with the stop at i."""
    closed = i + 1
    while closed < len(words) and words[closed] in CLOSERS and not _opens(words, spaced, closed):
        closed += 1
    if closed == len(words) or words[closed].isspace():
        return closed == len(words) or words[closed].count("\n") > 1 or _ends_before(words, i, closed + 1)
    if not spaced[closed - 1]:
        return False
    return _ends_before(words, i, closed)


def _ends_before(words: Sequence[str], i: int, following: int) -> bool:
    while following < len(words) and words[following] in OPENERS:
        following += 1
    if following >= len(words):
        return True
    after = words[following]
    abbreviation = words[i][:-1].lower() if len(words[i]) > 1 else words[i - 1].lower() if i else ""
    if words[i] == "." or (len(words[i]) > 1 and words[i] not in TERMINATORS):
        if abbreviation in TITLES:
            return False
        if words[i] != "." or abbreviation in ABBREVIATIONS:
            return after[0].isupper() and after.lower() in STARTERS
    return not after[0].islower()
