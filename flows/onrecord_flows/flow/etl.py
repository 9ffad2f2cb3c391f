"""The flow `etl`: ingest, clean, annotate, aggregate, check, publish.

`onrecord.run.engine` decides what to do, in what order, and what to skip. Prefect adds observable tasks, retries and
schedules.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Literal

from prefect import State, flow
from prefect.runtime import deployment
from prefect.states import Completed

from onrecord.errors import LockedError
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, ActiveRun, start_run
from onrecord.run.signals import install_signal_handlers, raise_if_interrupted
from onrecord.workers import Workers

from ..clusters.connect import connect_runner
from .tasks import (
    imap_tasks,
    load_flow_settings,
    log_flow,
    run_aggregator_task,
    run_check_task,
    run_handed_over,
    run_list_task,
    run_publish_task,
    write_report,
)

log = logging.getLogger("onrecord")


@flow(name="etl", persist_result=False, validate_parameters=False)
def etl(
    config: str,
    warehouse: str | None = None,
    strict: bool | None = None,
    wait: bool = True,
    sources: list[str] | None = None,
    stale: Literal["recompute", "leave"] | None = None,
) -> State[None] | None:
    """Bring a warehouse up to date with its sources and its plugins, and publish it.

    `config` is the path of an onrecord.toml; `warehouse`, `strict` and `stale` override its settings. `sources` names
    the ingestors to ask for new documents, by default all. If another run holds the warehouse, the flow waits for it
    with `wait`; without `wait`, a scheduled run ends as skipped, and any other raises LockedError. Raises RunFailed if
    a part failed; the rest is loaded and published.
    """
    handed_over = run_handed_over()
    if handed_over:
        settings = handed_over[0].settings
    else:
        settings = load_flow_settings(config, warehouse).override(strict=strict)
        if stale:
            settings = settings.override(run=settings.run.model_copy(update={"stale": stale}))
    with log_flow(settings, "run"):
        run: ActiveRun | None = None
        try:
            with ExitStack() as stack:
                if handed_over:
                    run, ending = handed_over
                    stack.enter_context(ending.pop_all())
                else:
                    run = stack.enter_context(start_run(Plugins(settings), sources=sources or (), wait=wait))
                # Here too: Prefect has replaced the command's handlers with its own.
                stack.enter_context(install_signal_handlers())
                if not handed_over:
                    for name in run.ingestors:
                        run_list_task(run, name)
                        raise_if_interrupted()
                run_stages(run)
        except LockedError as error:
            if deployment.id is None:
                raise
            log.warning("skipped: %s", error)
            return Completed(name="Skipped", message=f"nothing done, the next run does it: {error}")
        finally:
            if run is not None:
                write_report(run.report)
        return None


def run_stages(run: ActiveRun) -> None:
    """Run all stages of a run in order, once its sources are listed."""
    with Workers(run.plugins, connect_runner(run.plugins)) as team:
        for stage in STAGES:
            for result in imap_tasks(team, run.batches(stage, team.processes(stage)), run.settings.run):
                run.load(result)
                raise_if_interrupted()

    for name in run.aggregators:
        run_aggregator_task(run, name)
        raise_if_interrupted()
    if run.has_changed:
        run_check_task(run)
        run_publish_task(run)
