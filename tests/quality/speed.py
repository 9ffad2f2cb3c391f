"""How many words a second the pipeline reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onrecord.workers.cpus import processors

from .corpora import attributed
from .tables import Table

if TYPE_CHECKING:
    from spacy.language import Language

BATCH = 16
"""Texts that a process is handed at once."""
TIMES = 2
"""How often all texts are read."""


class Speed(NamedTuple):
    """Words a second."""

    by_the_clock: float
    of_processor_time: float
    """Of this process: what other programs do makes little difference to it. Of no meaning with several processes."""


def tables(nlp: Language, path: Path) -> list[Table]:
    """Measure a pipeline's speed on PolNeAR's articles."""
    texts = [text for text, _ in attributed(path)] * TIMES
    one, two = (words_per_second(nlp, texts, processes) for processes in (1, 2))
    return [
        Table(
            "Speed: words a second, from plain text to Doc",
            ("processes", "by the clock", "of processor time"),
            [["1", round(one.by_the_clock), round(one.of_processor_time)], ["2", round(two.by_the_clock), None]],
            (
                f"PolNeAR dev's articles, {TIMES} times, through nlp.pipe(batch_size={BATCH}, n_process=processes); a "
                f"word is a token that is not white space. On this machine, with {processors()} processors, and with "
                "whatever else it was doing. The clock starts when each process has read its first batch.",
            ),
        )
    ]


def words_per_second(nlp: Language, texts: Sequence[str], processes: int) -> Speed:
    """The speed on texts, when each process has loaded the pipeline and read one batch of them."""
    first = texts[: BATCH * processes]
    docs = nlp.pipe(chain(first, texts), n_process=processes, batch_size=BATCH)
    for _ in first:
        next(docs)
    begun, begun_processor = time.perf_counter(), time.process_time()
    words = sum(not token.is_space for doc in docs for token in doc)
    return Speed(words / (time.perf_counter() - begun), words / (time.process_time() - begun_processor))
