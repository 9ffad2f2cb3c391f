"""How well plain text is cleaned: articles messed up in known ways, and what of that comes out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from onrecord_clean.paragraphs import words
from onrecord_language.training.corpora import read_lines
from tests.cleaning import clean
from tests.messing.articles import Clean
from tests.messing.furniture import HELD_OUT, SEEN
from tests.messing.score import Scores, figures, lines_alone

from .tables import Table

COUNT = 400
COLUMNS = ("kind", "put in", "set aside, %", "as that kind, %", "cut", "precision, %")


def tables(polnear: Path | None) -> Iterator[Table]:
    """Figures on made-up articles and, where PolNeAR is there, on its articles."""
    yield _table("Cleaning: made-up articles, lines rules were written by", figures(SEEN, COUNT), lines_alone(SEEN))
    yield _table("Cleaning: made-up articles, held-out lines", figures(HELD_OUT, COUNT), lines_alone(HELD_OUT))
    if polnear:
        articles = list(_articles(polnear))
        yield _table("Cleaning: PolNeAR dev, held-out lines", figures(HELD_OUT, 2 * len(articles), articles))
        yield _untouched(articles)


def _table(title: str, scores: Scores, alone: tuple[int, int] | None = None) -> Table:
    notes = [
        "Set aside: of what was put in, how much is out of the running text, as whatever kind. Precision: how much of "
        f"what was given a kind is no paragraph of an article; over all kinds {scores.precision:.2f} %. "
        f"{scores.kept_whole:.1f} % of the articles' paragraphs stand in the body letter for letter."
    ]
    if alone:
        notes.append(f"Each alone in the middle of an article, {alone[0]} of {alone[1]} lines are set aside.")
    return Table(title, COLUMNS, scores.rows(), notes)


def _untouched(articles: list[Clean]) -> Table:
    """What is cut of real articles as they are."""
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
        "Cleaning: PolNeAR dev as it is",
        ("characters", "set aside", "of these, %", "stretches"),
        [[f"{total:,}", cut, 100 * cut / total, sum(kinds.values())]],
        (f"By kind: {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items())) or 'none'}.",),
    )


def _articles(path: Path) -> Iterator[Clean]:
    for line in read_lines(path):
        article = json.loads(line)
        paragraphs = tuple(part for text in article["text"].split("\n") if (part := " ".join(text.split())))
        title = " ".join(article["title"].split())
        # Most of the texts begin with the headline. Lines without words, which some have, are no paragraphs.
        paragraphs = tuple(
            part
            for part in paragraphs
            if words(part.replace("_", "")) and words(part)[: len(words(title))] != words(title)
        )
        if len(paragraphs) > 4:
            yield Clean(article["id"], title, paragraphs)
