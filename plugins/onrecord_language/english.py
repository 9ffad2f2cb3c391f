"""The pipeline: spaCy's English tokenizer, and where sentences begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

SENTENCES = "onrecord_sentences"


def load() -> Language:
    """A blank English pipeline that sets sentence starts and nothing else. Takes some tenths of a second."""
    import spacy
    from spacy.language import Language

    Language.component(SENTENCES, func=mark_sentences)
    nlp = spacy.blank("en")
    nlp.add_pipe(SENTENCES)
    # Nothing here needs memory in proportion to the square of the text, which spaCy's limit guards against.
    nlp.max_length = 50_000_000
    return nlp


def mark_sentences(doc: Doc) -> Doc:
    """Set where the doc's sentences begin."""
    import numpy as np
    from spacy.attrs import SENT_START  # type: ignore[import-not-found]

    from .sentences import sentence_starts

    if len(doc):
        begins = sentence_starts([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        values = np.where(begins, 1, -1).astype("int64").astype("uint64").reshape(-1, 1)
        doc.from_array([SENT_START], values)  # type: ignore[arg-type]
    return doc
