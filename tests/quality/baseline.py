"""`python -m tests.quality.baseline CORPORA`: names by spaCy's default network.

A baseline for the pipeline: the convolutional network that spaCy trains by default, without word vectors, on the same
corpora.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import spacy
from rich.console import Console
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch

from onrecord_language.tags import NAMES
from onrecord_language.training.corpora import Text, certain_names, is_certain, read_iob, read_polnear

from . import names
from .corpora import CONLL, POLITICS, UNER

if TYPE_CHECKING:
    from spacy.language import Language


def main() -> None:
    """Train until time is up, then measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.baseline", description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder of the corpora")
    parser.add_argument("--minutes", type=float, default=30, help="how long to train, of processor time")
    arguments = parser.parse_args()
    folder: Path = arguments.corpora
    texts = [
        *read_iob(folder / "ner-conll2003-train.iob.xz"),
        *read_iob(folder / "ner-crossner-politics-train.iob.xz", 3),
        *(text for _, text in read_polnear(folder, "train")),
    ]
    nlp = train_recognizer(texts, arguments.minutes)
    console = Console(width=120)
    for table in names.tables(nlp, {corpus: folder / corpus.file for corpus in (CONLL, POLITICS, UNER)}):
        console.print(table)


def train_recognizer(texts: list[Text], minutes: float) -> Language:
    """Train a pipeline with only spaCy's entity recognizer."""
    nlp = spacy.blank("en")
    recognizer = nlp.add_pipe("ner")
    for label in NAMES:
        recognizer.add_label(label)  # type: ignore[attr-defined]
    examples = [_example(nlp, text) for text in texts]
    optimizer = nlp.initialize(lambda: examples[:100])
    random = Random(1)
    began, passes = time.process_time(), 0
    while time.process_time() - began < 60 * minutes:
        random.shuffle(examples)
        losses: dict[str, float] = {}
        for batch in minibatch(examples, 16):
            nlp.update(batch, sgd=optimizer, losses=losses, drop=0.1)
            if time.process_time() - began >= 60 * minutes:
                break
        passes += 1
        print(f"pass {passes}, {(time.process_time() - began) / 60:.1f} minutes: loss {losses['ner']:.0f}", flush=True)
    return nlp


def _example(nlp: Language, text: Text) -> Example:
    reference = Doc(nlp.vocab, text.words, text.spaced)
    unknown = [reference[i : i + 1] for i, tags in enumerate(text.names) if not is_certain(tags)]
    spans = [spacy.tokens.Span(reference, *span) for span in certain_names(text)]
    reference.set_ents(spans, missing=unknown)
    return Example(Doc(nlp.vocab, text.words, text.spaced), reference)


if __name__ == "__main__":
    main()
