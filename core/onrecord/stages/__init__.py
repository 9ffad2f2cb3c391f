"""The stages that work batch by batch: pure functions from a batch to an result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..logs import log_context
from .annotate import annotate
from .clean import clean
from .ingest import discover, ingest
from .work import Batch, BatchResult, Counters

if TYPE_CHECKING:
    from ..plugins.registry import Plugins

__all__ = ["Batch", "BatchResult", "Counters", "annotate", "clean", "discover", "ingest", "perform"]


def perform(batch: Batch, plugins: Plugins) -> BatchResult:
    """Do what a batch asks for, wherever it has been sent."""
    with log_context(stage=batch.stage, batch=batch.number):
        return _performed(batch, plugins)


def _performed(batch: Batch, plugins: Plugins) -> BatchResult:
    if batch.stage == "ingest":
        with log_context(component=batch.components[0]):
            return ingest(batch, plugins.ingestors[batch.components[0]], plugins.settings.run)
    if batch.stage == "clean":
        return clean(batch, plugins.cleaners, plugins.settings.language.default)
    pipeline = plugins.pipelines.get(batch.language) if batch.language else None
    return annotate(batch, plugins.annotators, plugins.tables, pipeline)
