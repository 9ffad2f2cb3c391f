"""Backfills: rows that are made anew in the background, beside the published ones, then promoted or dropped.

A backfill is a run of the stage annotate whose warehouse is a candidate: it reads what is published and writes into
the candidate's database, so that neither runs nor readers notice it. Killed, it goes on where its ledger ends::

    with backfilling(plugins, selection) as run, Workers(plugins, local_runner(plugins, 1)) as team:
        for result in imap(team, run.batches("annotate")):
            run.load(result)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..errors import OnrecordError, SchemaError, WarehouseError
from ..plugins.registry import Plugins
from ..run.engine import ActiveRun, run_lifecycle
from ..warehouse import Warehouse
from .candidate import FOLDER, Candidate, Selection, candidate_of, candidates, changing, members
from .promotion import drop, promote

__all__ = [
    "Candidate",
    "Selection",
    "backfilling",
    "candidate_of",
    "candidates",
    "drop",
    "members",
    "promote",
    "yield_to_others",
]

_NICE = 10
"""How much a backfill steps back behind other processes, from 0 to 19."""


@contextmanager
def backfilling(plugins: Plugins, selection: Selection) -> Iterator[ActiveRun]:
    """A run that fills the candidate of a selection, or goes on filling it.

    A selection of nothing but plugins stands for that of the candidate, if there is one. Raises OnrecordError for one
    that is not that of the candidate or that selects no article, LockedError while another process has it, and
    RunFailed at the end if a part failed.
    """
    warehouse = Warehouse(plugins.settings.warehouse)
    if not warehouse.published.exists():
        raise WarehouseError(warehouse.published, "nothing is published yet that could be backfilled: onrecord run")
    try:
        with ExitStack() as held:
            # Until this one has its lock: another one must neither begin with another selection nor end.
            with changing(warehouse.directory / FOLDER):
                candidate = _begun(plugins, selection)
                held.enter_context(candidate.over(warehouse.published, plugins, selected=True))
                candidate.save()
                run = ActiveRun(plugins, warehouse=candidate, versions=candidate.versions)
                held.enter_context(run_lifecycle(run, wait=False))
            yield run
        if candidate.is_empty():
            # There was nothing to do, and there is nothing to promote.
            drop(candidate)
    except SchemaError as error:
        remedy = f"Drop the candidate and begin anew: onrecord backfill --drop {selection.components[0]}"
        raise SchemaError(error.table, error.column, error.reason, remedy) from error


def yield_to_others() -> None:
    """Let this process, and the workers that it will start, have what processor time others leave."""
    os.nice(max(0, _NICE - os.nice(0)))


def _begun(plugins: Plugins, selection: Selection) -> Candidate:
    """The candidate of a selection, as it is or to be. Raises OnrecordError if there is another one in its way."""
    # In the order in which they run, however they were named: then the name of the candidate does not depend on it.
    directory = plugins.settings.warehouse
    mine = members(plugins, selection.components)
    selection = selection.model_copy(
        update={"components": tuple(name for name in mine if name in selection.components)}
    )
    for other in candidates(directory):
        if other.selection.components == selection.components:
            if selection not in (other.selection, Selection(components=selection.components)):
                raise OnrecordError(
                    f"there is a candidate of {other.name} over {other.selection}, which is not {selection}: name no "
                    "articles to go on with it, or --promote or --drop it first"
                )
            return other
        if set(mine) & set(other.selection.components) or set(selection.components) & _members(plugins, other):
            raise OnrecordError(
                f"the candidate of {other.name} has rows of the same plugins; --promote or --drop it first"
            )
    return Candidate(directory / FOLDER / "+".join(selection.components), selection)


def _members(plugins: Plugins, candidate: Candidate) -> set[str]:
    there = [name for name in candidate.selection.components if name in plugins.annotators]
    return set(members(plugins, there))
