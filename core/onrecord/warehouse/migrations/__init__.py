"""Migrations: changes of tables that their row classes cannot express.

A new column needs no migration. To rename, split or retype a column, or to move rows, add a file
`NNNN_what_it_does.sql` here. The files run in the order of their numbers, each in a transaction, and are recorded in
the table `migration`. A new warehouse is created from the row classes and records them without running them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.abc import Traversable
from importlib.resources import files

import duckdb

from ...errors import OnrecordError
from ...model.tables import MIGRATION_TABLE
from ...sql import quote_identifier


def migrate(connection: duckdb.DuckDBPyConnection, directory: Traversable | None = None) -> list[str]:
    """Run the pending migrations of a database; return their names.

    Raises OnrecordError if a migration fails, which is then undone, and if a newer version of onrecord has migrated
    the database.
    """
    found = list(_read_migrations(directory or files(__package__)))
    query = "from duckdb_tables() where table_name = $table and database_name = current_database()"
    new = not connection.execute(query, {"table": MIGRATION_TABLE}).fetchall()
    if new:
        # In one transaction: with an empty table, every migration would run on new tables.
        connection.execute("begin")
        connection.execute(f"create table {MIGRATION_TABLE} (number bigint, name varchar, applied_at timestamptz)")
        connection.execute(
            f"comment on table {MIGRATION_TABLE} is 'The migrations of the standard tables that were applied.'"
        )
        for number, name, _ in found:
            _record(connection, number, name)
        connection.execute("commit")
        return []
    done = _read_applied(connection)
    if unknown := done - {number for number, _, _ in found}:
        raise OnrecordError(
            f"the warehouse has migration {max(unknown)}, which this version of onrecord does not know: "
            "a newer one wrote it. Upgrade onrecord, or use another warehouse"
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
    """Return the numbers of applied migrations that this version does not know."""
    return _read_applied(connection) - {number for number, _, _ in _read_migrations(files(__package__))}


def pending_migrations(connection: duckdb.DuckDBPyConnection, database: str) -> set[int]:
    """Return the numbers of the migrations that an attached database lacks."""
    query = "select count(*) from duckdb_tables() where table_name = $table and database_name = $database"
    if connection.execute(query, {"table": MIGRATION_TABLE, "database": database}).fetchall() == [(0,)]:
        return set()
    done = connection.execute(f"select number from {quote_identifier(database)}.main.{MIGRATION_TABLE}").fetchall()
    return {number for number, _, _ in _read_migrations(files(__package__))} - {number for (number,) in done}


def _read_applied(connection: duckdb.DuckDBPyConnection) -> set[int]:
    return {number for (number,) in connection.execute(f"select number from {MIGRATION_TABLE}").fetchall()}


def _read_migrations(directory: Traversable) -> Iterator[tuple[int, str, str]]:
    for file in sorted(directory.iterdir(), key=lambda file: file.name):
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", file.name):
            yield int(match[1]), file.name, file.read_text("utf-8")


def _record(connection: duckdb.DuckDBPyConnection, number: int, name: str) -> None:
    connection.execute(f"insert into {MIGRATION_TABLE} by name select $n as number, $name as name, $at as applied_at",
                       {"n": number, "name": name, "at": datetime.now(UTC)})  # fmt: skip
