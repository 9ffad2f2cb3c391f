"""The stages: pure functions from a batch, or the warehouse, to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..logs import log_context
from .aggregate import aggregate
from .annotate import annotate
from .builder import ResultBuilder, fail_batch
from .clean import clean
from .ingest import discover, ingest
from .work import Batch, BatchResult, Counters

if TYPE_CHECKING:
    from ..plugins.registry import Plugins

__all__ = [
    "Batch", "BatchResult", "Counters", "ResultBuilder", "aggregate", "annotate", "clean", "discover", "fail_batch",
    "ingest", "perform",
]  # fmt: skip


def perform(batch: Batch, plugins: Plugins) -> BatchResult:
    """Run a batch's stage, in whichever process it has been sent to."""
    settings = plugins.settings
    with log_context(stage=batch.stage, batch=batch.number):
        if batch.stage == "ingest":
            with log_context(component=batch.components[0]):
                return ingest(batch, plugins.ingestors[batch.components[0]], settings.run)
        if batch.stage == "clean":
            return clean(batch, plugins.cleaners, settings.language.default)
        pipeline = plugins.pipelines.get(batch.language) if batch.language else None
        return annotate(batch, plugins.annotators, plugins.tables, pipeline)
