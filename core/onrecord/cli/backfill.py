"""`onrecord backfill`: rows made anew in the background, beside the published ones, then promoted or dropped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from ..backfill import (
    Candidate,
    Selection,
    backfilling,
    candidate_of,
    candidates,
    drop,
    promote,
    yield_to_others,
)
from ..errors import CheckError
from ..model.report import RunReport
from ..plugins.registry import Plugins
from ..reporting.progress import show_progress
from ..reporting.terminal import render_steps, render_summary
from ..run import signals
from ..run.engine import RunFailed
from ..warehouse.lock import lock_holder
from ..warehouse.runs import read_report
from ..workers import Workers, imap, local_runner
from .common import FAILED, config_options, console, leave, open_plugins, resolve_warehouse

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
              help="Put the candidate's rows in the place of the published ones.")  # fmt: skip
@click.option("--incomplete", is_flag=True, help="With --promote: also what a backfill that is not finished has made.")
@click.option("--drop", "dropping", is_flag=True, help="Delete the candidate.")
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
    """Make rows of annotators anew in the background, beside the published ones.

    They go into a candidate, a database of its own: `onrecord diff COMPONENT` compares it with what is published,
    --promote puts it in the place of that, --drop deletes it. A backfill that was broken off goes on where it was when
    it is started again without naming articles. Without COMPONENT, the candidates are listed.

    \b
    onrecord backfill claims --since 2016-01-01 --outlet "Al Jazeera"
    onrecord diff claims
    onrecord backfill claims --promote

    Exit status: 0 when all went well, 1 when a part failed, 2 when it could not start, 130 or 143 when it was told to
    end.
    """
    selects = bool(since or until or outlets or where)
    if promoting and dropping:
        raise click.UsageError("--promote or --drop, not both")
    if (promoting or dropping) and (len(components) != 1 or selects):
        raise click.UsageError("--promote and --drop take one COMPONENT, and are about all that its candidate holds")
    if incomplete and not promoting:
        raise click.UsageError("--incomplete goes with --promote")
    if not components:
        if selects:
            raise click.UsageError("name the COMPONENTs to backfill")
        _list(resolve_warehouse(config, warehouse))
        return
    found = open_plugins(config, warehouse)
    settings = found.settings
    if dropping:
        candidate = candidate_of(settings.warehouse, components[0], found)
        drop(candidate)
        console.print(f"dropped the candidate of {candidate.name}; what is published has not been touched")
    elif promoting:
        _promote(found, candidate_of(settings.warehouse, components[0], found), incomplete)
    else:
        selection = Selection(
            components=components,
            since=since.date() if since else None,
            until=until.date() if until else None,
            outlets=outlets,
            where=where,
        )
        _backfill(found, selection, processes)


def _backfill(plugins: Plugins, selection: Selection, processes: int) -> None:
    yield_to_others()
    failure: str | None = None
    interrupted = False
    with show_progress(console) as progress:
        progress.say("looking up what there is to do")
        try:
            with (
                backfilling(plugins, selection) as run,
                signals.install_signal_handlers(),
                Workers(plugins, local_runner(plugins, processes)) as team,
            ):
                for result in imap(team, run.batches("annotate")):
                    run.load(result)
                    signals.raise_if_interrupted()
        except RunFailed as error:
            failure = str(error)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        click.echo("interrupted; all that was made is kept, and the same command does the rest", err=True)
        leave(signals.exit_status())
    if (table := render_steps(run.report)) is not None:
        console.print(table)
    console.print(f"{run.report.run.status} in {run.report.seconds:.1f} s")
    if failure:
        click.echo(f"failed in part:\n{failure}", err=True)
        leave(FAILED)
    name = selection.components[0]
    if not any(name in candidate.selection.components for candidate in candidates(run.settings.warehouse)):
        console.print(f"nothing to do: what is published of {name} is up to date, or waits in quarantine")
        return
    console.print(
        f"`onrecord diff {name}` shows what would change; `onrecord backfill {name} --promote` has it changed"
    )


def _promote(plugins: Plugins, candidate: Candidate, incomplete: bool) -> None:
    failure: str | None = None
    interrupted = False
    with show_progress(console) as progress:
        try:
            report: RunReport | None = promote(plugins, candidate, incomplete=incomplete)
        except (RunFailed, CheckError) as error:
            failure = str(error)
            report = read_report(plugins.settings.warehouse, progress.run_id)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        click.echo("interrupted; the candidate is kept, and the same command promotes it", err=True)
        leave(signals.exit_status())
    if report is not None:
        console.print(render_summary(report))
    if failure:
        click.echo(f"failed in part:\n{failure}", err=True)
        leave(FAILED)
    console.print(f"promoted {candidate.name}, {candidate.selection}, and published")


def _list(warehouse: Path) -> None:
    found = candidates(warehouse)
    if not found:
        console.print(
            f"there are no candidates in {warehouse}; `onrecord backfill COMPONENT` makes one", soft_wrap=True
        )
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("candidate", "of", "articles done", "failed on", "state"):
        table.add_column(heading, overflow="fold", justify="right" if heading[:1] == "a" else "left")
    for candidate in found:
        done = failed = 0
        state = "not begun"
        if report := read_report(candidate.directory):
            with candidate.reading() as connection:
                query = (
                    "select (select count(distinct subject_id) from ledger), "
                    "(select count(distinct subject_id) from quarantine)"
                )
                ((done, failed),) = connection.execute(query).fetchall()
            state = {"completed": "finished", "running": "killed"}.get(report.run.status, report.run.status)
        if who := lock_holder(candidate.directory):
            state = f"in progress: {who}"
        cells = (candidate.name, str(candidate.selection), f"{done:,}", f"{failed:,}", state)
        table.add_row(*map(escape, cells))
    console.print(table)
