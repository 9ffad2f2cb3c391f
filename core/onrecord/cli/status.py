"""`onrecord status`: what there is, how the last run went, who is at work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.markup import escape

from ..records import STANDARD_TABLES
from ..report import closing_line
from ..rows import quoted
from ..warehouse import Warehouse
from ..warehouse.bookkeeping import report_of
from ..warehouse.lock import holder
from . import console, folder, options

_COUNTED = ("document", "article", "mention", "claim", "entity", "quarantine")


@click.command()
@options
def command(config: Path | None, warehouse: Path | None) -> None:
    """Show what the warehouse holds, how the last run went, and whether one is going on."""
    found = Warehouse(folder(config, warehouse))
    _line("warehouse", str(found.directory))
    if not found.live.exists():
        _line("state", "empty: onrecord run fills it")
        return
    _line("writer", holder(found.directory) or "nobody")
    report = report_of(found.directory)
    if report is None:
        _line("last run", "none")
    else:
        began = f"{report.run.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
        _line("last run", f"{began}, {closing_line(report) if report.run.finished_at else report.run.status}")
        if report.run.message:
            _line("", report.run.message)
    if found.published.exists():
        age = datetime.fromtimestamp(found.published.stat().st_mtime, UTC).astimezone()
        _line("published", f"{found.published} ({age:%Y-%m-%d %H:%M:%S}, {_size(found.published)})")
    else:
        _line("published", "nothing yet")
    _line("live", f"{found.live} ({_size(found.live)})")
    with found.reading() as connection:
        for name in _COUNTED:
            assert name in STANDARD_TABLES
            count = connection.execute(f"select count(*) from {quoted(name)}").fetchall()[0][0]
            _line(name, f"{count:,}")
        withdrawn = connection.execute("select count(*) from listing where withdrawn_at is not null").fetchall()[0][0]
    _line("withdrawn", f"{withdrawn:,}")


def _line(label: str, words: str) -> None:
    console.print(f"[dim]{label:>10}[/dim]  ", escape(words), sep="", soft_wrap=True)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f} MB"
