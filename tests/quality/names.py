"""Quality of names: of the pipeline, and after the annotator `entities`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord import EntityKind
from onrecord_entities import read_names, refine_names
from onrecord_entities.kinds import KINDS
from onrecord_language.training.scores import SpanCounts

from .corpora import CONLL, POLITICS, UNER, Corpus, read_name_docs
from .measures import Span
from .tables import SCORES, Cell, Table, score_cells

if TYPE_CHECKING:
    from spacy.language import Language

Groups = Mapping[str, tuple[EntityKind, ...]]
_BASIC: Groups = {"person": ("person",), "organization": ("organization",), "place": ("place",)}
COMPARED: Mapping[Corpus, Groups] = {
    CONLL: _BASIC | {"group, event, other": ("group", "event", "other")},
    POLITICS: _BASIC | {"event": ("event",), "group, other": ("group", "other")},
    UNER: _BASIC,
}
"""Kinds that a corpus distinguishes. Its "misc" covers several of ours, and some it does not annotate."""
NOTES: Mapping[Corpus, str] = {
    CONLL: "Trained on the training part of this corpus. Its misc contains peoples, events and others. Its names "
    "have parts that entities removes: the article of The Hague, and the rest of Paris-based.",
    POLITICS: "Trained on the small training part (200 sentences) of this corpus. Politicians count as persons, "
    "parties as organizations, countries as places, elections as events.",
    UNER: "Out of domain: blogs, reviews, e-mail; not used for training. It has no other kinds, so names of these are "
    "not counted.",
}


def tables(nlp: Language, paths: Mapping[Corpus, Path]) -> list[Table]:
    """Measure a pipeline on corpora of names."""
    return [_table(nlp, corpus, path) for corpus, path in paths.items()]


def _table(nlp: Language, corpus: Corpus, path: Path) -> Table:
    groups = COMPARED[corpus]
    docs, gold = zip(*read_name_docs(path, nlp.vocab), strict=True)
    pipeline, annotator = SpanCounts(), SpanCounts()
    for doc, expected in zip(nlp.pipe(docs), gold, strict=True):
        names = read_names(doc)
        wanted = [(span, KINDS[label]) for span, label in expected]
        for tally, found in ((pipeline, names), (annotator, refine_names(doc.text, names))):
            count(tally, [((name.start, name.end), name.kind) for name in found], wanted, groups)
    return Table(
        f"Names: {corpus.title}",
        ("", *SCORES, "F1 after entities"),
        [
            *([label, *score_cells(pipeline, label), annotator.f1(label)] for label in groups),
            _overall(pipeline, annotator),
        ],
        (NOTES[corpus],),
    )


def count(
    tally: SpanCounts,
    found: Iterable[tuple[Span, EntityKind]],
    gold: Iterable[tuple[Span, EntityKind]],
    groups: Groups,
) -> None:
    """Count one text's names, under the kinds that the corpus distinguishes."""
    found, gold = list(found), list(gold)
    for label, kinds in groups.items():
        ours, theirs = ([span for span, kind in each if kind in kinds] for each in (found, gold))
        tally.add(label, ours, theirs)


def _overall(pipeline: SpanCounts, annotator: SpanCounts) -> list[Cell]:
    gold, found, right = (sum(counts.values()) for counts in (pipeline.gold, pipeline.found, pipeline.right))
    return [
        "all",
        gold,
        found,
        100 * right / max(found, 1),
        100 * right / max(gold, 1),
        pipeline.f1(),
        annotator.f1(),
    ]
