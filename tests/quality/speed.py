"""Speed of the pipeline in words per second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onrecord.workers.machine import count_processors

from .corpora import read_attributions
from .tables import Table

if TYPE_CHECKING:
    from spacy.language import Language

BATCH = 16
"""Texts per batch."""
TIMES = 2
"""Repetitions of all texts."""


class Speed(NamedTuple):
    """Words per second."""

    wall_time: float
    processor_time: float
    """Of this process. Depends little on other load, and is meaningless with several processes."""


def tables(nlp: Language, path: Path) -> list[Table]:
    """Measure a pipeline's speed on PolNeAR's articles."""
    texts = [text for text, _ in read_attributions(path)] * TIMES
    one, two = (measure_speed(nlp, texts, processes) for processes in (1, 2))
    return [
        Table(
            "Speed: words per second, from plain text to Doc",
            ("processes", "wall time", "processor time"),
            [["1", round(one.wall_time), round(one.processor_time)], ["2", round(two.wall_time), None]],
            (
                f"PolNeAR dev's articles, {TIMES} times, through nlp.pipe(batch_size={BATCH}, n_process=processes); a "
                f"word is a token that is not white space. On a machine with {count_processors()} processors, "
                "under its other load. Timing starts when each process has read its first batch.",
            ),
        )
    ]


def measure_speed(nlp: Language, texts: Sequence[str], processes: int) -> Speed:
    """Measure speed after each process has loaded the pipeline and read one batch."""
    first = texts[: BATCH * processes]
    docs = nlp.pipe(chain(first, texts), n_process=processes, batch_size=BATCH)
    for _ in first:
        next(docs)
    begun, begun_processor = time.perf_counter(), time.process_time()
    words = sum(not token.is_space for doc in docs for token in doc)
    return Speed(words / (time.perf_counter() - begun), words / (time.process_time() - begun_processor))
