"""`onrecord report`: a run, looked back at."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.health import collect_findings
from ..reporting.html import render_run_page
from ..reporting.terminal import render_summary
from ..warehouse import Warehouse
from ..warehouse.runs import find_run, read_report
from .common import config_options, console, resolve_settings


@click.command()
@config_options
@click.argument("run", required=False)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a page that needs nothing else: steps, what failed, what is new, findings.",
)  # fmt: skip
def report_command(config: Path | None, warehouse: Path | None, run: str | None, html: Path | None) -> None:
    """Tell how a run went: the last one, or RUN, the beginning of a run's id (`select run_id from run`)."""
    settings = resolve_settings(config, warehouse, optional=True)
    directory = settings.warehouse
    run_id = find_run(directory, run) if run else None
    report = read_report(directory, run_id)
    if report is None or (run and run_id is None):
        what = f"not exactly one run begins with {run}" if run else "nothing has run yet"
        raise click.UsageError(f"{directory}: {what}")
    if html is None:
        console.print(render_summary(report))
        return
    # What needs attention now has to do with the last run, not with any other.
    last = read_report(directory)
    found = (
        collect_findings(Warehouse(directory), settings.status) if last and last.run.run_id == report.run.run_id else []
    )
    html.write_text(render_run_page(report, found), encoding="utf-8")
    click.echo(f"written to {html}", err=True)
