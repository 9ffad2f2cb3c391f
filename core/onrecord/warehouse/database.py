"""The live database, which one process writes, and the published one, which everybody reads.

Both are files in the warehouse's folder. The live one is opened for a moment at a time; the published one is
replaced whole, so whoever has it open keeps what they opened.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from ..errors import CheckError, WarehouseError
from ..model.bookkeeping import Ledger
from ..model.row import quote_identifier, quote_literal
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..sql import read_sql
from ..stages.work import BatchResult
from . import checks, schema
from .loading import (
    delete_annotations_of_changed,
    delete_failures,
    delete_rows,
    delete_source_items,
    insert,
    insert_rows,
    mark_changed,
)
from .migrations import migrate, pending_migrations

log = logging.getLogger("onrecord")

LIVE = "live.duckdb"
PUBLISHED = "onrecord.duckdb"
_STEMS = (Path(LIVE).stem, Path(PUBLISHED).stem)
_UNFINISHED = (".publishing", ".compacting", ".restoring", ".promoting")
"""The endings of files that are not yet what they will be called."""

STORAGE_VERSION = "v1.4.0"
"""Analysts' shells and tools are older than our library; this is what they can still read."""

_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    # Without a network, looking for extensions costs seconds.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_PATIENCE = 60.0
"""Seconds to wait for another process that has the live database open: a load, or a command that reads it."""


class Warehouse:
    """A warehouse's folder. Whoever writes holds its lock (`onrecord.warehouse.lock`)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.live = directory / LIVE
        self.published = directory / PUBLISHED
        self._instance: duckdb.DuckDBPyConnection | None = None
        self._opened: duckdb.DuckDBPyConnection | None = None

    # ── opening ──────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The live database, read-only, for a moment. One that does not exist yet reads as empty."""
        if self.live.exists():
            with self._attached(self.live, read_only=True) as connection:
                refuse_unmigrated(connection, self.live, "opened")
                yield connection
            return
        with duckdb.connect(":memory:", config=_OPTIONS) as connection:
            schema.synchronize_tables(connection, STANDARD_TABLES.values())
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The live database in one transaction: all of what is done becomes visible, or none of it."""
        with self._attached(self.live, read_only=False) as connection:
            connection.execute("begin")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def _attached(self, path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection whose tables are those of a database file, which is open no longer than the block.

        Attaching it to an instance that stays is far cheaper than starting an instance for it.
        """
        connection = self._opened = self._cursor()
        with closing(connection):
            # Left behind where an interrupt came at the wrong moment.
            connection.execute("detach database if exists opened")
            attach(connection, path, read_only=read_only)
            connection.execute("use opened")
            try:
                yield connection
            finally:
                connection.execute("use memory")
                connection.execute("detach opened")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._instance is None:
            # What does not fit into memory spills to where the warehouse is, not to where the command was given.
            options = _OPTIONS | {"temp_directory": str(self.directory / "spill")}
            self._instance = duckdb.connect(":memory:", config=options)
        return self._instance.cursor()

    def interrupt(self) -> None:
        """End the query in progress, which fails; from any thread."""
        if self._opened is not None:
            # It may be closed by now.
            with suppress(duckdb.Error):
                self._opened.interrupt()

    def close(self) -> None:
        """Let go of what is kept between openings."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def open_published(self) -> duckdb.DuckDBPyConnection:
        """The published database, read-only, for as long as you like. Raises WarehouseError when there is none."""
        if not self.published.exists():
            raise WarehouseError(self.published, "nothing is published yet; onrecord run fills and publishes it")
        try:
            return duckdb.connect(self.published, read_only=True, config=_reader_options())
        except duckdb.Error as error:
            raise WarehouseError(self.published, f"cannot be opened: {error}") from error

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def prepare(self, tables: Iterable[Table], owners: Mapping[str, str]) -> None:
        """Create or migrate the live database. Raises SchemaError, and OnrecordError for a failing migration."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._attached(self.live, read_only=False) as connection:
            migrate(connection)
        with self.writing() as connection:
            schema.synchronize_tables(connection, tables, owners)
            schema.define_views(connection)

    def load(
        self, result: BatchResult, tables: Mapping[str, Table], writes: Mapping[str, Sequence[str]], run: UUID
    ) -> None:
        """Load a result in one transaction: the rows of its subjects are replaced, with their ledger entries.

        `writes` names the tables of each component.
        """
        with self.writing() as connection:
            if "article" in result.tables:
                delete_annotations_of_changed(connection, result.tables["article"])
            if "source_item" in result.tables:
                delete_source_items(connection, result.tables["source_item"])
            for component, subjects in result.replaced.items():
                replaced = [tables[name] for name in writes[component] if not tables[name].append_only]
                delete_rows(connection, component, subjects, replaced)
            delete_failures(connection, result)
            for name, rows in result.tables.items():
                insert(connection, tables[name], rows, run)
            # What fails again and again, on the same subject in the same way, has failed since the first time.
            connection.execute(
                """
                update quarantine q set failed_at = f.failed_at
                from _failed_before f
                where q.component = f.component and q.subject_id = f.subject_id
                and q.input_hash = f.input_hash and q.fingerprint = f.fingerprint
                """
            )
            mark_changed(connection, run)

    def replace_tables(
        self, tables: Sequence[Table], rows: Mapping[str, str | pa.Table], entry: Ledger, run: UUID
    ) -> int:
        """Fill an aggregator's tables afresh, from rows or queries; returns how many rows they have."""
        count = 0
        with self.writing() as connection:
            connection.execute("delete from ledger where component = $component", {"component": entry.component})
            for table in tables:
                connection.execute(f"delete from {quote_identifier(table.name)}")
                if table.name in rows:
                    insert(connection, table, rows[table.name], run)
                query = f"select count(*) from {quote_identifier(table.name)}"
                count += connection.execute(query).fetchall()[0][0]
            insert_rows(connection, [entry], run)
            mark_changed(connection, run)
        return count

    def mark_outdated(self, component: str, tables: Sequence[Table], run: UUID) -> None:
        """Note that an aggregator's tables are not up to date; what they say of things that are gone goes."""
        with self.writing() as connection:
            connection.execute("delete from ledger where component = $component", {"component": component})
            for table in tables:
                for dangling in checks.find_references(table):
                    connection.execute(f"delete from {quote_identifier(table.name)} where rowid in ({dangling.rowids})")
            mark_changed(connection, run)

    # ── publishing ───────────────────────────────────────────────────────────────────────────────

    def check(self, wanted: Iterable[checks.Check]) -> None:
        """Run checks on the live database. Raises CheckError with every one that does not hold."""
        with self.reading() as connection:
            self._define_unpublished(connection)
            if found := checks.find_failures(connection, wanted):
                raise CheckError(found)

    def is_published(self) -> bool:
        """Whether the published database has all that runs have changed."""
        with self.reading() as connection:
            self._define_unpublished(connection)
            query = "select count(*) from run semi join _unpublished using (run_id) where changed"
            if connection.execute(query).fetchall() != [(0,)] or not self._attach_published(connection):
                return False
            # Maintenance, which is no run, may have removed documents, with or without their articles.
            query = "select (select count(*) from document) = (select count(*) from published.document)"
            if connection.execute(query).fetchall() != [(True,)]:
                connection.execute("detach published")
                return False
            # A new version of the program or of a component may have changed a view, a comment, a column.
            differences = connection.execute(read_sql(__name__, "differences")).fetchall()
            connection.execute("detach published")
            return differences == [(0,)]

    def publish(self) -> None:
        """Put a copy of the live database in place of the published one, in one step."""
        # Opening for writing folds in what a killed process left in the write-ahead log.
        with self._attached(self.live, read_only=False):
            pass
        copy = self.published.with_suffix(".publishing")
        copy.unlink(missing_ok=True)
        with _removed_on_failure(copy):
            # Nothing in this process has the file open: copying an open database would drop its lock.
            shutil.copyfile(self.live, copy)
            # Whoever opens a database to write in it keeps runs and readers out, and what they write would be lost
            # with the next run.
            copy.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
            # A log that somebody has nevertheless left would not belong to the new file, which could not be opened.
            self.published.with_name(f"{PUBLISHED}.wal").unlink(missing_ok=True)
            replace_file(copy, self.published)

    def compact(self) -> None:
        """Write the live database anew: DuckDB reuses the space of deleted rows and never gives it back.

        The new file comes in place of the old one in one step. Raises WarehouseError where the disk is too full.
        """
        # Folds in the write-ahead log of a killed process, which would not belong to the new file.
        with self._attached(self.live, read_only=False):
            pass
        size, free = self.live.stat().st_size, shutil.disk_usage(self.directory).free
        if free < size:
            reason = f"is {size:,} bytes, and the disk has {free:,} left: too few to write it anew"
            raise WarehouseError(self.live, f"{reason}. Make room, or set `compact = false` in [maintain]")
        fresh = self.live.with_suffix(".compacting")
        fresh.unlink(missing_ok=True)
        with _removed_on_failure(fresh):
            with self._attached(self.live, read_only=True) as connection:
                attach(connection, fresh, read_only=False, alias="fresh")
                try:
                    connection.execute("copy from database opened to fresh")
                finally:
                    connection.execute("detach fresh")
            log.info("compacted %s into %s", self.live, fresh)
            replace_file(fresh, self.live)

    def clear_leftovers(self) -> None:
        """Remove the half-written files of processes that were killed; for whoever holds the lock."""
        for file in self.directory.glob("*"):
            if any(file.name.startswith(f"{name}{ending}") for name in _STEMS for ending in _UNFINISHED):
                file.unlink()

    def unpublished_runs(self) -> list[str]:
        """The ids of the runs that the published database does not know of."""
        with self.reading() as connection:
            self._define_unpublished(connection)
            return [run_id for (run_id,) in connection.execute("select run_id::varchar from _unpublished").fetchall()]

    def _attach_published(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Attach the published database as `published`, if there is one that can be opened.

        One that cannot, because somebody has written to it or it is damaged, must not keep a new one from its place.
        """
        if not self.published.exists():
            return False
        try:
            attach(connection, self.published, read_only=True, alias="published")
        except WarehouseError as error:
            log.warning("%s; it is published anew", error)
            return False
        return True

    def _define_unpublished(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Define `_unpublished(run_id)`: the runs that the published database does not know of."""
        known: list[str] = []
        if self._attach_published(connection):
            query = "select run_id::varchar from published.run where status <> 'running'"
            known = [run_id for (run_id,) in connection.execute(query).fetchall()]
            connection.execute("detach published")
        connection.register("_published_run", pa.table({"run_id": pa.array(known, pa.string())}))
        connection.execute(
            """
            create or replace temp view _unpublished as
            select run_id from run anti join (select run_id::uuid as run_id from _published_run) using (run_id)
            """
        )


@contextmanager
def _removed_on_failure(file: Path) -> Iterator[None]:
    """Remove a half-written file: most often the disk was full, and would stay so."""
    try:
        yield
    except BaseException:
        for left in (file, file.with_name(f"{file.name}.wal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def replace_file(new: Path, old: Path) -> None:
    """Put a file in place of another one, so that whatever happens there is one or the other, whole."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)
    folder = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def refuse_unmigrated(connection: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Raise WarehouseError for an attached database that an older version wrote and no run has migrated yet."""
    if pending_migrations(connection, alias):
        raise WarehouseError(path, "was written by an older version of onrecord: `onrecord run` brings it up to date")


def attach(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool, alias: str = "opened") -> None:
    """Attach a database file, waiting for whoever else has it open for a moment. Raises WarehouseError."""
    options = "read_only" if read_only else f"storage_version '{STORAGE_VERSION}'"
    patiently = Retrying(
        retry=retry_if_exception(lambda e: isinstance(e, duckdb.IOException) and "lock" in str(e).lower()),
        wait=wait_random_exponential(multiplier=0.01, max=0.25),
        stop=stop_after_delay(_PATIENCE),
        reraise=True,
    )
    try:
        patiently(lambda: connection.execute(f"attach {quote_literal(str(path))} as {alias} ({options})"))
    except duckdb.Error as error:
        raise WarehouseError(path, f"cannot be opened: {error}") from error


def _reader_options() -> dict[str, Any]:
    return {"autoinstall_known_extensions": "false"}
