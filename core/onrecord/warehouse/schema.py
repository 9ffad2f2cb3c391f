"""Making the tables in a database what the row classes say."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

import duckdb

from ..errors import SchemaError
from ..model.row import quote_identifier, quote_literal
from ..model.table import Column, Table
from ..model.views import VIEWS_SQL

log = logging.getLogger("onrecord")


def synchronize_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], owners: Mapping[str, str] | None = None
) -> None:
    """Create missing tables, add missing columns, and set comments; refuse what would lose or bend data.

    `owners` names the component that writes a table. Raises SchemaError for a column that changed its type or
    is no longer declared.
    """
    tables = list(tables)
    for conflict in find_conflicts(connection, tables, owners or {}):
        raise conflict
    there = _columns(connection)
    for table in tables:
        if table.name not in there:
            connection.execute(table.ddl)
        else:
            _adapt(connection, table, there[table.name])
        for comment in table.comments:
            connection.execute(comment)


def find_conflicts(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], owners: Mapping[str, str]
) -> Iterator[SchemaError]:
    """Find every column that `synchronize_tables` refuses, as the error that it raises."""
    there = _columns(connection)
    for table in tables:
        drop = f"drop the table and have it filled again: onrecord plugins remove {owners.get(table.name)}"
        declared = {column.name: column for column in table.columns}
        for name, (data_type, _) in there.get(table.name, {}).items():
            if name not in declared:
                reason, remedy = f"is in the warehouse and no longer in {table.row.__name__}", "Declare it again"
            elif data_type != declared[name].type:
                reason = f"is {data_type} in the warehouse and {declared[name].type} in {table.row.__name__}"
                remedy = "Name the new column otherwise"
            else:
                continue
            advice = f"{remedy}, or {drop}" if table.name in owners else "Write a migration for it"
            yield SchemaError(table.name, name, reason, advice)


def define_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views and macros for analysts, or bring them up to date."""
    connection.execute(VIEWS_SQL)


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


def _adapt(connection: duckdb.DuckDBPyConnection, table: Table, there: Mapping[str, tuple[str, bool]]) -> None:
    for column in table.columns:
        if column.name not in there:
            _add(connection, table, column)
        elif column.optional and not there[column.name][1]:
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
