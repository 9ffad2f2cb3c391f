"""Sources: the noun phrases that reporting verbs have for their subjects, found without a parse."""

from __future__ import annotations

from . import grammar as g
from .lexicon import FORMS, NOUNS_TOO
from .text import Stretch, Text

LONGEST_SOURCE = 16
"""More words than this are no noun phrase but something misread."""


def is_adverb(text: Text, i: int) -> bool:
    """Whether word i is an adverb, by a list or by its ending."""
    word = text.lower[i]
    return word in g.ADVERBS or (word.endswith("ly") and len(word) > 4 and text.words[i].islower())


def is_boundary(text: Text, i: int) -> bool:
    """Whether no noun phrase goes on across word i."""
    return (
        text.quoted(i)
        or text.words[i] in (",", ";", ":")
        or text.words[i] in g.BRACKETS
        or text.words[i] in g.STOPS
        or text.lower[i] in g.SUBORDINATORS
        or text.is_dash(i)
    )


def is_finite(text: Text, i: int, end: int) -> bool:
    """Whether word i looks like the finite verb of a clause."""
    word = text.lower[i]
    if word == "'s":
        return i + 1 < end and text.lower[i + 1] in ("not", "a", "the")
    if word in g.AUXILIARIES or word in g.MODALS or word in g.IRREGULAR_PASTS:
        return True
    if not text.words[i].islower():
        return False
    form = FORMS.get(word)
    if form and form.kind in ("past", "third") and word not in NOUNS_TOO:
        return True
    if word.endswith("ed") and len(word) > 3 and i > 0 and text.lower[i - 1] not in g.DETERMINERS:
        if i + 1 >= end:
            return True
        following = text.lower[i + 1]
        return (
            following in g.DETERMINERS
            or following in g.PREPOSITIONS
            or following in g.SUBJECT_PRONOUNS
            or following in g.COMPLEMENTIZERS
            or is_adverb(text, i + 1)
            or text.words[i + 1][0].isupper()
            or text.quoted(i + 1)
        )
    return False


def without_lead(text: Text, begin: int, end: int) -> int:
    """Where a clause begins after conjunctions, adverbs and commas at its head."""
    while begin < end and (
        text.lower[begin] in g.CONJUNCTIONS or is_adverb(text, begin) or text.words[begin] in (",", "-")
    ):
        begin += 1
    return begin


def subject_before(text: Text, low: int, verb: int) -> Stretch | None:
    """The noun phrase that ends right before the verb at `verb`, not reaching before `low`."""
    if verb <= low or is_boundary(text, verb - 1):
        return None
    last = text.lower[verb - 1]
    if last in g.SUBJECT_PRONOUNS:
        return verb - 1, verb
    begin = verb - 1
    while begin > low and not is_boundary(text, begin - 1):
        begin -= 1
    relative = begin > low and text.lower[begin - 1] in g.RELATIVES
    begin = without_lead(text, begin, verb)
    begin = _after_clause(text, begin, verb)
    adjunct, begin = begin, _after_adjunct(text, begin, verb)
    if begin == verb and adjunct - 1 > low and text.words[adjunct - 1] == ",":
        # "Groups that met in Riyadh, the capital, last week demanded …"
        return main_subject(text, low, adjunct - 1) or opening_phrase(text, low, adjunct - 1)
    begin = _innermost(text, begin, verb)
    if relative and begin < verb and is_finite(text, begin, verb):
        return subject_before(text, low, _before_relative(text, begin - 1))
    if not _plausible(text, begin, verb):
        return None
    return _whole_list(text, low, begin, verb), verb


def main_subject(text: Text, low: int, end: int, *, nearest: bool = False) -> Stretch | None:
    """The subject of the first clause (or of the last one) between `low` and `end` that has one and a finite verb."""
    segments = _segments(text, low, end)
    for begin, stop in reversed(segments) if nearest else segments:
        subject = _opening_subject(text, begin, stop)
        if subject:
            return subject
    return None


def opening_phrase(text: Text, low: int, end: int) -> Stretch | None:
    """The noun phrase, up to the first comma, that a sentence opens with: Gen. Salim Idris, the commander, said …"""
    for begin, stop in _segments(text, low, end):
        begin = without_lead(text, begin, stop)
        if begin == stop or text.lower[begin] in g.PREPOSITIONS or text.lower[begin].endswith("ing"):
            continue
        if text.lower[begin] in g.SUBORDINATORS:
            return None
        finite = any(is_finite(text, i, stop) for i in range(begin, stop))
        return (begin, stop) if not finite and _plausible(text, begin, stop) else None
    return None


def phrase_after(text: Text, begin: int, end: int) -> Stretch | None:
    """The noun phrase that begins at `begin`: the source in "said X" and "according to X"."""
    stop = begin
    while stop < end and not is_boundary(text, stop):
        if stop > begin and (text.lower[stop] in g.DAYS or is_finite(text, stop, end)):
            break
        if stop > begin and text.lower[stop] in ("on", "in", "last", "this", "late", "early") and stop + 1 < end:
            following = text.lower[stop + 1]
            if following in g.DAYS or following in g.MONTHS or following in g.TIME_UNITS or following in ("a", "an"):
                break
        stop += 1
    while stop > begin and (text.lower[stop - 1] in g.CONJUNCTIONS or is_adverb(text, stop - 1)):
        stop -= 1
    return (begin, stop) if _plausible(text, begin, stop) else None


def _segments(text: Text, low: int, end: int) -> list[Stretch]:
    """The stretches between commas, dashes and quotations."""
    segments, begin = [], low
    for i in range(low, end):
        if text.quoted(i) or text.words[i] in (",", ";", ":") or text.words[i] in g.BRACKETS or text.is_dash(i):
            segments.append((begin, i))
            begin = i + 1
    segments.append((begin, end))
    return [(a, b) for a, b in segments if a < b]


def _opening_subject(text: Text, begin: int, stop: int) -> Stretch | None:
    begin = without_lead(text, begin, stop)
    if begin == stop or text.lower[begin] in g.PREPOSITIONS or text.lower[begin] in g.SUBORDINATORS:
        return None
    for i in range(begin, stop):
        if text.lower[i] in g.RELATIVES:
            return (begin, i) if _plausible(text, begin, i) else None
        if is_finite(text, i, stop):
            until = i
            while until > begin and (is_adverb(text, until - 1) and text.lower[until - 1] != "himself"):
                until -= 1
            return (begin, until) if _plausible(text, begin, until) else None
    return None


def _after_clause(text: Text, begin: int, end: int) -> int:
    """Past a clause before the phrase: "The talks ended and officials" gives "officials"."""
    finite = [i for i in range(begin, end) if is_finite(text, i, end)]
    if finite:
        for i in range(end - 2, finite[-1], -1):
            if text.lower[i] in ("and", "but"):
                return i + 1
    return begin


def _after_adjunct(text: Text, begin: int, end: int) -> int:
    """Past a time or place without a comma after it: "In October the administration" gives "the administration"."""
    if begin >= end:
        return begin
    first = text.lower[begin]
    if first not in g.PREPOSITIONS and first not in g.DAYS and first not in ("last", "this", "earlier", "later"):
        return begin
    for i in range(begin + 1, end):
        before = text.lower[i - 1]
        if before in g.PREPOSITIONS or before in g.DETERMINERS or before in g.CONJUNCTIONS:
            continue
        named = text.words[i][0].isupper() and not (
            text.words[i - 1][0].isupper() and before not in g.DAYS and before not in g.MONTHS
        )
        if named and text.lower[i] not in g.DAYS and text.lower[i] not in g.MONTHS:
            return i
        if text.lower[i] in g.ARTICLES:
            return i
    return end


def _innermost(text: Text, begin: int, end: int) -> int:
    """Past a noun that a clause without "that" belongs to: "a claim the US" gives "the US"."""
    for i in range(end - 1, begin + 1, -1):
        before = text.lower[i - 1]
        if text.lower[i] in ("the", "a", "an") and not (
            before in g.PREPOSITIONS
            or before in g.CONJUNCTIONS
            or before in g.DETERMINERS
            or before.endswith("ing")
            or is_adverb(text, i - 1)
            or is_finite(text, i - 1, end)
        ):
            return i
    return begin


def _before_relative(text: Text, relative: int) -> int:
    return relative - 1 if relative > 0 and text.words[relative - 1] == "," else relative


def _whole_list(text: Text, low: int, begin: int, end: int) -> int:
    """Where a list begins whose last member is at `begin`: "The United States, its allies and most groups"."""
    if "and" not in text.lower[begin:end]:
        return begin
    start = begin
    while start - 2 >= low and text.words[start - 1] == ",":
        earlier = start - 2
        while earlier > low and not is_boundary(text, earlier - 1):
            earlier -= 1
        first = text.words[earlier]
        noun_phrase = (first[0].isupper() or text.lower[earlier] in g.ARTICLES) and not (
            text.lower[earlier] in g.PREPOSITIONS
            or is_adverb(text, earlier)
            or text.lower[earlier] in g.CONJUNCTIONS
            or text.lower[earlier].endswith("ing")
            or any(is_finite(text, i, start - 1) for i in range(earlier, start - 1))
        )
        if not noun_phrase or start - earlier > 7:
            break
        start = earlier
    return start


def _plausible(text: Text, begin: int, end: int) -> bool:
    """Whether a stretch can be a noun phrase."""
    if not 0 < end - begin <= LONGEST_SOURCE:
        return False
    first, last = text.lower[begin], text.lower[end - 1]
    return (
        (last[-1].isalnum() or last in ("'s", "'", "’") or last.endswith("."))
        and last not in g.PREPOSITIONS
        and last not in g.CONJUNCTIONS
        and (last not in g.ARTICLES or last in ("some", "many", "most", "several"))
        and last not in g.AUXILIARIES
        and last not in g.MODALS
        and first not in g.PREPOSITIONS
        and first not in g.AUXILIARIES
        and first not in g.MODALS
        and first not in g.COMPLEMENTIZERS - {"that"}
        and first not in FORMS.keys() - NOUNS_TOO
        and not (last in g.DAYS and end - begin == 1)
    )
