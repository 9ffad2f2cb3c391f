"""The flow `backfill`: `onrecord backfill` as a Prefect flow, to watch and start it remotely."""

from __future__ import annotations

from datetime import date

from prefect import flow

from onrecord.backfill import Selection, start_backfill, yield_to_others
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import ActiveRun
from onrecord.run.signals import install_signal_handlers, raise_if_interrupted
from onrecord.workers import Workers, local_runner

from ..clusters.connect import connect_runner
from .tasks import imap_tasks, load_flow_settings, log_flow, write_report


@flow(name="backfill", persist_result=False, validate_parameters=False)
def backfill(
    config: str,
    components: list[str],
    since: str | None = None,
    until: str | None = None,
    outlets: list[str] | None = None,
    where: str | None = None,
    warehouse: str | None = None,
    processes: int | None = 1,
) -> None:
    """Recompute the rows of annotators in a staged version beside the published ones, or resume doing so.

    `config` is the path of an onrecord.toml; days have the form 2016-05-31. `processes` is the number of worker
    processes on this machine; None stands for the setting `[workers]`, which may name a cluster. The flow promotes
    nothing: look at `onrecord diff` first. Raises RunFailed if a part failed.
    """
    settings = load_flow_settings(config, warehouse)
    found = Plugins(settings)
    selection = Selection(
        components=tuple(components),
        since=date.fromisoformat(since) if since else None,
        until=date.fromisoformat(until) if until else None,
        outlets=tuple(outlets or ()),
        where=where,
    )
    yield_to_others()
    run: ActiveRun | None = None
    with log_flow(settings, "backfill"):
        try:
            with start_backfill(found, selection) as run, install_signal_handlers():
                runner = connect_runner(found) if processes is None else local_runner(found, processes)
                with Workers(found, runner) as team:
                    for result in imap_tasks(team, run.batches("annotate"), run.settings.run):
                        run.load(result)
                        raise_if_interrupted()
        finally:
            if run is not None:
                write_report(run.report)
