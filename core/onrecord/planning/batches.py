"""Cutting work into batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any
from uuid import UUID

import pyarrow as pa

_LEAST = 20
"""Fewer subjects than this are not worth a batch of their own."""


@dataclass(frozen=True, slots=True)
class WorkItems:
    """Subjects on which the same components have work, few enough for one batch."""

    components: tuple[str, ...]
    language: str | None
    subject_ids: list[UUID]
    row_positions: tuple[int, int]
    """The first and the last position of the subjects in their table: what lies outside need not be searched."""


def choose_batch_size(total: int, workers: int, most: int) -> int:
    """Choose the subjects per batch, so that all workers are busy at little cost."""
    return min(most, max(_LEAST, ceil(total / (4 * max(1, workers)))))


def cut_batches(selected: pa.Table, most: int, most_bytes: int) -> Iterator[WorkItems]:
    """Cut subjects into batches of the same components and language.

    `selected` has subject_id, components, language, bytes and row_position. `most` subjects and `most_bytes` limit a
    batch; a larger subject stands alone.
    """
    rows = sorted(selected.to_pylist(), key=lambda row: (row["components"], row["language"] or "", row["row_position"]))
    for (components, language), group in groupby(rows, lambda row: (tuple(row["components"]), row["language"])):
        batch: list[dict[str, Any]] = []
        size = 0
        for row in group:
            if batch and (len(batch) >= most or size + row["bytes"] > most_bytes):
                yield _work_items(components, language, batch)
                batch, size = [], 0
            batch.append(row)
            size += row["bytes"]
        yield _work_items(components, language, batch)


def _work_items(components: tuple[str, ...], language: str | None, rows: Sequence[Mapping[str, Any]]) -> WorkItems:
    positions = rows[0]["row_position"], rows[-1]["row_position"]
    return WorkItems(components, language, [row["subject_id"] for row in rows], positions)


def leave_out_stopped(
    components: Sequence[str], stopped: set[str], upstream: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Leave out stopped components and those that require them."""
    out = stopped.intersection(components)
    return tuple(name for name in components if name not in out and not out & upstream.get(name, frozenset()))
