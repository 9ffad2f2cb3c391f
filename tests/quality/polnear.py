"""Quality of sources, cues, contents and attributions, and of the claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord import Annotator, Article, Claim, ClaimSpan, Mention, Row
from onrecord.plugins.pipelines import Pipeline
from onrecord.stages.context import BatchContext
from onrecord.testing import make_article
from onrecord_claims import register_annotators as register_claims
from onrecord_entities import register_annotators as register_entities

from .corpora import read_attributions
from .measures import (
    LENIENT,
    OF_QUOTED,
    QUOTED,
    REST,
    ROLES,
    SAME_WORDS,
    AttributionScores,
    Words,
    claims_to_attributions,
    is_right,
    role_spans,
    spans_of,
)
from .tables import SCORES, Cell, Table, score_cells

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHED = {
    "rules": (10.7, 22.8, 5.6),
    "CoreNLP": (13.9, None, 17.5),
    "CRF": (50.6, 53.4, 28.6),
    "BiLSTM-CRF": (69.6, 66.7, 59.0),
    "BERT + CofeNet": (83.2, 75.3, 72.9),
}
"""F1 of exact spans (source, cue, content) on PolNeAR's test part, from the appendix of the CofeNet paper."""

STEPS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
"""Bounds of the intervals in which confidence is compared with accuracy."""


def tables(pipeline: Pipeline, path: Path) -> list[Table]:
    """Measure a pipeline and the annotator `claims` on PolNeAR."""
    texts, gold = zip(*read_attributions(path), strict=True)
    articles = [make_article(text) for text in texts]
    reading = BatchContext(articles, pipeline)
    docs = [each.doc for each in articles]
    ours, claims = AttributionScores(), AttributionScores()
    certain: list[tuple[float, bool]] = []
    for doc, expected, rows in zip(docs, gold, _claims(reading, articles), strict=True):
        ours.add(doc, role_spans(doc), (), expected)
        found = claims_to_attributions(row for row in rows if isinstance(row, ClaimSpan))
        claims.add(doc, spans_of(found), found, expected)
        confidences = [row.confidence for row in rows if isinstance(row, Claim)]
        words = Words(doc)
        certain += [(c, is_right(words, claim, expected)) for c, claim in zip(confidences, found, strict=True)]
    return [
        Table(
            f"Sources, cues and contents: PolNeAR dev, {len(texts)} articles",
            ("", *SCORES, "F1 of words"),
            [[label, *score_cells(ours.spans, label), ours.words.f1(label)] for label in (*ROLES, QUOTED, REST)],
            (
                "A span counts if it matches exactly; a discontinuous content counts as its stretches. A content is "
                "quoted if all its words are between quotation marks; for words of contents this is decided word by "
                "word. PolNeAR's contents include beliefs, intentions and support.",
            ),
        ),
        Table(
            "Comparison with published scores: F1 of exact spans",
            ("", *ROLES),
            [
                ["this pipeline (dev)", *(ours.spans.f1(role) for role in ROLES)],
                *([f"{name} (test)", *figures] for name, figures in PUBLISHED.items()),
            ],
            (
                "Ours is measured on the dev part, from whole articles as plain text; the published ones on the test "
                "part, from the corpus's own tokens. They give an order of magnitude, not a ranking.",
            ),
        ),
        Table(
            "Claims: PolNeAR dev",
            ("", *SCORES),
            [
                *_whole(claims, SAME_WORDS, LENIENT),
                *([f"words of {role}s", *score_cells(claims.words, role)] for role in ROLES),
            ],
            (
                "Rows of the annotator claims. Its contents have no quotation marks and are therefore never exact; its "
                "sources and cues have no modifiers; and it makes claims of quotations without a cue, which count as "
                "wrong here.",
            ),
        ),
        Table(
            "Calibration of confidence: claims of PolNeAR dev",
            ("confidence", "claims", "mean confidence, %", "right, %"),
            list(_calibration(certain)),
            (
                "Right: a gold attribution has the same source, and nine in ten of the words of both contents are in "
                "common. The constants of confidence (onrecord_claims/confidence.py) were measured on the same part.",
            ),
        ),
    ]


def _whole(counted: AttributionScores, *levels: str) -> list[list[Cell]]:
    labels = [name.format(level) for name in ("{}", OF_QUOTED) for level in levels]
    return [[label, *score_cells(counted.whole, label)] for label in labels]


def _calibration(certain: Sequence[tuple[float, bool]]) -> Iterator[list[Cell]]:
    """Yield for each interval of confidence the number of claims and their accuracy."""
    for low, high in pairwise(STEPS):
        some = [(confidence, ok) for confidence, ok in certain if low <= confidence < high]
        if some:
            means = (100 * sum(column) / len(some) for column in zip(*some, strict=True))
            yield [f"{low:.2f} to {min(high, 1):.2f}", len(some), *means]


def _claims(reading: BatchContext, articles: Sequence[Article]) -> Iterator[list[Row]]:
    """Yield the rows of each article's claims."""
    entities, claims = (_only(register) for register in (register_entities, register_claims))
    reading.begin(entities, {})
    for each, rows in zip(articles, entities.annotate_batch(articles), strict=True):
        reading.give(each.article_id, rows)
    reading.begin(claims, {entities.name: (Mention,)})
    for rows in claims.annotate_batch(articles):
        yield list(rows)


def _only(register: Callable[[Callable[[Annotator], None]], None]) -> Annotator:
    registered: list[Annotator] = []
    register(registered.append)
    return registered[0]
