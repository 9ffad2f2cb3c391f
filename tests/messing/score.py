"""What was put in against what was taken out: precision and recall per kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onrecord.model.content import Segment
from tests.cleaning import Cleaned, clean

from .articles import HAND_WRITTEN, Clean, generated
from .mess import Furniture, Kind, Messed, Piece, any_mess, messed

_BESIDE = frozenset({"headline", "byline", "dateline", "credit"})
"""Kept as fields of the article: right for a headline and no loss for any text."""
_MARKED = frozenset({"sidebar", "subheading"})
"""Kept in the body, marked."""


@dataclass
class Scores:
    """Counts of pieces by kind."""

    put_in: Counter[str] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)
    """Of what was put in: how many are out of the running text, as whatever kind."""
    as_that: Counter[str] = field(default_factory=Counter)
    """Of what was put in: how many are out of the running text as the kind that they are."""
    cut: Counter[str] = field(default_factory=Counter)
    """Pieces of whatever kind that were given this kind."""
    cut_wrongly: Counter[str] = field(default_factory=Counter)
    """Of these: paragraphs of the article."""
    paragraphs: int = 0
    whole: int = 0
    """How many of the articles' paragraphs are paragraphs of the body, letter for letter."""
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, messed: Messed, cleaned: Cleaned) -> None:
        """Count an article. A piece has the kind that most of its characters were given."""
        for piece, kind in _verdicts(messed.pieces, cleaned.segments):
            if kind != "body":
                self.cut[kind] += 1
                if piece.kind == "body" and kind not in _MARKED:
                    self.cut_wrongly[kind] += 1
                    self.wrong[kind, piece.text[:100]] += 1
            if piece.kind == "body":
                continue
            self.put_in[piece.kind] += 1
            self.as_that[piece.kind] += kind == piece.kind
            out = kind not in ("body", *_MARKED) or (piece.kind in _MARKED and kind in _MARKED)
            self.aside[piece.kind] += out
            if not out:
                self.missed[piece.kind, piece.text[:100]] += 1
        there = Counter(cleaned.paragraphs)
        wanted = Counter(messed.article.paragraphs)
        self.paragraphs += sum(wanted.values())
        self.whole += sum((there & wanted).values())

    def rows(self) -> list[tuple[str, int, float, float, int, float]]:
        """Kind, put in, recall in percent as whatever and as that kind, cut, precision in percent."""
        return [
            (
                kind,
                self.put_in[kind],
                _percent(self.aside[kind], self.put_in[kind]),
                _percent(self.as_that[kind], self.put_in[kind]),
                self.cut[kind],
                _percent(self.cut[kind] - self.cut_wrongly[kind], self.cut[kind]),
            )
            for kind in sorted({*self.put_in, *self.cut})
        ]

    def recall(self, kind: Kind) -> float:
        """How much of a kind is out of the running text, in percent."""
        return _percent(self.aside[kind], self.put_in[kind])

    @property
    def precision(self) -> float:
        """How much of all that was cut is no paragraph of the article, in percent."""
        cut = sum(self.cut.values())
        return _percent(cut - sum(self.cut_wrongly.values()), cut)

    @property
    def kept_whole(self) -> float:
        """How many of the articles' paragraphs stand in the body letter for letter, in percent."""
        return _percent(self.whole, self.paragraphs)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def _verdicts(pieces: Iterable[Piece], segments: Iterable[Segment]) -> Iterable[tuple[Piece, str]]:
    segments = list(segments)
    first = 0
    for piece in pieces:
        while first < len(segments) and segments[first].end_char <= piece.start:
            first += 1
        lengths: Counter[str] = Counter()
        for segment in segments[first:]:
            if segment.start_char >= piece.end:
                break
            lengths[segment.kind] += min(segment.end_char, piece.end) - max(segment.start_char, piece.start)
        if piece.kind == "body":
            # A paragraph of which any part was cut counts as cut; a dateline that was split off does not.
            cut = [kind for kind in lengths if kind != "body" and kind not in _BESIDE]
            yield piece, cut[0] if cut else lengths.most_common(1)[0][0]
        else:
            yield piece, lengths.most_common(1)[0][0]


def figures(furniture: Furniture, count: int, articles: Sequence[Clean] = HAND_WRITTEN, seed: int = 7) -> Scores:
    """Scores on so many articles that are messed up by chance; every second one is made up by chance itself."""
    chance = random.Random(seed)
    scores = Scores()
    for number in range(count):
        article = articles[number % len(articles)] if number % 2 else generated(chance)
        mess = messed(article, any_mess(chance), furniture, chance)
        scores.add(mess, clean(mess.text))
    return scores


def lines_alone(furniture: Furniture) -> tuple[int, int]:
    """How many lines of furniture are set aside, each alone in the middle of an article, and of how many."""
    above, below = HAND_WRITTEN[0].paragraphs[:3], HAND_WRITTEN[0].paragraphs[3:]
    some = [line for lines in furniture.values() for line in lines]
    bodies = (clean("\n\n".join([*above, line, *below])).article.body for line in some)
    return sum(line not in body.split("\n\n") for line, body in zip(some, bodies, strict=True)), len(some)
