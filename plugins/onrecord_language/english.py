"""The default pipeline for English: spaCy's tokenizer and our network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language


def make_blank() -> Language:
    """Make a pipeline with only spaCy's English tokenizer, for texts of any length."""
    import spacy

    nlp = spacy.blank("en")
    # spaCy's length limit guards against quadratic memory, which nothing here needs.
    nlp.max_length = 50_000_000
    return nlp


def load(threads: int = 1) -> Language:
    """Load the pipeline.

    It sets names in `doc.ents`, sentences, and attributions in `doc.spans["source" | "cue" | "content"]`. `threads` is
    the number of threads of the network; several processes with one thread each are faster than one process with
    several.
    """
    nlp = make_blank()
    nlp.add_pipe("onrecord_attributions", config={"names": True, "sentences": True, "threads": threads})
    return nlp
