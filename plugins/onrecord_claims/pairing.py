"""Pairing of cues with their sources and contents.

Each possible pair has a cost, lower for likelier pairs. The certainty of a choice is a softmax over the negative costs.
The costs were fitted to PolNeAR's training part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log1p

from .cues import Cue
from .roles import Role, Roles
from .text import Stretch, Text
from .words import POSSESSIVES, RELATIVES

NEIGHBORS = 6
"""Cues considered on either side of a content, and sources on either side of a cue."""
FARTHEST = 300
"""Their distance at most, in words."""
RELUCTANCE = 2.0
"""How much higher the cost of a cue may be than that of the chosen cue if it would otherwise get no content."""


@dataclass(frozen=True, slots=True)
class ContentCosts:
    """Costs of a cue for a content."""

    words: float = 1.0
    """Per logarithm of the number of words between."""
    sentence: float = 1.8
    """Per sentence end between."""
    paragraph: float = 2.3
    """Per paragraph end between."""
    cue: float = 0.6
    """Per other cue between."""
    after: float = 0.7
    """For a cue after the content."""
    colon_after: float = 5.0
    """For a cue after the content that ends with a colon, since a colon precedes the content."""
    nothing: float = 4.0
    """For having no cue."""


@dataclass(frozen=True, slots=True)
class SourceCosts:
    """Costs of a source for a cue."""

    words: float = 0.5
    """Per logarithm of the number of words between."""
    adjacent: float = -2.4
    """For a source right before or after the cue."""
    sentence: float = 2.7
    """Per sentence end between."""
    content: float = 1.3
    """Per content between."""
    source: float = 0.2
    """Per other source between."""
    after: float = 1.1
    """For a source after the cue."""
    agent: float = 0.7
    """For a source after the cue and a word such as "by"."""
    addressee: float = 3.0
    """For a source right after a cue such as "told", which is the addressee."""
    passive: float = 0.5
    """For a source before a passive, whose subject is not the source: was told."""
    relative: float = 0.5
    """For a relative pronoun that precedes an earlier cue too: who said … and added."""
    relative_left: float = 3.0
    """For a relative pronoun whose clause ends before the cue: Ann Reed, who said …, added."""
    possessive: float = 2.0
    """For a possessive that is not right before the cue."""
    nothing: float = 3.1
    """For having no source."""
    nothing_noun: float = -0.3
    """Subtracted from that for a noun."""
    nothing_passive: float = -0.6
    """Subtracted from that for a passive."""
    nothing_participle: float = 1.2
    """Added to that for a participle such as "saying", whose source is in another clause."""


CONTENT, SOURCE = ContentCosts(), SourceCosts()

AGENTS = frozenset({"by", "from", "of", "among"})
"""Words between a cue and its source."""
ADDRESSING = frozenset({"tell", "ask", "urge"})
"""Classes of cues that are followed by their addressee."""
CLAUSE_ENDS = frozenset({",", ")", "-", "--", "–", "—"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The number chosen, or None if nothing fits, and its certainty from 0 to 1."""

    number: int | None
    certainty: float


class Pairing:
    """Chooses cues for contents and sources for cues."""

    def __init__(self, text: Text, roles: Roles, cues: Sequence[Cue]) -> None:
        """`cues` are the readings of the cues in `roles`."""
        self._text, self._roles, self._cues = text, roles, cues
        stretches: list[tuple[Stretch, Role]] = sorted(
            [(s, "source") for s in roles.sources]
            + [(s, "cue") for s in roles.cues]
            + [(s, "content") for s in roles.contents]
        )
        self._begins = [stretch[0] for stretch, _ in stretches]
        self._before: dict[Role, list[int]] = {
            role: list(accumulate((each == role for _, each in stretches), initial=0))
            for role in ("source", "cue", "content")
        }

    def choose_cues(self, units: Sequence[Sequence[int]]) -> list[Choice]:
        """Choose a cue for each unit of contents that belong together.

        A cue left without contents takes a unit of another cue if it is nearly as close to it.
        """
        costs = [self._costs(unit) for unit in units]
        chosen = [_choose(each, CONTENT.nothing) for each in costs]
        taken: dict[int, list[int]] = {}
        for number, choice in enumerate(chosen):
            if choice.number is not None:
                taken.setdefault(choice.number, []).append(number)
        wanted: dict[int, list[int]] = {}
        for number, each in enumerate(costs):
            for cue in each:
                if cue not in taken:
                    wanted.setdefault(cue, []).append(number)
        for cue, numbers in sorted(wanted.items()):
            free = [n for n in numbers if (holder := chosen[n].number) is not None and len(taken[holder]) > 1]
            dearer = {n: costs[n][cue] - costs[n][chosen[n].number or 0] for n in free}
            best = min(free, key=dearer.__getitem__, default=None)
            if best is not None and dearer[best] < RELUCTANCE:
                taken[chosen[best].number or 0].remove(best)
                taken[cue] = [best]
                chosen[best] = Choice(cue, 0.5)
        return chosen

    def _costs(self, unit: Sequence[int]) -> dict[int, float]:
        """Return the cost of each nearby cue for a unit: that for its nearest content."""
        nearby = {cue for number in unit for cue in _nearby(self._roles.cues, self._roles.contents[number])}
        return {cue: min(self._content_cost(cue, content) for content in unit) for cue in sorted(nearby)}

    def choose_source(self, cue: int) -> Choice:
        """Choose the source of a cue."""
        read = self._cues[cue]
        nothing = SOURCE.nothing + SOURCE.nothing_noun * (read.kind == "noun") + SOURCE.nothing_passive * read.passive
        nothing += SOURCE.nothing_participle * self._text.lower[read.head].endswith("ing")
        nearby = _nearby(self._roles.sources, self._roles.cues[cue])
        return _choose({source: self._source_cost(cue, source) for source in nearby}, nothing)

    def _content_cost(self, cue: int, content: int) -> float:
        words, said = self._roles.cues[cue], self._roles.contents[content]
        follows = said[0] >= words[1]
        begin, end = (words[1], said[0]) if follows else (said[1], words[0])
        cost = CONTENT.words * log1p(max(end - begin, 0)) + CONTENT.cue * self._count_between("cue", begin, end)
        if not follows:
            cost += CONTENT.colon_after if self._text.words[words[1] - 1] == ":" else CONTENT.after
        if not follows or ":" not in (self._text.words[words[1] - 1], self._text.words[end - 1]):
            # A colon introduces the next sentence or paragraph; in a transcript, everything up to the next colon.
            sentences, paragraphs = self._count_breaks(begin, end)
            cost += CONTENT.sentence * sentences + CONTENT.paragraph * paragraphs
        return cost

    def _source_cost(self, cue: int, source: int) -> float:
        read, words, who = self._cues[cue], self._roles.cues[cue], self._roles.sources[source]
        follows = who[0] >= words[1]
        begin, end = (words[1], who[0]) if follows else (who[1], words[0])
        cost = SOURCE.words * log1p(max(end - begin, 0)) + SOURCE.sentence * self._count_breaks(begin, end)[0]
        cost += SOURCE.content * self._count_between("content", begin, end)
        cost += SOURCE.source * self._count_between("source", begin, end)
        cost += SOURCE.adjacent * (begin >= end)
        if follows:
            agent = any(self._text.lower[i] in AGENTS for i in range(words[1] - 1, min(end, words[1] + 3)))
            cost += SOURCE.agent if agent else SOURCE.after
            cost += SOURCE.addressee * (begin >= end and read.cue_class in ADDRESSING)
        else:
            cost += SOURCE.passive * read.passive
        if self._text.lower[who[0]] in RELATIVES and self._count_between("cue", begin, end):
            cost += SOURCE.relative_left if self._text.words[words[0] - 1] in CLAUSE_ENDS else SOURCE.relative
        cost += SOURCE.possessive * (begin < end and self._text.lower[who[1] - 1] in POSSESSIVES)
        return cost

    def _count_breaks(self, begin: int, end: int) -> tuple[int, int]:
        """Count the sentence and paragraph ends between two words, up to three."""
        text = self._text
        return (
            min(text.sentence_of[end] - text.sentence_of[begin - 1], 3),
            min(text.paragraph_of[end] - text.paragraph_of[begin - 1], 3),
        )

    def _count_between(self, role: Role, begin: int, end: int) -> int:
        """Count the stretches of a role that begin between two words."""
        first, last = bisect_left(self._begins, begin), bisect_left(self._begins, end)
        return min(self._before[role][last] - self._before[role][first], 3) if last > first else 0


def _nearby(others: Sequence[Stretch], stretch: Stretch) -> range:
    """Return the numbers of the nearest stretches before and after a stretch."""
    at = bisect_left(others, stretch)
    first, last = max(at - NEIGHBORS, 0), min(at + NEIGHBORS, len(others))
    while first < at and stretch[0] - others[first][1] > FARTHEST:
        first += 1
    while last > at and others[last - 1][0] - stretch[1] > FARTHEST:
        last -= 1
    return range(first, last)


def _choose(costs: Mapping[int, float], nothing: float) -> Choice:
    """Choose the lowest cost, if it is lower than the cost of having nothing."""
    lowest, best = min(((cost, number) for number, cost in costs.items()), default=(nothing, None))
    if lowest >= nothing:
        lowest, best = nothing, None
    return Choice(best, 1 / sum(exp(lowest - cost) for cost in (*costs.values(), nothing)))
