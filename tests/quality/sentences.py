"""Quality of sentence boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import spacy

from onrecord_language.training.scores import SpanCounts

from .corpora import Corpus, sentences
from .tables import SCORES, Table, score_cells

if TYPE_CHECKING:
    from spacy.language import Language

PIPELINE, RULES = "this pipeline", "spaCy's sentencizer"


def tables(nlp: Language, paths: Mapping[Corpus, Path]) -> list[Table]:
    """Measure a pipeline on treebanks, from plain text."""
    return [_table(nlp, corpus, path) for corpus, path in paths.items()]


def _table(nlp: Language, corpus: Corpus, path: Path) -> Table:
    texts, gold = zip(*sentences(path), strict=True)
    counted = SpanCounts()
    rules = spacy.blank("en")
    rules.add_pipe("sentencizer")
    for doc, expected in zip(nlp.pipe(texts), gold, strict=True):
        counted.add(PIPELINE, {sentence.start_char for sentence in doc.sents} - {0}, expected - {0})
        counted.add(RULES, {sentence.start_char for sentence in rules(doc.text).sents} - {0}, expected - {0})
    return Table(
        f"Sentence starts: {corpus.title}, {len(texts)} texts",
        ("", *SCORES),
        [[label, *score_cells(counted, label)] for label in (PIPELINE, RULES)],
        ("From plain text, with an empty line between paragraphs; the first sentence of a text does not count.",),
    )
