"""Quality of plain text cleaning, measured on corrupted articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from onrecord_clean.paragraphs import words
from onrecord_language.training.corpora import read_lines
from tests.cleaning import clean
from tests.corruption.articles import CleanArticle
from tests.corruption.boilerplate import HELD_OUT, SEEN
from tests.corruption.score import Scores, count_found_alone, measure_cleaning

from .tables import Table

COUNT = 400
COLUMNS = ("kind", "inserted", "removed, %", "as that kind, %", "cut", "precision, %")


def tables(polnear: Path | None) -> Iterator[Table]:
    """Measure on generated articles and, if available, on PolNeAR's."""
    yield _table(
        "Cleaning: generated articles, lines that rules were written with",
        measure_cleaning(SEEN, COUNT),
        count_found_alone(SEEN),
    )
    yield _table(
        "Cleaning: generated articles, held-out lines", measure_cleaning(HELD_OUT, COUNT), count_found_alone(HELD_OUT)
    )
    if polnear:
        articles = list(_articles(polnear))
        yield _table("Cleaning: PolNeAR dev, held-out lines", measure_cleaning(HELD_OUT, 2 * len(articles), articles))
        yield _measure_uncorrupted(articles)


def _table(title: str, scores: Scores, alone: tuple[int, int] | None = None) -> Table:
    notes = [
        "Removed: share of the inserted pieces that are not in the running text, with any kind. Precision: share of "
        f"the pieces with a kind that are not paragraphs of an article; over all kinds {scores.precision:.2f} %. "
        f"{scores.kept_whole:.1f} % of the articles' paragraphs are in the body letter for letter."
    ]
    if alone:
        notes.append(f"{alone[0]} of {alone[1]} lines are removed when each is alone in the middle of an article.")
    return Table(title, COLUMNS, scores.rows(), notes)


def _measure_uncorrupted(articles: list[CleanArticle]) -> Table:
    """Measure the cuts in real articles without corruption."""
    cut = total = 0
    kinds: dict[str, int] = {}
    for article in articles:
        for segment in clean("\n\n".join(article.paragraphs), {"headline": article.headline}).segments:
            length = segment.end_char - segment.start_char
            total += length
            if not segment.kept:
                cut += length
                kinds[segment.kind] = kinds.get(segment.kind, 0) + 1
    return Table(
        "Cleaning: PolNeAR dev, uncorrupted",
        ("characters", "cut", "of these, %", "stretches"),
        [[f"{total:,}", cut, 100 * cut / total, sum(kinds.values())]],
        (f"By kind: {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items())) or 'none'}.",),
    )


def _articles(path: Path) -> Iterator[CleanArticle]:
    for line in read_lines(path):
        article = json.loads(line)
        paragraphs = tuple(part for text in article["text"].split("\n") if (part := " ".join(text.split())))
        title = " ".join(article["title"].split())
        # Most of the texts begin with the headline, and some have lines without words, which are no paragraphs.
        paragraphs = tuple(
            part
            for part in paragraphs
            if words(part.replace("_", "")) and words(part)[: len(words(title))] != words(title)
        )
        if len(paragraphs) > 4:
            yield CleanArticle(article["id"], title, paragraphs)
