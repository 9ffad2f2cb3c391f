"""The stages that work batch by batch: pure functions from a batch to an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .annotate import annotate
from .batch import Batch, Outcome, Tally
from .clean import clean
from .ingest import discover, ingest

if TYPE_CHECKING:
    from ..plugins import Plugins

__all__ = ["Batch", "Outcome", "Tally", "annotate", "clean", "discover", "ingest", "perform"]


def perform(batch: Batch, plugins: Plugins) -> Outcome:
    """Do what a batch asks for, wherever it has been sent."""
    if batch.stage == "ingest":
        return ingest(batch, plugins.ingestors[batch.plugins[0]], plugins.configuration.settings.run)
    if batch.stage == "clean":
        return clean(batch, plugins.cleaners, plugins.configuration.settings.language.default)
    pipeline = plugins.pipelines.get(batch.language) if batch.language else None
    return annotate(batch, plugins.annotators, plugins.tables, pipeline)
