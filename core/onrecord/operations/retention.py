"""Retention: remove old data from a warehouse and return the space to the disk.

Maintenance changes the live database, under the lock. The published database is a file of its own and stays
consistent; the next run that publishes removes the old data there too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ..config.settings import MaintainSettings
from ..errors import WarehouseError
from ..logs import DATE_GLOB
from ..sql import quote_identifier, read_sql
from ..warehouse.database import Warehouse
from ..warehouse.lock import lock_warehouse
from ..warehouse.schema import read_columns
from .backup import Backup, backup

log = logging.getLogger("onrecord")


@dataclass(slots=True)
class MaintenanceReport:
    """What maintenance did, or with `dry_run` would do."""

    bytes_before: int
    """Size of the live database."""
    bytes_after: int
    removed: dict[str, int] = field(default_factory=dict)
    """The number of removed rows by kind of data, zeros included."""
    logs: int = 0
    """The number of removed log files of runs."""
    log_bytes: int = 0
    compacted: bool = False
    backup: Backup | None = None
    """The backup that was made first."""
    published: bool = False
    """Whether the smaller file was published. Without that, the next run publishes it."""


class _Undo(Exception):
    """Rolls a transaction back."""


def maintain_warehouse(
    directory: Path,
    settings: MaintainSettings,
    *,
    dry_run: bool = False,
    wait: bool = True,
    now: datetime | None = None,
) -> MaintenanceReport:
    """Remove old data, as the settings say, and compact the live database.

    First it makes a backup if the settings have a folder for backups; if that fails, nothing is removed. It waits for
    a run in progress, or with `wait=False` raises LockedError. With `dry_run`, the removal is rolled back and nothing
    is compacted. A kill at any moment leaves a consistent warehouse. Raises WarehouseError if there is no warehouse.
    """
    warehouse = Warehouse(directory)
    if not warehouse.live.exists():
        raise WarehouseError(directory, "there is no warehouse here: onrecord run makes one")
    made = backup(directory, settings.backups, keep=settings.keep) if settings.backups and not dry_run else None
    with lock_warehouse(directory, wait=wait):
        try:
            report = _maintain(warehouse, settings, dry_run, now or datetime.now(UTC))
            report.backup = made
            return report
        finally:
            warehouse.close()


def _maintain(warehouse: Warehouse, settings: MaintainSettings, dry_run: bool, now: datetime) -> MaintenanceReport:
    if not dry_run:
        # First, since leftovers may be what fills the disk.
        warehouse.clear_leftovers()
    size = warehouse.live.stat().st_size
    report = MaintenanceReport(size, size)
    was_published, unpublished = warehouse.is_published(), warehouse.unpublished_runs()
    with suppress(_Undo), warehouse.writing() as connection:
        connection.register("_unpublished", pa.table({"run_id": pa.array(unpublished, pa.uuid())}))
        report.removed = _remove_old(connection, settings, now)
        if dry_run:
            raise _Undo
        log.info("removing %s", report.removed)
    log.info("removed")
    for file in _find_old_logs(warehouse.directory, settings, now):
        report.logs += 1
        report.log_bytes += file.stat().st_size
        if not dry_run:
            file.unlink()
    if dry_run:
        return report
    if settings.compact:
        log.info("compacting")
        warehouse.compact()
        report.compacted = True
    # Only a state that was published before has passed the checks.
    if was_published and warehouse.is_published():
        log.info("publishing")
        warehouse.publish()
        report.published = True
    report.bytes_after = warehouse.live.stat().st_size
    log.info("maintained")
    return report


def _remove_old(connection: duckdb.DuckDBPyConnection, settings: MaintainSettings, now: datetime) -> dict[str, int]:
    """Delete old rows; return their numbers by kind of data."""
    for name in ("runs", "versions", "deleted", "quarantine"):
        days: int | None = getattr(settings, name)
        moment = None if days is None else (now - timedelta(days=days)).isoformat()
        connection.execute(f"set variable {name} = $moment", {"moment": moment})
    connection.execute(read_sql(__name__, "retention"))
    columns = read_columns(connection)
    removed = {
        "deleted articles": _count(connection, "_old_article"),
        "rows about them": 0,
        "versions of documents": 0,
        "failures": _delete(connection, "quarantine", "(component, subject_id) in (from _old_failure)"),
    }
    if removed["deleted articles"]:
        # From every table with rows of articles. Those of aggregators are stale then, and the next run recomputes them.
        for table in (name for name, has in columns.items() if "article_id" in has and name != "document"):
            removed["rows about them"] += _delete(connection, table, "article_id in (from _old_article)")
        for table in ("ledger", "quarantine"):
            removed["rows about them"] += _delete(connection, table, "subject_id in (from _old_article)")
    removed["versions of documents"] = _delete(connection, "document", "document_id in (from _old_document)")
    removed["steps"] = _delete(connection, "step", "run_id in (from _old_run)")
    # Rows refer to the run that wrote them: it stays as long as one of them does.
    writers = (name for name, has in columns.items() if "run_id" in has and name not in ("run", "step"))
    referred = " union ".join(f"select run_id from {quote_identifier(name)}" for name in writers)
    removed["runs"] = _delete(connection, "run", f"run_id in (from _old_run) and run_id not in ({referred})")
    return removed


def _find_old_logs(directory: Path, settings: MaintainSettings, now: datetime) -> Iterator[Path]:
    """Yield the log files of runs that are old enough, never the newest one.

    Log files that their writers rotate, such as `worker.log`, are not among them.
    """
    if settings.logs is None:
        return
    oldest = (now - timedelta(days=settings.logs)).timestamp()
    logs = sorted((directory / "logs").glob(f"*-{DATE_GLOB}.log"), key=lambda file: file.stat().st_mtime)
    yield from (file for file in logs[:-1] if file.stat().st_mtime < oldest)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {quote_identifier(table)}").fetchall()[0][0])


def _delete(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    return int(connection.execute(f"delete from {quote_identifier(table)} where {condition}").fetchall()[0][0])
