"""Speakers: which mention a source names or stands for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from onrecord import Mention

from . import grammar as g
from .attribution import Attribution
from .text import Stretch, Text

Status = Literal["named", "pronoun", "anonymous", "none"]

FARTHEST_SPEAKER = 3
"""How many paragraphs back a pronoun or a quotation without a source looks for its speaker."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """How the source of a claim is given, and the mention behind it."""

    status: Status
    mention: Mention | None = None
    rule: str | None = None


class Speakers:
    """Finds the speakers of an article's attributions, which are to be asked for in the order of the text."""

    def __init__(self, text: Text, mentions: Sequence[Mention]) -> None:
        """`mentions` are the article's, in the order of the text."""
        self.text, self.mentions = text, mentions
        self._spoken: list[tuple[int, Mention]] = []
        self._at = [mention.start_char for mention in mentions]

    def of(self, attribution: Attribution) -> Speaker:
        """The speaker of the next attribution."""
        source = attribution.source
        speaker = self._of_source(source) if source else self._continuing(attribution)
        if speaker.mention:
            anchor = source or attribution.contents[0]
            self._spoken.append((anchor[0], speaker.mention))
        return speaker

    def _continuing(self, attribution: Attribution) -> Speaker:
        begin = attribution.contents[0][0]
        previous = self._previous_speaker(begin, ("person", "organization", "place", "group", "other"))
        if previous and self._paragraphs_between(previous[0], begin) <= 1:
            return Speaker("none", previous[1], "previous_speaker_continues")
        return Speaker("none")

    def _of_source(self, source: Stretch) -> Speaker:
        words = self.text.lower[source[0] : source[1]]
        if len(words) == 1 and words[0] in g.SUBJECT_PRONOUNS | {"who"}:
            return self._of_pronoun(words[0], source[0])
        named = self._in_source(source)
        if named:
            return Speaker("named", named, "in_source")
        title = self._by_title(source)
        if title:
            return Speaker("named", title, "title")
        if self._is_institution(source):
            return Speaker("named")
        return Speaker("anonymous")

    def _in_source(self, source: Stretch) -> Mention | None:
        """The mention that is the head of the source: nothing but an apposition or a modifier follows it."""
        start, end = self.text.offsets(source)
        inside = [m for m in self.mentions[bisect_left(self._at, start) :] if m.start_char < end and m.end_char <= end]
        heads = [m for m in inside if self._is_head(m, source)]
        persons = [m for m in heads if m.label == "person"]
        return next(iter(persons or heads), None)

    def _is_head(self, mention: Mention, source: Stretch) -> bool:
        text = self.text
        first = bisect_left(text.starts, mention.start_char)
        after = bisect_left(text.starts, mention.end_char)
        if self._governed(source[0], first) if mention.label == "person" else self._modifies(source[0], first):
            return False
        if after >= source[1]:
            return True
        following = text.lower[after]
        return following in g.PREPOSITIONS or following in (",", "and", "himself", "herself", "itself", "who", "(")

    def _modifies(self, begin: int, first: int) -> bool:
        """Whether word `first` is in a part of the source that begins with a preposition or after a comma."""
        return any(self.text.lower[i] in g.PREPOSITIONS or self.text.words[i] == "," for i in range(begin, first))

    def _governed(self, begin: int, first: int) -> bool:
        """Whether a preposition or a comma stands before the name at word `first` and the titles before it."""
        i = first - 1
        while i >= begin:
            word = self.text.lower[i]
            if self.text.words[i][0].isupper() and i > begin and self.text.lower[i - 1] == "of":
                i -= 2
            elif word.rstrip(".") in g.ROLE_TITLES | g.COURTESY_TITLES:
                i -= 1
            else:
                return word in g.PREPOSITIONS or word == ","
        return False

    def _by_title(self, source: Stretch) -> Mention | None:
        """The person before whose name the source's noun stands: "the secretary" after "Secretary John Kerry"."""
        text = self.text
        titles = [
            text.lower[i]
            for i in range(*source)
            if text.lower[i] in g.ROLE_TITLES and text.lower[i] not in ("official", "diplomat")
        ]
        last = text.lower[source[1] - 1]
        if not titles or not (last in titles or text.lower[source[1] - 2 : source[1]] == ["of", "state"]):
            return None
        if text.lower[source[0]] in ("a", "an", "some", "one", "another"):
            return None
        start = text.starts[source[0]]
        pattern = re.compile(rf"\b{titles[-1]}\b(?: of state| of defense)?\s*$", re.IGNORECASE)
        for mention in reversed(self.mentions[: bisect_left(self._at, start)]):
            before = text.body[max(mention.start_char - 40, 0) : mention.start_char]
            if mention.label == "person" and pattern.search(before):
                return mention
        return None

    def _is_institution(self, source: Stretch) -> bool:
        """Whether the source is a body that has a name in it: the Obama administration."""
        start, end = self.text.offsets(source)
        last = self.text.lower[source[1] - 1]
        return last in g.INSTITUTIONS and any(start <= m.start_char < end for m in self.mentions)

    def _of_pronoun(self, pronoun: str, at: int) -> Speaker:
        if pronoun in ("he", "she"):
            spoken = self._previous_speaker(at, ("person",))
            subject = self._previous_subject(at, ("person",))
            if subject and (spoken is None or (subject[0] > spoken[0] and subject[1] is not spoken[1])):
                return Speaker("pronoun", subject[1], "previous_subject")
            if spoken:
                return Speaker("pronoun", spoken[1], "previous_speaker")
            nearest = self._nearest_person(at)
            return Speaker("pronoun", nearest, "nearest_person" if nearest else None)
        if pronoun == "it":
            labels = ("place", "organization", "group")
            found = self._previous_subject(at, labels) or self._previous_speaker(at, labels)
            return Speaker("pronoun", found[1], "previous_subject") if found else Speaker("pronoun")
        if pronoun == "they":
            spoken = self._previous_speaker(at, ("group", "organization"))
            return Speaker("pronoun", spoken[1], "previous_speaker") if spoken else Speaker("pronoun")
        return Speaker("pronoun")

    def _previous_speaker(self, at: int, labels: Sequence[str]) -> tuple[int, Mention] | None:
        for begin, mention in reversed(self._spoken):
            if self._paragraphs_between(begin, at) > FARTHEST_SPEAKER:
                return None
            if begin < at and mention.label in labels:
                return begin, mention
        return None

    def _previous_subject(self, at: int, labels: Sequence[str]) -> tuple[int, Mention] | None:
        """The nearest earlier sentence that opens with such a name."""
        text = self.text
        for number in range(text.sentence_of[at], -1, -1):
            begin, end = text.sentences[number]
            if self._paragraphs_between(begin, at) > FARTHEST_SPEAKER:
                return None
            for mention in self.mentions[bisect_left(self._at, text.starts[begin]) :]:
                first = bisect_left(text.starts, mention.start_char)
                if first >= min(at, end) or first - begin > 6 or text.quoted(first):
                    break
                if not self._opens(begin, first):
                    break
                after = bisect_left(text.starts, mention.end_char)
                governed = after < len(text.words) and text.lower[after] not in ("'s", "'", "-")
                if mention.label in labels and governed:
                    return first, mention
        return None

    def _opens(self, begin: int, first: int) -> bool:
        """Whether only conjunctions, articles and titles stand between the sentence's beginning and word `first`."""
        return all(
            self.text.lower[i] in g.CONJUNCTIONS
            or self.text.lower[i] in ("the", "while", "as", "when", "of", "meanwhile", "still", ",", "however")
            or (self.text.words[i][0].isupper() and self.text.lower[i] not in g.PREPOSITIONS)
            for i in range(begin, first)
        )

    def _nearest_person(self, at: int) -> Mention | None:
        for mention in reversed(self.mentions[: bisect_left(self._at, self.text.starts[at])]):
            if mention.label == "person":
                return mention
        return None

    def _paragraphs_between(self, earlier: int, later: int) -> int:
        return self.text.paragraph_of[later] - self.text.paragraph_of[earlier]
