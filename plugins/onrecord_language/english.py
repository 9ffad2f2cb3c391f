"""The default pipeline for English: spaCy's tokenizer, and our network for all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language


def blank() -> Language:
    """spaCy's English tokenizer and nothing else, for texts of any length."""
    import spacy

    nlp = spacy.blank("en")
    # Nothing here needs memory in proportion to the square of the text, which spaCy's limit guards against.
    nlp.max_length = 50_000_000
    return nlp


def load(threads: int = 1) -> Language:
    """The pipeline: names in `doc.ents`, sentences, and attributions in `doc.spans["source" | "cue" | "content"]`.

    `threads` is how many the network uses. More processes with one each are faster than one with many.
    """
    nlp = blank()
    nlp.add_pipe("onrecord_attributions", config={"names": True, "sentences": True, "threads": threads})
    return nlp
