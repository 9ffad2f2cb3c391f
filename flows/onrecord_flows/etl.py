"""The flow: ingest, clean, annotate; aggregate; check; publish.

What to do, in what order, and what may be skipped is decided by `onrecord.engine`; Prefect gives it tasks that can
be watched, retries, and a schedule.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from onrecord.config import load
from onrecord.engine import STAGES, ActiveRun, running
from onrecord.plugins import Plugins
from onrecord.workers import workers

from .clusters import connected
from .interrupts import heed, noted
from .tasks import Failed, aggregate, check, discovered, mapped, publish, write_report


@flow(name="etl", persist_result=False, validate_parameters=False)
def etl(config: str, warehouse: str | None = None, strict: bool | None = None, wait: bool = True) -> None:
    """Bring a warehouse up to date with its sources and its plugins, and publish it.

    `config` is the path of an onrecord.toml; the others override what it says. With `wait`, a run of the same
    warehouse that is going on is waited for. Raises RunFailed when a part failed; the rest is loaded and published.
    """
    changes = {"warehouse": Path(warehouse).resolve() if warehouse else None, "strict": strict}
    plugins = Plugins(load(Path(config)).with_settings(**changes))
    run: ActiveRun | None = None
    try:
        # Here too: Prefect has put its own handler in the place of the command's.
        with running(plugins, wait=wait) as run, noted():
            work_through(run, plugins)
    finally:
        if run is not None:
            write_report(run.report)


def work_through(run: ActiveRun, plugins: Plugins) -> None:
    """All stages of a run, in order."""
    # First of all, so that nothing has been done yet if a cluster cannot be reached.
    with workers(plugins, connected(plugins)) as team:
        for name, ingestor in run.ingestors.items():
            items = discovered(ingestor, run.settings.run)
            if isinstance(items, Failed):
                run.not_listed(name, items.error)
            else:
                run.listed(name, items)
            heed()

        for stage in STAGES:
            for outcome in mapped(team, run.pending(stage, team.processes(stage)), run.settings.run):
                run.load(outcome)
                heed()

    for name in run.aggregators:
        aggregate(run, name)
        heed()
    if run.has_changed:
        check(run)
        publish(run)
