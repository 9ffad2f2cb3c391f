"""`onrecord status`: what there is, how the last run went, who is at work, and whether anything needs attention."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from ..errors import WarehouseError
from ..model.row import quote_identifier
from ..model.tables import STANDARD_TABLES
from ..operations.health import EXIT_STATUS, collect_findings, worst_level
from ..reporting.lines import format_outcome
from ..warehouse import Warehouse
from ..warehouse.lock import lock_holder
from ..warehouse.runs import read_report
from .common import config_options, console, resolve_settings

_COUNTED = ("document", "article", "mention", "claim", "entity", "quarantine")


@click.command()
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for monitoring.")
def status_command(config: Path | None, warehouse: Path | None, as_json: bool) -> None:
    """Show what the warehouse holds, how the last run went, and whether one is going on.

    Exit status: 0 when all is well, 1 when something needs attention, 2 when that cannot be told.
    """
    settings = resolve_settings(config, warehouse, optional=True)
    found = Warehouse(settings.warehouse)
    told = collect_findings(found, settings.status, schedules=settings.schedule)
    level = worst_level(told)
    described = _described(found)
    if as_json:
        listed = [{"code": each.code, "level": each.level, "sentence": each.sentence} for each in told]
        click.echo(json.dumps({"status": level, "findings": listed, **described}, indent=2, default=_json))
    else:
        _show(described)
        for each in told:
            _line(each.level, f"{each.sentence} ({each.code})", "red" if each.level == "attention" else "yellow")
    if level != "fine":
        sys.exit(EXIT_STATUS[level])


def _described(found: Warehouse) -> dict[str, Any]:
    """What there is, as far as it can be read."""
    described: dict[str, Any] = {
        "warehouse": str(found.directory),
        "writer": lock_holder(found.directory),
        "last_run": None,
        "published": _file(found.published),
        "live": _file(found.live),
        "rows": {},
    }
    if not found.live.exists():
        return described
    try:
        if report := read_report(found.directory):
            run = report.run
            described["last_run"] = {
                "run_id": str(run.run_id),
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "seconds": report.seconds if run.finished_at else None,
                "status": run.status,
                "message": run.message,
                "summary": format_outcome(report) if run.finished_at else run.status,
            }
        with found.reading() as connection:
            for name in _COUNTED:
                assert name in STANDARD_TABLES
                described["rows"][name] = connection.execute(
                    f"select count(*) from {quote_identifier(name)}"
                ).fetchall()[0][0]
            query = "select count(*) from source_item where deleted_at is not null"
            described["rows"]["deleted"] = connection.execute(query).fetchall()[0][0]
    except WarehouseError:
        # The findings say so.
        pass
    return described


def _show(described: dict[str, Any]) -> None:
    _line("warehouse", described["warehouse"])
    if described["live"] is None:
        _line("state", "empty: onrecord run fills it")
        return
    _line("writer", described["writer"] or "nobody")
    if last := described["last_run"]:
        _line("last run", f"{last['started_at'].astimezone():%Y-%m-%d %H:%M:%S}, {last['summary']}")
        if last["message"]:
            _line("", last["message"])
    else:
        _line("last run", "none")
    if file := described["published"]:
        age = f"{file['modified_at'].astimezone():%Y-%m-%d %H:%M:%S}"
        _line("published", f"{file['path']} ({age}, {file['bytes'] / 1e6:.1f} MB)")
    else:
        _line("published", "nothing yet")
    _line("live", f"{described['live']['path']} ({described['live']['bytes'] / 1e6:.1f} MB)")
    for name, count in described["rows"].items():
        _line(name, f"{count:,}")


def _file(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    there = path.stat()
    return {"path": str(path), "bytes": there.st_size, "modified_at": datetime.fromtimestamp(there.st_mtime, UTC)}


def _line(label: str, words: str, style: str = "dim") -> None:
    console.print(f"[{style}]{label:>10}[/{style}]  ", escape(words), sep="", soft_wrap=True)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
