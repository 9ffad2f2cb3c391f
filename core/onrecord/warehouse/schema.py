"""The schema of a database: bring its tables in line with the row classes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

import duckdb

from ..errors import SchemaError
from ..model.table import Column, Table
from ..model.views import VIEWS_SQL
from ..sql import quote_identifier, quote_literal

log = logging.getLogger("onrecord")


def synchronize_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], owners: Mapping[str, str] | None = None
) -> None:
    """Create missing tables, add missing columns and set comments.

    `owners` maps a table to the component that writes it. Raises SchemaError where values would be lost or changed: for
    a column with another type, or one that is no longer declared.
    """
    tables = list(tables)
    for conflict in find_conflicts(connection, tables, owners or {}):
        raise conflict
    existing, comments = read_columns(connection), _read_comments(connection)
    for table in tables:
        if table.name not in existing:
            connection.execute(table.ddl)
        else:
            _adapt(connection, table, existing[table.name])
        for column, comment in table.comments.items():
            if comments.get((table.name, column)) != comment:
                place = ".".join(map(quote_identifier, filter(None, (table.name, column))))
                kind = "COLUMN" if column else "TABLE"
                connection.execute(f"COMMENT ON {kind} {place} IS {quote_literal(comment)}")


def find_conflicts(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], owners: Mapping[str, str]
) -> Iterator[SchemaError]:
    """Find all columns that `synchronize_tables` refuses, as errors."""
    existing = read_columns(connection)
    for table in tables:
        drop = f"drop the table and let the next run fill it: onrecord plugins remove {owners.get(table.name)}"
        declared = {column.name: column for column in table.columns}
        for name, (data_type, _) in existing.get(table.name, {}).items():
            if name not in declared:
                reason, remedy = f"is in the warehouse and no longer in {table.row.__name__}", "Declare it again"
            elif data_type != declared[name].type:
                reason = f"is {data_type} in the warehouse and {declared[name].type} in {table.row.__name__}"
                remedy = "Rename the new column"
            else:
                continue
            advice = f"{remedy}, or {drop}" if table.name in owners else "Write a migration for it"
            yield SchemaError(table.name, name, reason, advice)


def define_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create or replace the views and macros for analysts."""
    connection.execute(VIEWS_SQL)


def read_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, tuple[str, bool]]]:
    """Read the type and nullability of each column of each table, by their names."""
    found = connection.execute(
        """
        -- Which tables exist, with which columns?
        select table_name, column_name, data_type, is_nullable
        from duckdb_columns()
        semi join duckdb_tables() using (database_name, schema_name, table_name)
        where schema_name = 'main' and database_name = current_database()
        order by table_name, column_index
        """
    ).fetchall()
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, data_type, nullable in found:
        tables.setdefault(table, {})[column] = (data_type, nullable)
    return tables


def _read_comments(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str | None]:
    """Read the comment of each column, by table and name, and of each table, by its name and ""."""
    found = connection.execute(
        """
        -- Which comments do tables and columns have?
        select table_name, column_name, comment
        from duckdb_columns()
        where schema_name = 'main' and database_name = current_database()
        union all
        select table_name, '', comment
        from duckdb_tables()
        where schema_name = 'main' and database_name = current_database()
        """
    ).fetchall()
    return {(table, column): comment for table, column, comment in found}


def _adapt(connection: duckdb.DuckDBPyConnection, table: Table, existing: Mapping[str, tuple[str, bool]]) -> None:
    """Add missing columns to an existing table, and drop obsolete not-nulls."""
    for column in table.columns:
        if column.name not in existing:
            _add_column(connection, table, column)
        elif column.optional and not existing[column.name][1]:
            connection.execute(
                f"ALTER TABLE {quote_identifier(table.name)} ALTER {quote_identifier(column.name)} DROP NOT NULL"
            )


def _add_column(connection: duckdb.DuckDBPyConnection, table: Table, column: Column) -> None:
    default = "" if column.default is None else f" DEFAULT {_sql_value(column.default)}"
    connection.execute(
        f"ALTER TABLE {quote_identifier(table.name)} ADD COLUMN {quote_identifier(column.name)} {column.type}{default}"
    )
    log.warning(
        "table %s has a new column %s; existing rows have %s there until they are recomputed",
        table.name, column.name, "no value" if column.default is None else repr(column.default),
    )  # fmt: skip


def _sql_value(value: object) -> str:
    """Format a value as a literal that DuckDB casts to the column's type."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_sql_value, value)) + "]"
    if isinstance(value, bytes):
        return quote_literal("".join(f"\\x{byte:02X}" for byte in value))
    return quote_literal(str(value))
