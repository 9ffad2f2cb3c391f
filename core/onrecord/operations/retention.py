"""Keeping a warehouse small: removing what has been kept for long enough, and giving back the space.

The live database is worked on, under the lock. Readers see what was removed go with the next run that publishes;
until then nothing refers to anything that is not there, since the published database is a file of its own.
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
from ..model.row import quote_identifier
from ..sql import read_sql
from ..warehouse.database import Warehouse
from ..warehouse.lock import lock_warehouse
from .backup import Backup, backup

log = logging.getLogger("onrecord")


@dataclass(slots=True)
class MaintenanceReport:
    """What maintenance did, or would do."""

    bytes_before: int
    """Size of the live database."""
    bytes_after: int
    removed: dict[str, int] = field(default_factory=dict)
    """Rows by what was removed, also where there were none."""
    logs: int = 0
    """Log files of runs that were removed."""
    log_bytes: int = 0
    compacted: bool = False
    backup: Backup | None = None
    """What was made before."""
    published: bool = False
    """Whether readers have got the smaller file; what was removed of articles and documents comes with a run."""


class _Undo(Exception):
    """Raised to have a transaction rolled back."""


def maintain(
    directory: Path,
    settings: MaintainSettings,
    *,
    dry_run: bool = False,
    wait: bool = True,
    now: datetime | None = None,
) -> MaintenanceReport:
    """Remove what is older than the settings allow, and write the live database anew.

    Before that it makes a backup, if there is a folder for them; where it cannot, nothing is removed.

    It holds the lock; a run that is going on is waited for, or with `wait=False` raises LockedError. With `dry_run`
    all is done and undone again, but for the writing anew. Killed at any moment it leaves a whole warehouse.
    Raises WarehouseError where there is none.
    """
    warehouse = Warehouse(directory)
    if not warehouse.live.exists():
        raise WarehouseError(directory, "there is no warehouse here; onrecord run makes one")
    made = backup(directory, settings.backups, keep=settings.keep) if settings.backups and not dry_run else None
    with lock_warehouse(directory, wait=wait):
        try:
            done = _maintain(warehouse, settings, dry_run, now or datetime.now(UTC))
            done.backup = made
            return done
        finally:
            warehouse.close()


def _maintain(warehouse: Warehouse, settings: MaintainSettings, dry_run: bool, now: datetime) -> MaintenanceReport:
    if not dry_run:
        # First of all: they may be what fills the disk.
        warehouse.clear_leftovers()
    size = warehouse.live.stat().st_size
    done = MaintenanceReport(size, size)
    was_published, unpublished = warehouse.is_published(), warehouse.unpublished_runs()
    with suppress(_Undo), warehouse.writing() as connection:
        connection.register("_unpublished", pa.table({"run_id": pa.array(unpublished, pa.string())}))
        done.removed = _removed(connection, settings, now)
        if dry_run:
            raise _Undo
        log.info("removing %s", done.removed)
    log.info("removed")
    for file in _old_logs(warehouse.directory, settings, now):
        done.logs += 1
        done.log_bytes += file.stat().st_size
        if not dry_run:
            file.unlink()
    if dry_run:
        return done
    if settings.compact:
        log.info("compacting")
        warehouse.compact()
        done.compacted = True
    # What is published has been checked; a copy of anything else might not pass.
    if was_published and warehouse.is_published():
        log.info("publishing")
        warehouse.publish()
        done.published = True
    done.bytes_after = warehouse.live.stat().st_size
    log.info("maintained")
    return done


def _removed(connection: duckdb.DuckDBPyConnection, settings: MaintainSettings, now: datetime) -> dict[str, int]:
    """Delete what is old; how many rows of what."""
    for name in ("runs", "versions", "deleted", "quarantine"):
        days: int | None = getattr(settings, name)
        moment = None if days is None else (now - timedelta(days=days)).isoformat()
        connection.execute(f"set variable {name} = $moment", {"moment": moment})
    connection.execute(read_sql(__name__, "retention"))
    columns = _columns(connection)
    removed = {
        "deleted articles": _count(connection, "_old_article"),
        "rows about them": 0,
        "versions of documents": 0,
        "failures": _delete(connection, "quarantine", "(component, subject_id) in (from _old_failure)"),
    }
    if removed["deleted articles"]:
        # Every table that has articles' rows, whoever wrote it: what an aggregator made of them is stale now, and
        # made anew by the next run.
        for table in sorted(name for name, has in columns.items() if "article_id" in has and name != "document"):
            removed["rows about them"] += _delete(connection, table, "article_id in (from _old_article)")
        for table in ("ledger", "quarantine"):
            removed["rows about them"] += _delete(connection, table, "subject_id in (from _old_article)")
    removed["versions of documents"] = _delete(connection, "document", "document_id in (from _old_document)")
    removed["steps"] = _delete(connection, "step", "run_id in (from _old_run)")
    # A run is what rows say they were written by: it stays as long as one does.
    writers = sorted(name for name, has in columns.items() if "run_id" in has and name not in ("run", "step"))
    referred = " union ".join(f"select run_id from {quote_identifier(name)}" for name in writers)
    removed["runs"] = _delete(connection, "run", f"run_id in (from _old_run) and run_id not in ({referred})")
    return removed


def _old_logs(directory: Path, settings: MaintainSettings, now: datetime) -> Iterator[Path]:
    """The log files of runs that are old enough to go; the newest one never is.

    What stays open and is cut off by whoever writes it, such as `worker.log`, is not among them.
    """
    if settings.logs is None:
        return
    oldest = (now - timedelta(days=settings.logs)).timestamp()
    logs = sorted((directory / "logs").glob(f"*-{DATE_GLOB}.log"), key=lambda file: file.stat().st_mtime)
    yield from (file for file in logs[:-1] if file.stat().st_mtime < oldest)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of each table."""
    found = connection.execute(
        """
        -- Which tables are there, with which columns?
        select table_name, list(column_name)
        from duckdb_columns()
        semi join duckdb_tables() using (database_name, table_name)
        where database_name = current_database() and not internal
        group by all
        """
    ).fetchall()
    return dict(found)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {quote_identifier(table)}").fetchall()[0][0])


def _delete(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    return int(connection.execute(f"delete from {quote_identifier(table)} where {condition}").fetchall()[0][0])
