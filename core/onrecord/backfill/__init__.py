"""Backfills: recompute rows in the background, then promote or drop them.

A backfill is a run of the stage annotate whose warehouse is a staged version: it reads the published database and
writes into a database of its own, so that neither runs nor readers notice it. After a kill it resumes from its ledger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..errors import OnrecordError, SchemaError, WarehouseError
from ..plugins.registry import Plugins
from ..run.engine import ActiveRun, run_lifecycle
from ..warehouse import Warehouse
from .promotion import drop, promote
from .staging import (
    FOLDER,
    Selection,
    StagedVersion,
    find_staged_version,
    list_staged_versions,
    lock_staged_versions,
    select_annotators,
)

__all__ = [
    "Selection",
    "StagedVersion",
    "drop",
    "find_staged_version",
    "list_staged_versions",
    "promote",
    "start_backfill",
    "yield_to_others",
]

_NICE = 10
"""The priority of a backfill, from 0 (as other processes) to 19 (lowest)."""


@contextmanager
def start_backfill(plugins: Plugins, selection: Selection) -> Iterator[ActiveRun]:
    """Run the stage annotate into the staged version of a selection.

    The staged version is created or resumed. A selection that names only components stands for the one that their
    staged version has. Raises OnrecordError for another selection than that, or one without an article; LockedError
    while another process fills the staged version; RunFailed at the end if a part failed.
    """
    warehouse = Warehouse(plugins.settings.warehouse)
    if not warehouse.published.exists():
        raise WarehouseError(warehouse.published, "nothing is published yet that could be backfilled: onrecord run")
    try:
        with ExitStack() as held:
            # Until this staged version has its own lock, no other process may create or delete one.
            with lock_staged_versions(warehouse.directory / FOLDER):
                staged = _find_or_create(plugins, selection)
                held.enter_context(staged.overlay(warehouse.published, plugins, selected=True))
                staged.save()
                run = ActiveRun(plugins, warehouse=staged, versions=staged.component_versions)
                held.enter_context(run_lifecycle(run, wait=False))
            yield run
        if staged.count_articles() == (0, 0):
            # Nothing was stale, so there is nothing to promote.
            drop(staged)
    except SchemaError as error:
        remedy = f"Drop the staged version and start again: onrecord backfill --drop {selection.components[0]}"
        raise SchemaError(error.table, error.column, error.reason, remedy) from error


def yield_to_others() -> None:
    """Lower the priority of this process and of the workers that it starts later."""
    os.nice(max(0, _NICE - os.nice(0)))


def _find_or_create(plugins: Plugins, selection: Selection) -> StagedVersion:
    """Return the staged version of a selection.

    Raises OnrecordError if another one is in its way.
    """
    directory = plugins.settings.warehouse
    annotators = select_annotators(plugins, selection.components)
    # In the order in which they run, so that the name does not depend on the order of the arguments.
    components = tuple(name for name in annotators if name in selection.components)
    selection = selection.model_copy(update={"components": components})
    for other in list_staged_versions(directory):
        if other.selection.components == components:
            if selection not in (other.selection, Selection(components=components)):
                raise OnrecordError(
                    f"the staged version of {other.name} has {other.selection}, not {selection}: to resume it, name "
                    "no articles; to start another one, first --promote or --drop it"
                )
            return other
        if set(annotators) & set(other.selection.components) or set(components) & set(other.annotators(plugins)):
            raise OnrecordError(
                f"the staged version of {other.name} has rows of the same components; --promote or --drop it first"
            )
    return StagedVersion(directory / FOLDER / "+".join(components), selection)
