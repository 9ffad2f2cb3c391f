"""`onrecord run`: run the flow once, now, with progress in the terminal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import click

from onrecord.cli.options import config_options, resolve_settings
from onrecord.cli.terminal import FAILED, console, leave
from onrecord.errors import CheckError, OnrecordError
from onrecord.logs import hold_warnings, log_file_path, open_log_handler
from onrecord.plugins.registry import Plugins
from onrecord.reporting.progress import show_progress
from onrecord.reporting.summary import render_summary
from onrecord.run import signals
from onrecord.run.engine import ActiveRun, RunFailed, select_ingestors, start_run
from onrecord.warehouse.runs import read_report

from .listing import list_source
from .unattended.server import move_console_to, open_prefect

logger = logging.getLogger("onrecord")


@click.command()
@config_options
@click.option("--strict", is_flag=True, default=None, help="Make a plugin that cannot be loaded an error.")
@click.option("--no-wait", is_flag=True, help="End at once if another run is writing to the warehouse.")
@click.option(
    "--stale", type=click.Choice(["recompute", "leave"]),
    help="Recompute or leave rows that are stale only because a plugin changed; overrides `[run] stale`.",
)  # fmt: skip
@click.option(
    "--source", "sources", multiple=True, metavar="NAME",
    help="Ask only this ingestor for new documents; may be given several times.",
)  # fmt: skip
def run_command(
    config: Path | None,
    warehouse: Path | None,
    strict: bool | None,
    no_wait: bool,
    stale: Literal["recompute", "leave"] | None,
    sources: tuple[str, ...],
) -> None:
    """Bring the warehouse up to date and publish it.

    Exit status: 0 on success, 1 if a part failed or too many subjects were quarantined, 2 if the run could not start,
    130 after Ctrl-C, 143 after SIGTERM.
    """
    settings = resolve_settings(config, warehouse, strict=strict)
    if stale:
        settings = settings.override(run=settings.run.model_copy(update={"stale": stale}))
    # Mistakes in the configuration show here; warnings go to the run's log.
    with hold_warnings() as warnings:
        plugins = Plugins(settings)
        select_ingestors(plugins, sources)
    directory = settings.warehouse
    log = log_file_path(directory, "run")
    failure: str | None = None
    interrupted = False
    file = open_log_handler(log, settings.log.format)
    with show_progress(console) as progress:
        move_console_to(file)
        for record in warnings:
            logger.handle(record)
        try:
            with signals.install_signal_handlers(), ExitStack() as ending:
                run = ending.enter_context(start_run(plugins, sources=sources, wait=not no_wait))
                for name in run.ingestors:
                    list_source(run, name)
                    signals.raise_if_interrupted()
                if run.has_work():
                    parameters = {
                        "config": str(settings.file),
                        "warehouse": str(directory),
                        "strict": settings.strict,
                        "wait": not no_wait,
                        "sources": list(sources),
                        "stale": stale,
                    }
                    progress.say("starting Prefect (half a minute the first time)")
                    _continue_as_flow(run, ending, file, parameters)
        except (RunFailed, CheckError) as error:
            failure = str(error)
        except KeyboardInterrupt:
            interrupted = True
        except OnrecordError:
            raise
        except Exception as error:
            logger.exception("the run ended unexpectedly")
            failure = f"{type(error).__name__}: {error} (the log has the traceback: {log})"
            if progress.run_id is None:
                raise OnrecordError(f"the run could not start: {failure}") from error
    if interrupted:
        click.echo("interrupted; what was loaded is kept, and the next run does the rest", err=True)
        leave(signals.exit_status())
    report = read_report(directory, progress.run_id) if progress.run_id else None
    if report is not None:
        console.print(render_summary(report, log))
    if failure:
        click.echo(f"failed in part:\n{failure}", err=True)
        leave(FAILED)


def _continue_as_flow(
    run: ActiveRun, ending: ExitStack, file: logging.FileHandler, parameters: Mapping[str, Any]
) -> None:
    """Do the work of a run, and end it, in Prefect's flow."""
    with open_prefect(file):
        from .flow.etl import etl
        from .flow.tasks import hand_over

        with hand_over(run, ending):
            etl(**parameters)
