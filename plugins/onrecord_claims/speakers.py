"""Speakers: how the source of a claim is given, and the mention that names it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from onrecord import Mention

from .assembly import Attribution
from .gender import Gender, Genders
from .names import Name, Names
from .sources import (
    FIGURES,
    INSTITUTIONS,
    OFFICES,
    WRITINGS,
    head_of,
    is_head,
    is_joined,
    is_plural,
    speaker_words,
)
from .text import Stretch, Text
from .words import PREPOSITIONS, RELATIVES, word_set

Status = Literal["named", "pronoun", "anonymous", "none"]

FARTHEST_SPEAKER = 3
"""In paragraphs. How far back the speaker of a pronoun or of a quotation without a source is sought."""
FARTHEST_SENTENCES = 12
"""In sentences. How far back a subject is sought."""
MOST_NAMES = 60
"""Names or sources considered."""
FARTHEST_ANTECEDENT = 12
"""In words, from the beginning of an antecedent to its relative pronoun."""
FARTHEST_HOLDERS = 20
"""Holders of an office considered."""
LONGEST_TITLE = 8
"""In words, before a name."""
COMMONPLACE = word_set("the this that u.s. us american of state defense")
"""Words of a description that a title need not have."""
LESSER = word_set("assistant deputy former vice")
"""Words that change one office into another."""
OPENING_WORDS = 20
"""In words, from the beginning of a sentence to its subject."""

PERSONAL: dict[str, Gender] = {
    **dict.fromkeys(("he", "him", "his", "himself"), "he"),
    **dict.fromkeys(("she", "her", "hers", "herself"), "she"),
}
SINGULAR = frozenset({"it", "its", "itself"})
PLURAL = frozenset({"they", "them", "their", "theirs", "themselves"})
WRITERS = frozenset({"i", "me", "my", "we", "us", "our", "you", "your"})
REFLEXIVE = frozenset({"himself", "herself", "itself", "themselves"})
BODIES = ("organization", "group", "place")
"""Labels of entities that are called "it" and may speak."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """How a claim's source is given, its words, and its mention."""

    status: Status
    mention: Mention | None = None
    rule: str | None = None
    words: Stretch | None = None


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A source that was resolved: its position and its name."""

    at: int
    name: Name | None
    plural: bool


class Speakers:
    """Resolves the speakers of an article's attributions in text order."""

    def __init__(self, text: Text, mentions: Sequence[Mention]) -> None:
        """`mentions` are the article's mentions; only names are used."""
        self._text = text
        self._names = Names(text, mentions)
        self._genders = Genders(text, self._names)
        self._offices = _find_offices(text, self._names)
        self._spoken: list[_Spoken] = []

    def of(self, attribution: Attribution) -> Speaker:
        """Return the speaker of the next attribution."""
        if attribution.source is None:
            if attribution.cue is not None:
                return self._resolve_participle(attribution.cue, attribution.contents[-1][1])
            at = attribution.contents[0][0]
            name, rule = self._resolve_continuation(at)
            plural, words = False, None
        else:
            words = speaker_words(self._text, attribution.source, self._names)
            at = words[0]
            status, name, rule = self._resolve_source(words)
            plural = is_plural(self._text, words)
        if name or attribution.source:
            self._spoken.append(_Spoken(at, name, plural))
        mention = name.mention if name else None
        return Speaker("none" if words is None else status, mention, rule if mention else None, words)

    def _resolve_participle(self, cue: Stretch, end: int) -> Speaker:
        """Return the speaker of a cue without a source, whose contents end at `end`.

        For a participle this is the subject of its clause ("Norway closed the dam, saying it was old", "Noting this,
        Reed left"); for others there is none.
        """
        text = self._text
        if text.lower[cue[0]].endswith("ing"):
            name = None
            if text.words[cue[0] - 1] == ",":
                name = self._find_subject(text.sentence_of[cue[0]], cue[0], lambda name: True)
            elif text.is_sentence_start(cue[0]) and end < len(text.words) and text.words[end] == ",":
                after = self._names.within((end, min(end + OPENING_WORDS, text.sentences[text.sentence_of[end]][1])))
                name = next((each for each in after if self._is_opening(end + 1, each.words[0])), None)
            if name:
                self._spoken.append(_Spoken(name.words[0], name, False))
                return Speaker("named", name.mention, "clause_subject", name.words)
        return Speaker("none")

    # ── Sources ──────────────────────────────────────────────────────────────────────────────────

    def _resolve_source(self, words: Stretch) -> tuple[Status, Name | None, str | None]:
        text = self._text
        first = text.lower[words[0]]
        if words[1] - words[0] == 1 or (words[1] - words[0] == 2 and text.lower[words[0] + 1] in REFLEXIVE):
            if first in PERSONAL:
                return ("pronoun", *self._resolve_person(PERSONAL[first], words[0]))
            if first in SINGULAR:
                return ("pronoun", *self._resolve_body(words[0]))
            if first in PLURAL:
                return ("pronoun", *self._resolve_several(words[0]))
            if first in RELATIVES:
                return ("pronoun", *self._find_antecedent(words[0]))
            if first in WRITERS:
                return "pronoun", None, None
        heads = [name for name in self._names.within(words) if is_head(text, words, name)]
        named = next((name for name in heads if name.is_person), heads[0] if heads else None)
        if is_joined(text, words) and heads:
            named = heads[0]
        if named:
            return "named", named, "in_source"
        holder = self._find_holder(words)
        if holder:
            return "named", holder, "title"
        return self._resolve_description(words)

    def _resolve_description(self, words: Stretch) -> tuple[Status, Name | None, str | None]:
        """Resolve a noun phrase whose head is no name but that may contain one.

        A Reuters poll, the Obama administration.
        """
        head = self._text.lower[head_of(self._text, words)]
        names = self._names.within(words)
        if names and head in WRITINGS | FIGURES:
            authors = [
                name for name in names if name.mention.label == "organization" or (name.is_person and head in WRITINGS)
            ]
            if authors:
                return "named", authors[0], "author"
        if names and head in INSTITUTIONS:
            return "named", None, None
        return "anonymous", None, None

    def _find_holder(self, words: Stretch) -> Name | None:
        """Return the last person named with this title.

        "the secretary" after "Secretary John Kerry".
        """
        text = self._text
        head = head_of(text, words)
        if text.lower[words[0]] in ("a", "an", "some", "one", "another", "any") or text.lower[head] not in OFFICES:
            return None
        holders = self._offices.get(text.lower[head], [])
        at = bisect_right(holders, words[0], key=lambda holder: holder[0].words[0])
        described = {text.lower[i] for i in range(*words)}
        for name, titles in reversed(holders[max(at - FARTHEST_HOLDERS, 0) : at]):
            if described - COMMONPLACE <= titles and described & LESSER == titles & LESSER:
                return name
        return None

    # ── Pronouns ─────────────────────────────────────────────────────────────────────────────────

    def _resolve_person(self, gender: Gender, at: int) -> tuple[Name | None, str | None]:
        def is_match(name: Name) -> bool:
            return name.is_person and self._genders.of(name) in (None, gender)

        subject = next(self._subjects(at, is_match), None)
        spoken = next(self._speakers(at, is_match), None)
        found: tuple[Name | None, str | None] = (None, None)
        if subject and (spoken is None or (subject.words[0] > spoken.at and subject is not spoken.name)):
            found = subject, "previous_subject"
        elif spoken:
            found = spoken.name, "previous_speaker"
        else:
            nearest = next(filter(is_match, self._names.before(at, MOST_NAMES)), None)
            found = nearest, "nearest_person"
        if found[0] and found[1] != "nearest_person":
            self._genders.learn(found[0], gender)
        return found

    def _resolve_body(self, at: int) -> tuple[Name | None, str | None]:
        def is_match(name: Name) -> bool:
            return name.mention.label in BODIES

        subject = next(self._subjects(at, is_match), None)
        if subject:
            return subject, "previous_subject"
        spoken = next(self._speakers(at, is_match), None)
        return (spoken.name, "previous_speaker") if spoken else (None, None)

    def _resolve_several(self, at: int) -> tuple[Name | None, str | None]:
        """Resolve "they": several speakers, a group or body, or else one person."""
        for spoken in self._recent(at):
            if spoken.plural or (spoken.name and spoken.name.mention.label in BODIES):
                return (spoken.name, "previous_speaker") if spoken.name else (None, None)
        subject = next(self._subjects(at, lambda name: name.mention.label in ("group", "organization")), None)
        if subject:
            return subject, "previous_subject"
        person = next(self._speakers(at, lambda name: name.is_person), None)
        return (person.name, "previous_speaker") if person else (None, None)

    def _find_antecedent(self, at: int) -> tuple[Name | None, str | None]:
        """Return the name before a relative pronoun: Ann Reed, 59, of Oslo, who said."""
        before = at
        while before > 0 and (self._text.words[before - 1] in (",", ")") or self._text.is_dash(before - 1)):
            before -= 1
        personal = self._text.lower[at] in ("who", "whom")
        sentence = self._text.sentences[self._text.sentence_of[at]][0]
        for name in self._names.before(at, 4):
            if name.words[0] < max(sentence, at - FARTHEST_ANTECEDENT):
                break
            apposed = name.is_person and self._text.words[name.words[1]] == "," and before < at
            if (name.words[1] == before or apposed) and not (personal and name.mention.label == "place"):
                return name, "antecedent"
        return None, None

    def _resolve_continuation(self, at: int) -> tuple[Name | None, str | None]:
        """Resolve a quotation without a cue.

        It belongs to the subject of the sentence before, or to the last speaker.
        """
        text = self._text
        sentence = text.sentence_of[at]
        for number in (sentence, sentence - 1):
            if number < 0 or text.paragraph_of[text.sentences[number][0]] < text.paragraph_of[at] - 1:
                break
            begin = text.sentences[number][0]
            first = text.lower[begin]
            if begin < at and first in ("he", "she") and not text.is_quoted(begin):
                name, _ = self._resolve_person(PERSONAL[first], begin)
                return name, "previous_subject" if name else None
            subject = self._find_subject(number, at, lambda name: name.is_person)
            if subject:
                return subject, "previous_subject"
        spoken = next(self._recent(at), None)
        if spoken is None or text.paragraph_of[at] - text.paragraph_of[spoken.at] > 1:
            return None, None
        return spoken.name, "previous_speaker_continues" if spoken.name else None

    # ── Previous sources and subjects ────────────────────────────────────────────────────────────

    def _recent(self, at: int) -> Iterator[_Spoken]:
        """Yield earlier sources, last first."""
        for spoken in islice(reversed(self._spoken), MOST_NAMES):
            if self._text.paragraph_of[at] - self._text.paragraph_of[spoken.at] > FARTHEST_SPEAKER:
                return
            if spoken.at < at:
                yield spoken

    def _speakers(self, at: int, is_match: Callable[[Name], bool]) -> Iterator[_Spoken]:
        return (spoken for spoken in self._recent(at) if spoken.name and is_match(spoken.name))

    def _subjects(self, at: int, is_match: Callable[[Name], bool]) -> Iterator[Name]:
        """Yield names that are subjects of this sentence and earlier ones, nearest first."""
        text = self._text
        number = text.sentence_of[at]
        for earlier in range(number, max(number - FARTHEST_SENTENCES, -1), -1):
            if text.paragraph_of[at] - text.paragraph_of[text.sentences[earlier][0]] > FARTHEST_SPEAKER:
                return
            subject = self._find_subject(earlier, at, is_match)
            if subject:
                yield subject

    def _find_subject(self, sentence: int, at: int, is_match: Callable[[Name], bool]) -> Name | None:
        """Return the name that begins a sentence or follows its first phrase."""
        begin, end = self._text.sentences[sentence]
        for name in self._names.within((begin, min(end, at, begin + OPENING_WORDS))):
            if not self._is_opening(begin, name.words[0]):
                continue
            possessive = self._text.lower[name.words[1] : name.words[1] + 1] in (["'s"], ["'"])
            if is_match(name) and not possessive and not self._text.is_quoted(name.words[0]):
                return name
        return None

    def _is_opening(self, begin: int, first: int) -> bool:
        """Whether a name begins a sentence, apart from titles and articles.

        It may follow a phrase with a comma: "In a speech on Friday, Mr. Reed".
        """
        text = self._text
        for i in range(first - 1, begin - 1, -1):
            if text.words[i] == "," and text.lower[begin] in PREPOSITIONS | INTRODUCING:
                return True
            if text.lower[i] in PREPOSITIONS - {"of", "as"}:
                return False
            if not (text.words[i][0].isupper() or text.lower[i] in OPENERS or text.lower[i] in OFFICES):
                return False
        return True


# Words that may precede the subject of a sentence, and words that begin a phrase before it.
OPENERS = word_set(
    "the a an and but or yet while as when of meanwhile still , however also for former though although if ” \" '' - —"
)
INTRODUCING = word_set("asked speaking when while as although though if because pressed told since campaigning")


def _find_offices(text: Text, names: Names) -> dict[str, list[tuple[Name, set[str]]]]:
    """Return, for each office, the persons with it and the words of their titles."""
    found: dict[str, list[tuple[Name, set[str]]]] = {}
    after = 0
    for name in names.all:
        first = begin = name.words[0]
        while begin > max(first - LONGEST_TITLE, after) and _is_in_title(text, begin - 1):
            begin -= 1
        titles = {text.lower[i] for i in range(begin, first)}
        if name.is_person:
            for office in titles & OFFICES:
                found.setdefault(office, []).append((name, titles))
            after = name.words[1]
    return found


def _is_in_title(text: Text, i: int) -> bool:
    word = text.lower[i]
    return word[0].isalpha() and word not in PREPOSITIONS - {"of", "for"} | {"and", "or"} and not text.is_quoted(i)
