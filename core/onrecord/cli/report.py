"""`onrecord report`: show how an earlier run went."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.health import collect_findings
from ..reporting.html import render_run_page
from ..reporting.summary import render_summary
from ..warehouse import Warehouse
from ..warehouse.runs import read_report
from .options import config_options, resolve_settings
from .terminal import console


@click.command()
@config_options
@click.argument("run", required=False)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a page that needs nothing else: steps, what failed, what is new, findings.",
)  # fmt: skip
def report_command(config: Path | None, warehouse: Path | None, run: str | None, html: Path | None) -> None:
    """Show how the last run went, or RUN, the beginning of a run's id in `run`."""
    settings = resolve_settings(config, warehouse, optional=True)
    directory = settings.warehouse
    report = read_report(directory, run)
    if report is None:
        what = f"not exactly one run begins with {run}" if run else "nothing has run yet"
        raise click.UsageError(f"{directory}: {what}")
    if html is None:
        console.print(render_summary(report))
        return
    # The present findings are about the last run only.
    last = read_report(directory)
    is_last = last is not None and last.run.run_id == report.run.run_id
    findings = collect_findings(Warehouse(directory), settings.status) if is_last else []
    html.write_text(render_run_page(report, findings), encoding="utf-8")
    click.echo(f"written to {html}", err=True)
