"""Scores of a network in training on the dev sets, decoded as in the pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..encoder import Encoder
from ..tags import ROLE_TAGS
from .corpora import Text, certain_names, read_iob, read_polnear
from .export import export
from .network import Network
from .scores import SpanCounts


def score_dev_sets(network: Network, corpora: Path, vocabulary: Path) -> str:
    """Report F1 of exact spans, without quantization.

    Roles are scored on PolNeAR's dev part, names on CoNLL's.
    """
    with TemporaryDirectory() as folder:
        export(network, Path(folder) / "network.onnx")
        shutil.copy(vocabulary, Path(folder) / "vocab.txt")
        encoder = Encoder(Path(folder), threads=0)
    roles = SpanCounts()
    texts = [text for _, text in read_polnear(corpora, "dev")]
    scores = encoder.scores([encoder.vocabulary.read(text.words, text.spaced) for text in texts])
    for text, found in zip(texts, encoder.roles.spans([each.roles for each in scores]), strict=True):
        spans = _in_words(text, found)
        for role in ROLE_TAGS.labels:
            gold = {span for attribution in text.attributions for span in attribution[role]}
            roles.add(role, {span[:2] for span in spans if span[2] == role}, gold)
    names = SpanCounts()
    texts = list(read_iob(corpora / "ner-conll2003-dev.iob.xz"))
    scores = encoder.scores([encoder.vocabulary.read(text.words, text.spaced) for text in texts])
    for text, found in zip(texts, encoder.names.spans([each.names for each in scores]), strict=True):
        spans = _in_words(text, found)
        for labels in (("PERSON",), ("ORG",), ("LOC",), ("NORP", "EVENT", "MISC")):
            gold = {span[:2] for span in certain_names(text) if span[2] in labels}
            names.add(labels[-1], {span[:2] for span in spans if span[2] in labels}, gold)
    report = [f"{label} {tally.f1(label):.1f}" for tally in (roles, names) for label in tally.gold]
    return ", ".join([*report, f"names {names.f1():.1f}"])


def _in_words(text: Text, found: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Convert spans of words without white space to spans of all words."""
    words = [i for i, word in enumerate(text.words) if not word.isspace()]
    return [(words[a], words[b - 1] + 1, label) for a, b, label in found]
