"""`onrecord status`: show the warehouse, the last run, and what needs attention."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic_core import to_json
from rich.markup import escape

from ..errors import WarehouseError
from ..operations.health import EXIT_STATUS, collect_findings, worst_level
from ..reporting.summary import format_outcome
from ..warehouse import Warehouse
from ..warehouse.lock import lock_holder
from ..warehouse.runs import read_report
from .options import config_options, resolve_settings
from .terminal import console

_COUNTED = {name: name for name in ("document", "article", "mention", "claim", "entity", "quarantine")} | {
    "deleted": "source_item where deleted_at is not null"
}


@click.command()
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for monitoring.")
def status_command(config: Path | None, warehouse: Path | None, as_json: bool) -> None:
    """Show what the warehouse holds, how the last run went, and who is writing.

    Exit status: 0 when all is well, 1 when something needs attention, 2 when that cannot be determined.
    """
    settings = resolve_settings(config, warehouse, optional=True)
    stored = Warehouse(settings.warehouse)
    findings = collect_findings(stored, settings.status, schedules=settings.schedule)
    level = worst_level(findings)
    facts = _describe(stored)
    if as_json:
        click.echo(to_json({"status": level, "findings": findings, **facts}, indent=2))
    else:
        _print_facts(facts)
        for each in findings:
            _print_line(each.level, f"{each.sentence} ({each.code})", "red" if each.level == "attention" else "yellow")
    if level != "fine":
        sys.exit(EXIT_STATUS[level])


def _describe(stored: Warehouse) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "warehouse": str(stored.directory),
        "writer": lock_holder(stored.directory),
        "last_run": None,
        "published": _describe_file(stored.published),
        "live": _describe_file(stored.live),
        "rows": {},
    }
    if not stored.live.exists():
        return facts
    try:
        if report := read_report(stored.directory):
            run = report.run
            facts["last_run"] = run.model_dump(include={"run_id", "started_at", "finished_at", "status", "message"}) | {
                "seconds": report.seconds if run.finished_at else None,
                "summary": format_outcome(report) if run.finished_at else run.status,
            }
        with stored.reading() as connection:
            for name, source in _COUNTED.items():
                ((facts["rows"][name],),) = connection.execute(f"select count(*) from {source}").fetchall()
    except WarehouseError:
        pass  # A finding reports it.
    return facts


def _print_facts(facts: dict[str, Any]) -> None:
    _print_line("warehouse", facts["warehouse"])
    if facts["live"] is None:
        _print_line("state", "empty: onrecord run fills it")
        return
    _print_line("writer", facts["writer"] or "nobody")
    if last := facts["last_run"]:
        _print_line("last run", f"{last['started_at'].astimezone():%Y-%m-%d %H:%M:%S}, {last['summary']}")
        if last["message"]:
            _print_line("", last["message"])
    else:
        # Rows could be counted if the database could be read.
        _print_line("last run", "none" if facts["rows"] else "unknown")
    if file := facts["published"]:
        age = f"{file['modified_at'].astimezone():%Y-%m-%d %H:%M:%S}"
        _print_line("published", f"{file['path']} ({age}, {file['bytes'] / 1e6:.1f} MB)")
    else:
        _print_line("published", "nothing yet")
    _print_line("live", f"{facts['live']['path']} ({facts['live']['bytes'] / 1e6:.1f} MB)")
    for name, count in facts["rows"].items():
        _print_line(name, f"{count:,}")


def _describe_file(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    stat = path.stat()
    return {"path": str(path), "bytes": stat.st_size, "modified_at": datetime.fromtimestamp(stat.st_mtime, UTC)}


def _print_line(label: str, words: str, style: str = "dim") -> None:
    console.print(f"[{style}]{label:>10}[/{style}]  ", escape(words), sep="", soft_wrap=True)
