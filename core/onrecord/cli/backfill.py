"""`onrecord backfill`: recompute rows in the background; promote or drop them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.markup import escape

from ..backfill import (
    Selection,
    StagedVersion,
    drop,
    find_staged_version,
    list_staged_versions,
    promote,
    start_backfill,
    yield_to_others,
)
from ..errors import CheckError
from ..model.report import RunReport
from ..plugins.registry import Plugins
from ..reporting.layout import make_table
from ..reporting.progress import show_progress
from ..reporting.summary import render_steps, render_summary
from ..run import signals
from ..run.engine import RunFailed
from ..warehouse.lock import lock_holder
from ..warehouse.runs import read_report
from ..workers import Workers, imap, local_runner
from .options import config_options, open_plugins, resolve_warehouse
from .terminal import FAILED, console, leave

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@config_options
@click.argument("components", nargs=-1, metavar="[COMPONENT]...")
@click.option("--since", type=_DAY, metavar="DAY", help="Only articles published on that day (UTC) or later.")
@click.option("--until", type=_DAY, metavar="DAY", help="Only articles published on that day (UTC) or earlier.")
@click.option("--outlet", "outlets", multiple=True, metavar="NAME",
              help="Only articles of this outlet: its name or domain. May be given more than once.")  # fmt: skip
@click.option("--where", metavar="SQL", help="Only articles for which this holds: a condition on the table `article`.")
@click.option("--workers", "processes", type=click.IntRange(0), default=1, show_default=True, metavar="N",
              help="Worker processes; 0 for none.")  # fmt: skip
@click.option("--promote", "promoting", is_flag=True,
              help="Replace the published rows by the staged ones.")  # fmt: skip
@click.option("--incomplete", is_flag=True, help="With --promote: also if the backfill is not finished.")
@click.option("--drop", "dropping", is_flag=True, help="Delete the staged version.")
def backfill_command(
    config: Path | None,
    warehouse: Path | None,
    components: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    outlets: tuple[str, ...],
    where: str | None,
    processes: int,
    promoting: bool,
    incomplete: bool,
    dropping: bool,
) -> None:
    """Recompute the rows of annotators in the background, beside the published ones.

    The new rows go into a staged version, a database of its own: `onrecord diff COMPONENT` compares it with the
    published rows, --promote replaces them, --drop deletes it. To resume an interrupted backfill, start it again
    without naming articles. Without COMPONENT, list the staged versions.

    \b
    onrecord backfill claims --since 2016-01-01 --outlet "Al Jazeera"
    onrecord diff claims
    onrecord backfill claims --promote

    Exit status: 0 on success, 1 if a part failed, 2 if it could not start, 130 or 143 after a signal to end.
    """
    selects = bool(since or until or outlets or where)
    if promoting and dropping:
        raise click.UsageError("--promote or --drop, not both")
    if (promoting or dropping) and (len(components) != 1 or selects):
        raise click.UsageError(
            "--promote and --drop take one COMPONENT and no articles: they are for its whole staged version"
        )
    if incomplete and not promoting:
        raise click.UsageError("--incomplete goes with --promote")
    if not components:
        if selects:
            raise click.UsageError("name the COMPONENTs to backfill")
        _list(resolve_warehouse(config, warehouse))
        return
    plugins = open_plugins(config, warehouse)
    if dropping or promoting:
        staged = find_staged_version(plugins.settings.warehouse, components[0], plugins)
    if dropping:
        drop(staged)
        console.print(f"dropped the staged version of {staged.name}; the published rows are unchanged")
    elif promoting:
        _promote(plugins, staged, incomplete)
    else:
        selection = Selection(
            components=components,
            since=since.date() if since else None,
            until=until.date() if until else None,
            outlets=outlets,
            where=where,
        )
        _backfill(plugins, selection, processes)


def _backfill(plugins: Plugins, selection: Selection, processes: int) -> None:
    yield_to_others()
    failure: str | None = None
    try:
        with show_progress(console) as progress:
            progress.say("looking for stale rows")
            with (
                start_backfill(plugins, selection) as run,
                signals.install_signal_handlers(),
                Workers(plugins, local_runner(plugins, processes)) as team,
            ):
                for result in imap(team, run.batches("annotate")):
                    run.load(result)
                    signals.raise_if_interrupted()
    except RunFailed as error:
        failure = str(error)
    except KeyboardInterrupt:
        click.echo("interrupted; the staged rows are kept, and the same command does the rest", err=True)
        leave(signals.exit_status())
    if (table := render_steps(run.report)) is not None:
        console.print(table)
    console.print(f"{run.report.run.status} in {run.report.seconds:.1f} s")
    if failure:
        click.echo(f"failed in part:\n{failure}", err=True)
        leave(FAILED)
    name = selection.components[0]
    if not any(name in staged.selection.components for staged in list_staged_versions(run.settings.warehouse)):
        console.print(f"nothing to do: the published rows of {name} are up to date, or their articles in quarantine")
        return
    console.print(f"`onrecord diff {name}` shows what would change; `onrecord backfill {name} --promote` changes it")


def _promote(plugins: Plugins, staged: StagedVersion, incomplete: bool) -> None:
    failure: str | None = None
    try:
        with show_progress(console) as progress:
            report: RunReport | None = promote(plugins, staged, incomplete=incomplete)
    except (RunFailed, CheckError) as error:
        failure = str(error)
        report = read_report(plugins.settings.warehouse, progress.run_id)
    except KeyboardInterrupt:
        click.echo("interrupted; the staged version is kept, and the same command promotes it", err=True)
        leave(signals.exit_status())
    if report is not None:
        console.print(render_summary(report))
    if failure:
        click.echo(f"failed in part:\n{failure}", err=True)
        leave(FAILED)
    console.print(f"promoted {staged.name}, {staged.selection}, and published")


def _list(warehouse: Path) -> None:
    staged_versions = list_staged_versions(warehouse)
    if not staged_versions:
        console.print(
            f"there are no staged versions in {warehouse}; `onrecord backfill COMPONENT` makes one", soft_wrap=True
        )
        return
    table = make_table(("staged version", "of", "articles done", "failed on", "state"), right=("articles done",))
    for staged in staged_versions:
        done = failed = 0
        state = "not begun"
        holder = lock_holder(staged.directory)
        if holder is None:
            staged.migrate()
        if report := read_report(staged.directory):
            done, failed = staged.count_articles()
            state = {"completed": "finished", "running": "killed"}.get(report.run.status, report.run.status)
        if holder:
            state = f"in progress: {holder}"
        cells = (staged.name, str(staged.selection), f"{done:,}", f"{failed:,}", state)
        table.add_row(*map(escape, cells))
    console.print(table)
