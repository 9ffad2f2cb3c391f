"""Making the tables in a database what the row classes say."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import duckdb

from ..errors import SchemaError
from ..model.row import quote_identifier, quote_literal
from ..model.table import Column, Table
from ..sql import read_sql

log = logging.getLogger("onrecord")


def synchronize_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], owners: Mapping[str, str] | None = None
) -> None:
    """Create missing tables, add missing columns, and set comments; refuse what would lose or bend data.

    `owners` names the component that writes a table. Raises SchemaError for a column that changed its type or
    is no longer declared.
    """
    there = _columns(connection)
    for table in tables:
        if table.name not in there:
            connection.execute(table.ddl)
        else:
            _adapt(connection, table, there[table.name], (owners or {}).get(table.name))
        for comment in table.comments:
            connection.execute(comment)


def define_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views and macros for analysts, or bring them up to date."""
    connection.execute(read_sql(__name__, "views"))


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, tuple[str, bool]]]:
    """Type and nullability of each column of each table."""
    found = connection.execute(
        """
        -- What tables and columns are there?
        select table_name, column_name, data_type, is_nullable
        from duckdb_columns()
        where schema_name = 'main' and database_name = current_database()
        """
    ).fetchall()
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, data_type, nullable in found:
        tables.setdefault(table, {})[column] = (data_type, nullable)
    return tables


def _adapt(
    connection: duckdb.DuckDBPyConnection, table: Table, there: Mapping[str, tuple[str, bool]], owner: str | None
) -> None:
    remedy = (
        f"Name the new column otherwise, or drop the table and have it filled again: onrecord plugins remove {owner}"
        if owner
        else "Write a migration for it"
    )
    declared = {column.name: column for column in table.columns}
    for name in there.keys() - declared.keys():
        reason = f"is in the warehouse and no longer in {table.row.__name__}"
        raise SchemaError(table.name, name, reason, remedy.replace("Name the new column otherwise", "Declare it again"))
    for column in table.columns:
        if column.name not in there:
            _add(connection, table, column)
            continue
        data_type, nullable = there[column.name]
        if data_type != column.type:
            reason = f"is {data_type} in the warehouse and {column.type} in {table.row.__name__}"
            raise SchemaError(table.name, column.name, reason, remedy)
        if column.optional and not nullable:
            connection.execute(
                f"ALTER TABLE {quote_identifier(table.name)} ALTER {quote_identifier(column.name)} DROP NOT NULL"
            )


def _add(connection: duckdb.DuckDBPyConnection, table: Table, column: Column) -> None:
    default = "" if column.default is None else f" DEFAULT {_sql_value(column.default)}"
    connection.execute(
        f"ALTER TABLE {quote_identifier(table.name)} ADD COLUMN {quote_identifier(column.name)} {column.type}{default}"
    )
    log.warning(
        "table %s has a new column %s; rows written before have %s there until they are written again",
        table.name, column.name, "no value" if column.default is None else repr(column.default),
    )  # fmt: skip


def _sql_value(value: object) -> str:
    """A literal that DuckDB turns into the column's type."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_sql_value, value)) + "]"
    if isinstance(value, bytes):
        return quote_literal("".join(f"\\x{byte:02X}" for byte in value))
    return quote_literal(str(value))
