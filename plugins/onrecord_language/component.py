"""The spaCy component: names, sentences and attributions in one network pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from spacy.attrs import SENT_START  # type: ignore[import-not-found]
from spacy.language import Language
from spacy.tokens import Span, SpanGroup

from .encoder import Encoder, Scores
from .quotes import CLOSING, EITHER
from .tags import ROLES

if TYPE_CHECKING:
    from spacy.tokens import Doc

FACTORY = "onrecord_attributions"
DOCS_AT_ONCE = 64
LANGUAGE = "en"
"""The language of the training data. Docs in other languages get empty span groups."""


@cache
def _load_encoder(threads: int, process: int) -> Encoder:
    """Return the network of this process.

    A forked process needs its own, since threads are not inherited.
    """
    return Encoder(threads=threads)


class Reader:
    """Sets attributions in `doc.spans`, and optionally names and sentences.

    The spans are `doc.spans["source" | "cue" | "content"]`.
    """

    def __init__(self, names: bool, sentences: bool, threads: int) -> None:
        self._names, self._sentences, self._threads = names, sentences, threads

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one doc."""
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], batch_size: int = DOCS_AT_ONCE) -> Iterator[Doc]:
        """Annotate docs in batches; many short docs cost no more than a few long ones."""
        stream = iter(docs)
        while batch := list(islice(stream, batch_size)):
            self._read([doc for doc in batch if doc.lang_ == LANGUAGE])
            for doc in batch:
                for role in ROLES:
                    doc.spans.setdefault(role, SpanGroup(doc, name=role))  # type: ignore[no-untyped-call]
                yield doc

    def _read(self, docs: list[Doc]) -> None:
        encoder = _load_encoder(self._threads, os.getpid())
        words = [[i for i, token in enumerate(doc) if not token.is_space] for doc in docs]
        pieces = [
            encoder.vocabulary.read([token.text for token in doc], [bool(token.whitespace_) for token in doc])
            for doc in docs
        ]
        scores = encoder.scores(pieces)
        roles = encoder.roles.spans([each.roles for each in scores])
        for doc, at, found, parts in zip(docs, words, scores, roles, strict=True):
            if self._sentences:
                _set_sentences(doc, at, found)
            _set_roles(doc, at, parts)
        if self._names:
            names = encoder.names.spans([each.names for each in scores])
            for doc, at, named in zip(docs, words, names, strict=True):
                doc.set_ents(_spans(doc, at, named))


def _spans(doc: Doc, words: Sequence[int], found: Iterable[tuple[int, int, str]]) -> list[Span]:
    return [Span(doc, words[first], words[last - 1] + 1, label) for first, last, label in found]


def _set_sentences(doc: Doc, words: Sequence[int], scores: Scores) -> None:
    """Set sentence starts where the network finds them and after empty lines.

    Never at “he said” after a quotation.
    """
    values = np.full(len(doc), -1, np.int64)
    values[np.array(words, np.int64)[scores.sentence[:, 0] > 0]] = 1
    before, broken = "", False
    for i, token in enumerate(doc):
        if token.is_space:
            broken = broken or token.text.count("\n") > 1
            continue
        if broken:
            values[i] = 1
        elif before in CLOSING | EITHER and token.is_lower:
            values[i] = -1
        before, broken = token.text, False
    if len(doc):
        values[0] = 1
        doc.from_array([SENT_START], values.astype(np.uint64).reshape(-1, 1))  # type: ignore[arg-type]


def _set_roles(doc: Doc, words: Sequence[int], found: Sequence[tuple[int, int, str]]) -> None:
    spans = {role: [span for span in found if span[2] == role] for role in ROLES}
    for role in ("source", "cue"):
        # Quotations can span paragraphs, sources and cues cannot: the words before are a heading.
        spans[role] = [(_last_begin(doc, words, first, last), last, role) for first, last, _ in spans[role]]
    for role in ROLES:
        doc.spans[role] = SpanGroup(doc, name=role, spans=_spans(doc, words, spans[role]))


def _last_begin(doc: Doc, words: Sequence[int], first: int, last: int) -> int:
    """Return where the last paragraph within words first to last begins, or `first`."""
    for i in range(last - 1, first, -1):
        if any(doc[k].text.count("\n") > 1 for k in range(words[i - 1] + 1, words[i])):
            return i
    return first


@Language.factory(
    FACTORY,
    default_config={"names": False, "sentences": False, "threads": 1},
    assigns=["doc.ents", "doc.spans", "token.is_sent_start"],
)
def make_reader(nlp: Language, name: str, names: bool, sentences: bool, threads: int) -> Reader:
    """Make the component.

    `names` and `sentences` make it set these as well; other pipelines have their own.
    """
    return Reader(names, sentences, threads)
