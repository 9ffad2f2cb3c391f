"""Numbered changes of the standard tables that cannot be derived from their row classes.

A new column needs none. A column that is renamed, split or retyped, or rows that must move, get a file
`NNNN_what_it_does.sql` here. Files are run in the order of their numbers, each in a transaction, and recorded in
the table `migration`; a new warehouse, whose tables come from the row classes as they are, records them unrun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.abc import Traversable
from importlib.resources import files

import duckdb

from ...errors import OnrecordError
from ...model.row import quote_identifier
from ...model.tables import MIGRATION_TABLE


def migrate(connection: duckdb.DuckDBPyConnection, directory: Traversable | None = None) -> list[str]:
    """Bring a database's standard tables to the present; returns the names of the migrations that were run.

    Raises OnrecordError for a migration that fails, after undoing it, and for a database that is newer than
    this program.
    """
    found = list(_migrations(directory or files(__package__)))
    query = "from duckdb_tables() where table_name = $table and database_name = current_database()"
    new = not connection.execute(query, {"table": MIGRATION_TABLE}).fetchall()
    if new:
        # In one transaction: a table without its rows would have every migration run on tables that are new.
        connection.execute("begin")
        connection.execute(f"create table {MIGRATION_TABLE} (number bigint, name varchar, applied_at timestamptz)")
        connection.execute(
            f"comment on table {MIGRATION_TABLE} is 'The numbered changes of the standard tables that were made.'"
        )
        for number, name, _ in found:
            _record(connection, number, name)
        connection.execute("commit")
        return []
    done = _done(connection)
    if unknown := done - {number for number, _, _ in found}:
        raise OnrecordError(
            f"the warehouse has migration {max(unknown)}, which this version of onrecord does not know: "
            "it was written by a newer one. Upgrade onrecord, or use another warehouse"
        )
    run = []
    for number, name, script in found:
        if number in done:
            continue
        connection.execute("begin")
        try:
            connection.execute(script)
            _record(connection, number, name)
        except duckdb.Error as error:
            connection.execute("rollback")
            raise OnrecordError(f"migration {name} failed and was undone: {error}") from error
        connection.execute("commit")
        run.append(name)
    return run


def unknown_migrations(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """The numbers of migrations that a database has and this program does not know."""
    return _done(connection) - {number for number, _, _ in _migrations(files(__package__))}


def pending_migrations(connection: duckdb.DuckDBPyConnection, database: str) -> set[int]:
    """Return the numbers of the migrations that an attached database has yet to get."""
    query = "select count(*) from duckdb_tables() where table_name = $table and database_name = $database"
    if connection.execute(query, {"table": MIGRATION_TABLE, "database": database}).fetchall() == [(0,)]:
        return set()
    done = connection.execute(f"select number from {quote_identifier(database)}.main.{MIGRATION_TABLE}").fetchall()
    return {number for number, _, _ in _migrations(files(__package__))} - {number for (number,) in done}


def _done(connection: duckdb.DuckDBPyConnection) -> set[int]:
    return {number for (number,) in connection.execute(f"select number from {MIGRATION_TABLE}").fetchall()}


def _migrations(directory: Traversable) -> Iterator[tuple[int, str, str]]:
    for file in sorted(directory.iterdir(), key=lambda file: file.name):
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", file.name):
            yield int(match[1]), file.name, file.read_text("utf-8")


def _record(connection: duckdb.DuckDBPyConnection, number: int, name: str) -> None:
    connection.execute(f"insert into {MIGRATION_TABLE} by name select $n as number, $name as name, $at as applied_at",
                       {"n": number, "name": name, "at": datetime.now(UTC)})  # fmt: skip
