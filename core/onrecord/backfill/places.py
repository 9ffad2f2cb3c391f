"""Places of rows in the text, derived from the table classes.

The place of a span is its offsets. The place of another row is that of the spans that refer to it; a row whose key
refers to rows with a place has their places too.
"""

from __future__ import annotations

import duckdb

from ..model.table import ARTICLE_ID, RUN_ID, Column, Table
from ..plugins.registry import Plugins
from ..sql import quote_identifier, read_sql

Source = tuple[str, Table, str]
"""What gives a row a place: the rows of the table `s[1]` whose column `s[2]` equals the row's column `s[0]`."""


def find_spans(plugins: Plugins, table: Table) -> list[Source]:
    """Return the spans of the same annotator that refer to a table's rows, if there are any."""
    owned = map(plugins.tables_of, plugins.annotators.values())
    siblings = next((tables for tables in owned if table in tables and not table.is_span), [])
    return [
        (_target_column(column), other, column.name)
        for other in siblings
        for column in other.columns
        if other.is_span and column.references and column.references.table == table.name
    ][:1]


def find_referred(plugins: Plugins, table: Table, through: tuple[str, ...] = ()) -> list[Source]:
    """Return the rows with a place that a table's key refers to; `through` are tables that lead to this one."""
    through = (*through, table.name)
    found = []
    for column in table.columns:
        other = plugins.tables.get(column.references.table) if column.references else None
        if other is None or column.name not in table.key or other.name in through:
            continue
        if other.is_span or find_sources(plugins, other, through):
            found.append((column.name, other, _target_column(column)))
    return found


def find_sources(plugins: Plugins, table: Table, through: tuple[str, ...] = ()) -> list[Source]:
    """Return what gives a table's rows a place, besides a span's own offsets; a row's own spans come first."""
    return find_spans(plugins, table) + [
        (column, other, other_column)
        for column, other, other_column in find_referred(plugins, table, through)
        # A row that gets its place from these spans cannot give them one.
        if not any(spans is table for _, spans, _ in find_spans(plugins, other))
    ]


def query_rows(connection: duckdb.DuckDBPyConnection, table: Table, *, staged: bool) -> str:
    """Build a query for the published or the staged rows of a table in `_chunk`, with the table's present columns."""
    # The temporary view has the staged rows; a table that is not backfilled has none.
    database = "temp" if staged and _columns(connection, "temp", table) else "base"
    existing = _columns(connection, database, table)
    source = f"{database}.main.{quote_identifier(table.name)}" if existing else "(select null::uuid as article_id)"
    values = ["article_id"]
    for column in table.columns:
        if column.name not in (ARTICLE_ID.name, RUN_ID.name):
            name = quote_identifier(column.name)
            # A table or a column may be new, and a column may have had another type: such a value differs.
            values.append(f"try_cast({name if column.name in existing else 'null'} as {column.type}) as {name}")
    subjects = "select subject_id from _chunk" + (" where outcome = 'done'" if staged else "")
    return f"select {', '.join(values)} from {source} where article_id in ({subjects})"


def query_places(connection: duckdb.DuckDBPyConnection, plugins: Plugins, table: Table, *, staged: bool) -> str:
    """Build a query for a table's rows with their places, the list `_places`; null stands for no place."""
    connection.execute(read_sql(__name__, "places"))
    places = ["if(t.start_char < t.end_char, [[t.start_char, t.end_char]], null)"] if table.is_span else []
    joins = ""
    for number, (column, other, other_column) in enumerate(find_sources(plugins, table)):
        places.append(f"p{number}.place")
        joins += f"""
            left join (
                select article_id, {quote_identifier(other_column)} as referred, _merge(list([_start, _end])) as place
                from ({_query_spans(connection, plugins, other, staged=staged)})
                where _start < _end
                group by all
            ) p{number}
                on p{number}.article_id = t.article_id and p{number}.referred = t.{quote_identifier(column)}
            """
    rows = query_rows(connection, table, staged=staged)
    return f"select t.*, [{', '.join(places)}]::bigint[][][] as _places from ({rows}) t {joins}"


def _query_spans(connection: duckdb.DuckDBPyConnection, plugins: Plugins, table: Table, *, staged: bool) -> str:
    """Build a query for a table's rows and each span of their first places, from `_start` to `_end`."""
    rows = query_rows(connection, table, staged=staged)
    if table.is_span:
        return f"select *, start_char as _start, end_char as _end from ({rows})"
    column, other, other_column = find_sources(plugins, table)[0]
    return f"""
        select r.*, s._start, s._end
        from ({rows}) r
        join ({_query_spans(connection, plugins, other, staged=staged)}) s
            on s.article_id = r.article_id and s.{quote_identifier(other_column)} = r.{quote_identifier(column)}
        """


def _target_column(column: Column) -> str:
    """Return the column that a column refers to."""
    return (column.references and column.references.column) or column.name


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: Table) -> list[str]:
    query = "select column_name from duckdb_columns() where database_name = $d and table_name = $t"
    return [name for (name,) in connection.execute(query, {"d": database, "t": table.name}).fetchall()]
