"""Which source and which contents belong to which cue, by how the text puts them.

Each pairing that comes into question has a cost, the lower the more likely; what a content or a cue chooses is as
certain as its cost is below those of the others (a softmax). The costs were fitted to PolNeAR's training part.
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

NEIGHBOURS = 6
"""How many cues on either side of a content, and sources on either side of a cue, come into question."""
FARTHEST = 300
"""How many words away they may stand."""
RELUCTANCE = 2.0
"""How much dearer a cue may be than the one chosen, to which contents go because that cue would have none."""


@dataclass(frozen=True, slots=True)
class ContentCosts:
    """What a cue costs a content."""

    words: float = 1.0
    """For the words between, times the logarithm of their number."""
    sentence: float = 1.8
    """For each end of a sentence between."""
    paragraph: float = 2.3
    """For each end of a paragraph between."""
    cue: float = 0.6
    """For each other cue between."""
    after: float = 0.7
    """For a cue after the content."""
    colon_after: float = 5.0
    """For a cue after the content that ends with a colon, since what is said follows a colon."""
    nothing: float = 4.0
    """For no cue at all."""


@dataclass(frozen=True, slots=True)
class SourceCosts:
    """What a source costs a cue."""

    words: float = 0.5
    """For the words between, times the logarithm of their number."""
    adjacent: float = -2.4
    """For one right before or after the cue."""
    sentence: float = 2.7
    """For each end of a sentence between."""
    content: float = 1.3
    """For each content between."""
    source: float = 0.2
    """For each other source between."""
    after: float = 1.1
    """For one after the cue."""
    agent: float = 0.7
    """For one after the cue and a word such as "by"."""
    addressee: float = 3.0
    """For one right after a cue such as "told", to whom it is said."""
    passive: float = 0.5
    """For one before a passive, which stands for somebody else: was told."""
    relative: float = 0.5
    """For a relative pronoun before an earlier cue too: who said … and added."""
    relative_left: float = 3.0
    """For a relative pronoun whose clause ends before the cue: Ann Reed, who said …, added."""
    possessive: float = 2.0
    """For a possessive that does not stand right before the cue."""
    nothing: float = 3.1
    """For no source at all."""
    nothing_noun: float = -0.3
    """Off that for a cue that is a noun."""
    nothing_passive: float = -0.6
    """Off that for a passive."""
    nothing_participle: float = 1.2
    """On that for a participle, whose source stands in another clause: saying."""


CONTENT, SOURCE = ContentCosts(), SourceCosts()

AGENTS = frozenset({"by", "from", "of", "among"})
"""Words after a cue that its source may follow."""
ADDRESSING = frozenset({"tell", "ask", "urge"})
"""Classes of cues that somebody follows to whom it is said."""
CLAUSE_ENDS = frozenset({",", ")", "-", "--", "–", "—"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, by number, or None where nothing fits; and how certain that is, from 0 to 1."""

    number: int | None
    certainty: float


class Pairing:
    """Chooses cues for contents and sources for cues."""

    def __init__(self, text: Text, roles: Roles, cues: Sequence[Cue]) -> None:
        """`cues` is what the roles' cues say."""
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

    def cues_of(self, units: Sequence[Sequence[int]]) -> list[Choice]:
        """For each unit of contents that belong together its cue.

        A cue without contents would be none: it takes a unit that is almost as near to it as to a cue that has
        another.
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
        """What each cue around a unit costs it: that of its nearest content."""
        nearby = {cue for number in unit for cue in _around(self._roles.cues, self._roles.contents[number])}
        return {cue: min(self._content_cost(cue, content) for content in unit) for cue in sorted(nearby)}

    def source_of(self, cue: int) -> Choice:
        """The source of a cue."""
        read = self._cues[cue]
        nothing = SOURCE.nothing + SOURCE.nothing_noun * (read.kind == "noun") + SOURCE.nothing_passive * read.passive
        nothing += SOURCE.nothing_participle * self._text.lower[read.head].endswith("ing")
        nearby = _around(self._roles.sources, self._roles.cues[cue])
        return _choose({source: self._source_cost(cue, source) for source in nearby}, nothing)

    def _content_cost(self, cue: int, content: int) -> float:
        words, said = self._roles.cues[cue], self._roles.contents[content]
        follows = said[0] >= words[1]
        begin, end = (words[1], said[0]) if follows else (said[1], words[0])
        cost = CONTENT.words * log1p(max(end - begin, 0)) + CONTENT.cue * self._count("cue", begin, end)
        if not follows:
            cost += CONTENT.colon_after if self._text.words[words[1] - 1] == ":" else CONTENT.after
        if not follows or ":" not in (self._text.words[words[1] - 1], self._text.words[end - 1]):
            # A colon leads over to the next sentence or paragraph; that of a transcript, to all until the next.
            sentences, paragraphs = self._breaks(begin, end)
            cost += CONTENT.sentence * sentences + CONTENT.paragraph * paragraphs
        return cost

    def _source_cost(self, cue: int, source: int) -> float:
        read, words, who = self._cues[cue], self._roles.cues[cue], self._roles.sources[source]
        follows = who[0] >= words[1]
        begin, end = (words[1], who[0]) if follows else (who[1], words[0])
        cost = SOURCE.words * log1p(max(end - begin, 0)) + SOURCE.sentence * self._breaks(begin, end)[0]
        cost += SOURCE.content * self._count("content", begin, end) + SOURCE.source * self._count("source", begin, end)
        cost += SOURCE.adjacent * (begin >= end)
        if follows:
            agent = any(self._text.lower[i] in AGENTS for i in range(words[1] - 1, min(end, words[1] + 3)))
            cost += SOURCE.agent if agent else SOURCE.after
            cost += SOURCE.addressee * (begin >= end and read.cue_class in ADDRESSING)
        else:
            cost += SOURCE.passive * read.passive
        if self._text.lower[who[0]] in RELATIVES and self._count("cue", begin, end):
            cost += SOURCE.relative_left if self._text.words[words[0] - 1] in CLAUSE_ENDS else SOURCE.relative
        cost += SOURCE.possessive * (begin < end and self._text.lower[who[1] - 1] in POSSESSIVES)
        return cost

    def _breaks(self, begin: int, end: int) -> tuple[int, int]:
        """How many sentences and paragraphs end between two words, three at most."""
        text = self._text
        return (
            min(text.sentence_of[end] - text.sentence_of[begin - 1], 3),
            min(text.paragraph_of[end] - text.paragraph_of[begin - 1], 3),
        )

    def _count(self, role: Role, begin: int, end: int) -> int:
        """How many stretches with that role begin between two words."""
        first, last = bisect_left(self._begins, begin), bisect_left(self._begins, end)
        return min(self._before[role][last] - self._before[role][first], 3) if last > first else 0


def _around(others: Sequence[Stretch], stretch: Stretch) -> range:
    """The numbers of the nearest stretches before and after one."""
    at = bisect_left(others, stretch)
    first, last = max(at - NEIGHBOURS, 0), min(at + NEIGHBOURS, len(others))
    while first < at and stretch[0] - others[first][1] > FARTHEST:
        first += 1
    while last > at and others[last - 1][0] - stretch[1] > FARTHEST:
        last -= 1
    return range(first, last)


def _choose(costs: Mapping[int, float], nothing: float) -> Choice:
    """The cheapest, if it costs less than nothing does."""
    lowest, best = min(((cost, number) for number, cost in costs.items()), default=(nothing, None))
    if lowest >= nothing:
        lowest, best = nothing, None
    return Choice(best, 1 / sum(exp(lowest - cost) for cost in (*costs.values(), nothing)))
