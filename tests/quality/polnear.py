"""How well sources, cues, contents and whole attributions are found, by the pipeline and by the annotator `claims`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord import Annotator, Article, ClaimSpan, Mention
from onrecord.language import Pipeline
from onrecord.reading import Reading
from onrecord.testing import article
from onrecord_claims import register_annotators as register_claims
from onrecord_entities import register_annotators as register_entities

from .corpora import attributed
from .measures import (
    EXACT,
    LENIENT,
    OF_QUOTED,
    QUOTED,
    REST,
    ROLES,
    SAME_WORDS,
    Attribution,
    AttributionScores,
    attributions,
    claimed,
    role_spans,
    spans_of,
)
from .tables import SCORES, Cell, Table, scores

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHED = {
    "rules": (10.7, 22.8, 5.6),
    "CoreNLP": (13.9, None, 17.5),
    "CRF": (50.6, 53.4, 28.6),
    "BiLSTM-CRF": (69.6, 66.7, 59.0),
    "BERT + CofeNet": (83.2, 75.3, 72.9),
}
"""F1 of exact spans (source, cue, content) on PolNeAR's test part: from the CofeNet paper's appendix."""


def tables(pipeline: Pipeline, path: Path) -> list[Table]:
    """Measure a pipeline on PolNeAR, and what the annotator `claims` makes of what it finds."""
    texts, gold = zip(*attributed(path), strict=True)
    articles = [article(text) for text in texts]
    reading = Reading(articles, pipeline)
    docs = [each.doc for each in articles]
    ours, claims = AttributionScores(), AttributionScores()
    for doc, expected, claim in zip(docs, gold, _claims(reading, articles), strict=True):
        ours.add(doc, role_spans(doc), attributions(doc), expected)
        claims.add(doc, spans_of(claim), claim, expected)
    return [
        Table(
            f"Sources, cues and contents: PolNeAR dev, {len(texts)} articles",
            ("", *SCORES, "F1 of words"),
            [[label, *scores(ours.spans, label), ours.words.f1(label)] for label in (*ROLES, QUOTED, REST)],
            (
                "A span counts if it is exactly right; a discontinuous content counts as its stretches. A content is "
                "quoted if all its words but the marks stand between quotation marks; words of contents count as "
                "quoted one by one. PolNeAR's contents are also what people believe, intend or support.",
            ),
        ),
        Table(
            "Beside published figures: F1 of exact spans",
            ("", *ROLES),
            [
                ["this pipeline (dev)", *(ours.spans.f1(role) for role in ROLES)],
                *([f"{name} (test)", *figures] for name, figures in PUBLISHED.items()),
            ],
            (
                "Ours is measured on the dev part, from whole articles as plain text; the published ones on the test "
                "part, from the corpus's own tokens. They show where the figures stand, not who wins.",
            ),
        ),
        Table(
            "Whole attributions: PolNeAR dev",
            ("", *SCORES),
            _whole(ours, EXACT, SAME_WORDS, LENIENT),
            (
                "From the links that the pipeline finds. Exact: source, cue and all stretches of the content are right "
                "and belong together. Same words: they are but for punctuation and quotation marks. Lenient: each "
                "overlaps with the right one.",
            ),
        ),
        Table(
            "Claims: PolNeAR dev",
            ("", *SCORES),
            [
                *_whole(claims, SAME_WORDS, LENIENT),
                *([f"words of {role}s", *scores(claims.words, role)] for role in ROLES),
            ],
            (
                "The rows that the annotator claims writes. Its contents have no quotation marks, so that they are "
                "never exact; its sources and cues have no modifiers; and it makes claims of quotations without a "
                "cue, which count as wrong here.",
            ),
        ),
    ]


def _whole(counted: AttributionScores, *levels: str) -> list[list[Cell]]:
    labels = [name.format(level) for name in ("{}", OF_QUOTED) for level in levels]
    return [[label, *scores(counted.whole, label)] for label in labels]


def _claims(reading: Reading, articles: Sequence[Article]) -> Iterator[list[Attribution]]:
    """The claims of each article."""
    entities, claims = (_only(register) for register in (register_entities, register_claims))
    reading.begin(entities, {})
    for each, rows in zip(articles, entities.annotate_batch(articles), strict=True):
        reading.give(Mention, each.article_id, rows)
    reading.begin(claims, {entities.name: (Mention,)})
    for rows in claims.annotate_batch(articles):
        yield claimed(row for row in rows if isinstance(row, ClaimSpan))


def _only(register: Callable[[Callable[[Annotator], None]], None]) -> Annotator:
    registered: list[Annotator] = []
    register(registered.append)
    return registered[0]
