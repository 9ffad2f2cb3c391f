"""The flow: ingest, clean, annotate; aggregate; check; publish.

What to do, in what order, and what may be skipped is decided by `onrecord.run.engine`; Prefect gives it tasks that can
be watched, retries, and a schedule.
"""

from __future__ import annotations

import logging
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
    Failed,
    aggregate,
    check,
    discovered,
    imap_tasks,
    load_flow_settings,
    log_flow,
    plugins_in_use,
    publish,
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

    `config` is the path of an onrecord.toml; `warehouse`, `strict` and `stale` override what it says. `sources` names
    the ingestors that are asked for new documents; without it all are. With `wait`, a run of the same warehouse that is
    going on is waited for; without it, a scheduled run ends as skipped, and any other raises LockedError. Raises
    RunFailed when a part failed; the rest is loaded and published.
    """
    plugins = plugins_in_use()
    settings = plugins.settings if plugins else load_flow_settings(config, warehouse).override(strict=strict)
    if stale:
        settings = settings.override(run=settings.run.model_copy(update={"stale": stale}))
    with log_flow(settings, "run"):
        plugins = plugins or Plugins(settings)
        run: ActiveRun | None = None
        try:
            # Here too: Prefect has put its own handler in the place of the command's.
            with start_run(plugins, sources=sources or (), wait=wait) as run, install_signal_handlers():
                work_through(run, plugins)
        except LockedError as error:
            if deployment.id is None:
                raise
            log.warning("skipped: %s", error)
            return Completed(name="Skipped", message=f"nothing done, the next run does it: {error}")
        finally:
            if run is not None:
                write_report(run.report)
        return None


def work_through(run: ActiveRun, plugins: Plugins) -> None:
    """All stages of a run, in order."""
    # First of all, so that nothing has been done yet if a cluster cannot be reached.
    with Workers(plugins, connect_runner(plugins)) as team:
        for name, ingestor in run.ingestors.items():
            items = discovered(ingestor, run.settings.run)
            if isinstance(items, Failed):
                run.record_listing_failure(name, items.error)
            else:
                run.record_listing(name, items)
            raise_if_interrupted()

        for stage in STAGES:
            for result in imap_tasks(team, run.batches(stage, team.processes(stage)), run.settings.run):
                run.load(result)
                raise_if_interrupted()

    for name in run.aggregators:
        aggregate(run, name)
        raise_if_interrupted()
    if run.has_changed:
        check(run)
        publish(run)
