"""How many words a second the pipeline reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.workers import processors

from .corpora import attributed
from .tables import Table

if TYPE_CHECKING:
    from spacy.language import Language

BATCH = 16
"""Texts that a process is handed at once."""
TIMES = 2
"""How often all texts are read."""


def tables(nlp: Language, path: Path) -> list[Table]:
    """Measure a pipeline's speed on PolNeAR's articles."""
    texts = [text for text, _ in attributed(path)] * TIMES
    counts = (1, 2)
    return [
        Table(
            "Speed: words a second, from plain text to Doc",
            ("processes", "words a second"),
            [[str(processes), round(words_per_second(nlp, texts, processes))] for processes in counts],
            (
                f"PolNeAR dev's articles, {TIMES} times, through nlp.pipe(batch_size={BATCH}, n_process=processes); a "
                f"word is a token that is not white space. On this machine, with {processors()} processors, and with "
                "whatever else it was doing. The clock starts when each process has read its first batch.",
            ),
        )
    ]


def words_per_second(nlp: Language, texts: Sequence[str], processes: int) -> float:
    """The speed on texts, when each process has loaded the pipeline and read one batch of them."""
    first = texts[: BATCH * processes]
    docs = nlp.pipe(chain(first, texts), n_process=processes, batch_size=BATCH)
    for _ in first:
        next(docs)
    begun = time.perf_counter()
    words = sum(not token.is_space for doc in docs for token in doc)
    return words / (time.perf_counter() - begun)
