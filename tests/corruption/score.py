"""Scores of the cleaners on corrupted articles: precision and recall per kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onrecord.model.content import Segment
from tests.cleaning import Cleaned, clean

from .articles import HAND_WRITTEN, CleanArticle, generate_article
from .corrupt import Boilerplate, CorruptedArticle, Kind, Piece, corrupt, random_corruption

_BESIDE = frozenset({"headline", "byline", "dateline", "credit"})
"""Kept as fields of the article: correct for a headline, and no loss for text."""
_MARKED = frozenset({"sidebar", "subheading"})
"""Kept in the body, marked."""


@dataclass
class Scores:
    """Counts of pieces by kind."""

    inserted: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    """Inserted pieces that are not in the running text, by their own kind."""
    as_kind: Counter[str] = field(default_factory=Counter)
    """Inserted pieces that the cleaners gave their own kind."""
    cut: Counter[str] = field(default_factory=Counter)
    """Pieces that the cleaners gave this kind."""
    wrongly_cut: Counter[str] = field(default_factory=Counter)
    """Pieces that the cleaners gave this kind although they are paragraphs of the article."""
    paragraphs: int = 0
    whole: int = 0
    """Number of the articles' paragraphs that are paragraphs of the body, letter for letter."""
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, corrupted: CorruptedArticle, cleaned: Cleaned) -> None:
        """Count an article; the kind of a piece is that of most of its characters."""
        for piece, kind in _verdicts(corrupted.pieces, cleaned.segments):
            if kind != "body":
                self.cut[kind] += 1
                if piece.kind == "body" and kind not in _MARKED:
                    self.wrongly_cut[kind] += 1
                    self.wrong[kind, piece.text[:100]] += 1
            if piece.kind == "body":
                continue
            self.inserted[piece.kind] += 1
            self.as_kind[piece.kind] += kind == piece.kind
            out = kind not in ("body", *_MARKED) or (piece.kind in _MARKED and kind in _MARKED)
            self.removed[piece.kind] += out
            if not out:
                self.missed[piece.kind, piece.text[:100]] += 1
        there = Counter(cleaned.paragraphs)
        wanted = Counter(corrupted.article.paragraphs)
        self.paragraphs += sum(wanted.values())
        self.whole += sum((there & wanted).values())

    def rows(self) -> list[tuple[str, int, float, float, int, float]]:
        """Return per kind: inserted, removed %, removed as that kind %, cut, precision %."""
        return [
            (
                kind,
                self.inserted[kind],
                _percent(self.removed[kind], self.inserted[kind]),
                _percent(self.as_kind[kind], self.inserted[kind]),
                self.cut[kind],
                _percent(self.cut[kind] - self.wrongly_cut[kind], self.cut[kind]),
            )
            for kind in sorted({*self.inserted, *self.cut})
        ]

    def recall(self, kind: Kind) -> float:
        """Return the share of a kind that is not in the running text, in percent."""
        return _percent(self.removed[kind], self.inserted[kind])

    @property
    def precision(self) -> float:
        """Share of cut pieces that are not paragraphs of the article, in percent."""
        cut = sum(self.cut.values())
        return _percent(cut - sum(self.wrongly_cut.values()), cut)

    @property
    def kept_whole(self) -> float:
        """Share of the articles' paragraphs that are in the body unchanged, in percent."""
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
            # A paragraph counts as cut if any part of it was, except for a dateline that was split off.
            cut = [kind for kind in lengths if kind != "body" and kind not in _BESIDE]
            yield piece, cut[0] if cut else lengths.most_common(1)[0][0]
        else:
            yield piece, lengths.most_common(1)[0][0]


def measure_cleaning(
    boilerplate: Boilerplate, count: int, articles: Sequence[CleanArticle] = HAND_WRITTEN, seed: int = 7
) -> Scores:
    """Score the cleaners on corrupted articles; every second one is generated."""
    chance = random.Random(seed)
    scores = Scores()
    for number in range(count):
        article = articles[number % len(articles)] if number % 2 else generate_article(chance)
        corrupted = corrupt(article, random_corruption(chance), boilerplate, chance)
        scores.add(corrupted, clean(corrupted.text))
    return scores


def count_found_alone(boilerplate: Boilerplate) -> tuple[int, int]:
    """Count the lines that are removed if alone in an article, and all lines."""
    above, below = HAND_WRITTEN[0].paragraphs[:3], HAND_WRITTEN[0].paragraphs[3:]
    some = [line for lines in boilerplate.values() for line in lines]
    bodies = (clean("\n\n".join([*above, line, *below])).article.body for line in some)
    return sum(line not in body.split("\n\n") for line, body in zip(some, bodies, strict=True)), len(some)
