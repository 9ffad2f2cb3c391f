"""The live database, which one process writes, and the published one.

Both are files in the warehouse's folder. The live database is opened for a moment at a time. Publishing replaces the
published file as a whole, so that a reader keeps the state that it opened.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from ..errors import CheckError, WarehouseError
from ..model.bookkeeping import Ledger
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..sql import quote_identifier, quote_literal, read_sql
from . import checks, schema
from .loading import (
    delete_annotations_of_changed,
    delete_failures,
    delete_rows,
    delete_source_items,
    insert,
    insert_rows,
    mark_changed,
    replace,
)
from .migrations import migrate, pending_migrations

if TYPE_CHECKING:
    import pyarrow as pa

    from ..plugins.components import Component
    from ..stages.work import BatchResult

log = logging.getLogger("onrecord")

LIVE = "live.duckdb"
PUBLISHED = "onrecord.duckdb"
_STEMS = (Path(LIVE).stem, Path(PUBLISHED).stem)
_UNFINISHED = (".publishing", ".compacting", ".restoring", ".promoting")
"""The suffixes of files that are being written and not yet renamed."""

STORAGE_VERSION = "v1.4.0"
"""The storage version of database files: the newest that older DuckDB shells and tools can read."""

_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    # Looking for extensions costs seconds without a network.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_PATIENCE = 60.0
"""Seconds to wait for another process that has the live database open for a load or a query."""


class Warehouse:
    """The folder of a warehouse. A process that writes holds its lock, see `lock`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.live = directory / LIVE
        self.published = directory / PUBLISHED
        self._instance: duckdb.DuckDBPyConnection | None = None
        self._opened: duckdb.DuckDBPyConnection | None = None

    # ── opening ──────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the live database read-only for a moment; without a file, an empty one."""
        if self.live.exists():
            with self._attach_file(self.live, read_only=True) as connection:
                refuse_unmigrated(connection, self.live, "opened")
                yield connection
            return
        with duckdb.connect(":memory:", config=_OPTIONS) as connection:
            schema.synchronize_tables(connection, STANDARD_TABLES.values())
            yield connection

    @contextmanager
    def reading_both(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
        """Open the live database like `reading`, and the published one beside it as `published`.

        Also yields whether that one could be opened. A damaged file must not prevent publishing, which replaces it.
        """
        with self.reading() as connection:
            is_published = self.published.exists()
            if is_published:
                try:
                    attach(connection, self.published, read_only=True, alias="published")
                except WarehouseError as error:
                    log.warning("%s; the next publication replaces it", error)
                    is_published = False
            try:
                yield connection, is_published
            finally:
                if is_published:
                    connection.execute("detach published")

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the live database for one transaction.

        It is rolled back if the block raises.
        """
        with self._attach_file(self.live, read_only=False) as connection:
            connection.execute("begin")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def _attach_file(self, path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Connect to a database file inside the block, and let go of the file after it.

        Attaching the file to a DuckDB instance that stays is far cheaper than starting an instance.
        """
        connection = self._opened = self._cursor()
        with closing(connection):
            # An interrupt at the wrong moment leaves the file attached.
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
            # What does not fit into memory spills into the warehouse's folder, not into the working directory.
            options = _OPTIONS | {"temp_directory": str(self.directory / "spill")}
            self._instance = duckdb.connect(":memory:", config=options)
        return self._instance.cursor()

    def interrupt(self) -> None:
        """Make the query in progress fail; may be called from any thread."""
        if self._opened is not None:
            # The connection may be closed by now.
            with suppress(duckdb.Error):
                self._opened.interrupt()

    def close(self) -> None:
        """Close the DuckDB instance that is kept between openings."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def open_published(self) -> duckdb.DuckDBPyConnection:
        """Open the published database read-only. Raises WarehouseError if there is none."""
        if not self.published.exists():
            raise WarehouseError(self.published, "nothing is published yet: onrecord run fills and publishes it")
        try:
            return duckdb.connect(self.published, read_only=True, config=_reader_options())
        except duckdb.Error as error:
            raise WarehouseError(self.published, f"cannot be opened: {error}") from error

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def prepare(self, tables: Iterable[Table], owners: Mapping[str, str]) -> None:
        """Create or migrate the live database.

        `owners` maps a table to the component that writes it. Raises SchemaError if a table cannot become what its
        class says, OnrecordError if a migration fails.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._attach_file(self.live, read_only=False) as connection:
            migrate(connection)
        with self.writing() as connection:
            schema.synchronize_tables(connection, tables, owners)
            schema.define_views(connection)

    def load(
        self, result: BatchResult, tables: Mapping[str, Table], writes: Mapping[str, Sequence[str]], run: UUID
    ) -> None:
        """Load a batch result in one transaction.

        The rows and ledger entries of its subjects are replaced. `writes` maps a component to the names of its tables.
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
            # A failure that repeats with the same input and component version dates from its first time.
            connection.execute(
                """
                update quarantine q set failed_at = f.failed_at
                from _failed_before f
                where q.component = f.component and q.subject_id = f.subject_id
                and q.input_hash = f.input_hash and q.fingerprint = f.fingerprint
                """
            )
            mark_changed(connection, run)

    def replace_rows(
        self, tables: Sequence[Table], rows: Mapping[str, pa.Table], touched: pa.Table | None, entry: Ledger, run: UUID
    ) -> int:
        """Replace an aggregator's rows, or those of its `touched` groups; return the number of the new ones.

        A table that `rows` lacks gets none. Rows that are there already stay as they are.
        """
        with self.writing() as connection:
            connection.execute("delete from ledger where component = $component", {"component": entry.component})
            for table in tables:
                replace(connection, table, rows.get(table.name, table.schema.empty_table()), touched, run)
            insert_rows(connection, [entry], run)
            mark_changed(connection, run)
        return sum(each.num_rows for each in rows.values())

    def mark_outdated(self, component: str, tables: Sequence[Table], run: UUID) -> None:
        """Mark an aggregator's tables as stale.

        Their rows that refer to deleted rows are deleted too.
        """
        with self.writing() as connection:
            connection.execute("delete from ledger where component = $component", {"component": component})
            for table in tables:
                for _, _, dangling in checks.find_references(table):
                    rows = f"select t.rowid from {dangling}"
                    connection.execute(f"delete from {quote_identifier(table.name)} where rowid in ({rows})")
            mark_changed(connection, run)

    # ── publishing ───────────────────────────────────────────────────────────────────────────────

    def check(self, tables: Sequence[Table], components: Sequence[Component], outdated: Collection[str] = ()) -> None:
        """Check what is not published yet in the live database; see `checks.derive_checks`. Raises CheckError."""
        with self.reading_both() as (connection, is_published):
            _define_unpublished(connection, is_published)
            if is_published:
                try:
                    checks.find_vanished(connection, tables)
                except (duckdb.CatalogException, duckdb.BinderException):
                    # The published database is an older version's, with other tables.
                    is_published = False
            wanted = checks.derive_checks(tables, components, outdated, everything=not is_published)
            if found := checks.find_failures(connection, wanted):
                raise CheckError(found)

    def is_published(self) -> bool:
        """Whether the published database is up to date with the live one."""
        with self.reading_both() as (connection, is_published):
            _define_unpublished(connection, is_published)
            query = "select count(*) from run semi join _unpublished using (run_id) where changed"
            if not is_published or connection.execute(query).fetchall() != [(0,)]:
                return False
            # Maintenance is not a run and may have removed documents, with or without their articles.
            query = "select (select count(*) from document) = (select count(*) from published.document)"
            if connection.execute(query).fetchall() != [(True,)]:
                return False
            # A new version of the program or of a component may have changed a view, a comment, a column.
            return connection.execute(read_sql(__name__, "differences")).fetchall() == [(0,)]

    def publish(self) -> None:
        """Replace the published database by a copy of the live one, in one step."""
        # Opening for writing folds in the write-ahead log of a killed process.
        with self._attach_file(self.live, read_only=False):
            pass
        copy = self.published.with_suffix(".publishing")
        copy.unlink(missing_ok=True)
        with _remove_on_failure(copy):
            # This process must not have the file open: copying an open database would drop its lock.
            shutil.copyfile(self.live, copy)
            # A process that opened the file for writing would keep readers out, and the next run would discard what
            # it wrote.
            copy.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
            # The new file could not be opened beside the write-ahead log of a process that wrote nevertheless.
            self.published.with_name(f"{PUBLISHED}.wal").unlink(missing_ok=True)
            replace_file(copy, self.published)

    def compact(self) -> None:
        """Rewrite the live database without the space of deleted rows.

        DuckDB reuses this space and never returns it to the disk. The new file replaces the old one in one step. Raises
        WarehouseError if the disk has too little space.
        """
        # Folds in the write-ahead log of a killed process, which would not fit the new file.
        with self._attach_file(self.live, read_only=False):
            pass
        size, free = self.live.stat().st_size, shutil.disk_usage(self.directory).free
        if free < size:
            reason = f"is {size:,} bytes, and the disk has {free:,} left: too few to rewrite it"
            raise WarehouseError(self.live, f"{reason}. Make room, or set `compact = false` in [maintain]")
        fresh = self.live.with_suffix(".compacting")
        fresh.unlink(missing_ok=True)
        with _remove_on_failure(fresh):
            with self._attach_file(self.live, read_only=True) as connection:
                attach(connection, fresh, read_only=False, alias="fresh")
                try:
                    connection.execute("copy from database opened to fresh")
                finally:
                    connection.execute("detach fresh")
            log.info("compacted %s into %s", self.live, fresh)
            replace_file(fresh, self.live)

    def clear_leftovers(self) -> None:
        """Remove the unfinished files of killed processes; the caller must hold the lock."""
        for file in self.directory.glob("*"):
            if any(file.name.startswith(f"{name}{ending}") for name in _STEMS for ending in _UNFINISHED):
                file.unlink()

    def unpublished_runs(self) -> list[UUID]:
        """Return the ids of the runs that are not in the published database."""
        with self.reading_both() as (connection, is_published):
            _define_unpublished(connection, is_published)
            return [run_id for (run_id,) in connection.execute("select run_id from _unpublished").fetchall()]


def _define_unpublished(connection: duckdb.DuckDBPyConnection, is_published: bool) -> None:
    """Define the table `_unpublished(run_id)` of runs that are not published."""
    known = "anti join (from published.run where status <> 'running') using (run_id)" if is_published else ""
    connection.execute(f"create or replace temp table _unpublished as select run_id from run {known}")


@contextmanager
def _remove_on_failure(file: Path) -> Iterator[None]:
    """Remove an unfinished file if the block raises.

    The disk may be full, and would stay so.
    """
    try:
        yield
    except BaseException:
        for left in (file, file.with_name(f"{file.name}.wal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def replace_file(new: Path, old: Path) -> None:
    """Replace a file by another one durably.

    After a crash there is one or the other, complete.
    """
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)
    folder = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def refuse_unmigrated(connection: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Raise WarehouseError if an attached database has pending migrations."""
    if pending_migrations(connection, alias):
        raise WarehouseError(path, "was written by an older version of onrecord: `onrecord run` brings it up to date")


def attach(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool, alias: str = "opened") -> None:
    """Attach a database file, waiting while another process has it open for a moment.

    Raises WarehouseError if it cannot be opened.
    """
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
