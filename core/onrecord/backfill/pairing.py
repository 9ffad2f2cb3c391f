"""Pairing of published and staged rows that correspond, derived from the table classes.

Two rows correspond if their keys are equal, where the key identifies its row; else if they have the same place in the
text; else, among rows without a place, if their contents or their keys are equal. The place of a span is its offsets.
The place of another row is that of the spans that refer to it; a row whose key refers to rows with a place has their
places too.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ..model.table import ARTICLE_ID, RUN_ID, Column, Table
from ..plugins.registry import Plugins
from ..sql import quote_identifier, read_sql

Source = tuple[str, Table, str]
"""What gives a row a place: the rows of the table `s[1]` whose column `s[2]` equals the row's column `s[0]`."""


def own_columns(table: Table) -> list[Column]:
    """Return a table's columns without those that the framework adds."""
    return [column for column in table.columns if column.name not in (ARTICLE_ID.name, RUN_ID.name)]


def find_spans(plugins: Plugins, table: Table) -> list[Source]:
    """Return the spans of the same annotator that refer to a table's rows, if there are any."""
    owned = map(plugins.tables_of, plugins.annotators.values())
    siblings = next((tables for tables in owned if table in tables and not table.is_span), [])
    return [
        (column.references.column or column.name, other, column.name)
        for other in siblings
        for column in other.columns
        if other.is_span and column.references and column.references.table == table.name
    ][:1]


def find_referred(plugins: Plugins, table: Table, through: tuple[str, ...] = ()) -> list[Source]:
    """Return the rows with a place that a table's key refers to; `through` are tables that lead to this one."""
    through = (*through, table.name)
    return [
        (column.name, other, column.references.column or column.name)
        for column in table.columns
        if column.name in table.key and column.references
        if (other := plugins.tables.get(column.references.table)) and other.name not in through
        if other.is_span or find_sources(plugins, other, through)
    ]


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
    # A table that is backfilled has a temporary view with its staged rows.
    database = "temp" if staged and _columns(connection, "temp", table) else "base"
    existing = _columns(connection, database, table)
    source = f"{database}.main.{quote_identifier(table.name)}" if existing else "(select null::uuid as article_id)"
    values = ["article_id"]
    for column in own_columns(table):
        name = quote_identifier(column.name)
        # A table or a column may be new, and a column may have had another type: such a value differs.
        values.append(f"try_cast({name if column.name in existing else 'null'} as {column.type}) as {name}")
    subjects = "select subject_id from _chunk" + (" where outcome = 'done'" if staged else "")
    return f"select {', '.join(values)} from {source} where article_id in ({subjects})"


def query_places(
    connection: duckdb.DuckDBPyConnection, plugins: Plugins, table: Table, *, staged: bool, first: bool = False
) -> str:
    """Build a query for a table's rows and the list of their places, or the `first` only; null stands for no place."""
    connection.execute(read_sql(__name__, "places"))
    places = ["if(t.start_char < t.end_char, [[t.start_char, t.end_char]], null)"] if table.is_span else []
    sources = find_sources(plugins, table)
    if first:
        sources = [] if table.is_span else sources[:1]
    joins = ""
    for number, (column, other, other_column) in enumerate(sources):
        places.append(f"p{number}.place")
        joins += f"""
            left join (
                select article_id, {quote_identifier(other_column)} as referred,
                    _merge(flatten(list(_places[1]))) as place
                from ({query_places(connection, plugins, other, staged=staged, first=True)})
                where _places[1] is not null
                group by all
            ) p{number}
                on p{number}.article_id = t.article_id and p{number}.referred = t.{quote_identifier(column)}
            """
    rows = query_rows(connection, table, staged=staged)
    return f"select t.*, [{', '.join(places)}]::bigint[][][] as _places from ({rows}) t {joins}"


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: Table) -> list[str]:
    query = "select column_name from duckdb_columns() where database_name = $d and table_name = $t"
    return [name for (name,) in connection.execute(query, {"d": database, "t": table.name}).fetchall()]


def divide_columns(plugins: Plugins, table: Table) -> dict[str, list[str]]:
    """Divide a table's columns by what they tell of a row.

    `key` is the key, `name` the key without numbers that only count rows, `words` the part of the name that rows at the
    same place must share, and `says` what the row says.
    """
    own = own_columns(table)
    spans = find_spans(plugins, table)
    has_own_place = table.is_span or bool(spans)
    refers = {column for column, _, _ in find_referred(plugins, table)}
    ids = {column.name for column in own if column.type == "UUID" and not column.references}
    key = [column for column in table.key if column != ARTICLE_ID.name]
    # In the key of a row with a place of its own, an integer only counts rows, as `ordinal` does.
    integers = {column.name for column in own if has_own_place and column.type == "BIGINT"}
    numbers = ({"ordinal"} | integers) & {*key} - refers
    name = [column for column in key if column not in numbers]
    words = [column for column in name if column not in refers and not (has_own_place and column in ids)]
    silent = ids | refers | (numbers & {"ordinal", *(column for column, _, _ in spans)})
    says = [column.name for column in own if column.name not in silent]
    return {"key": key, "name": name, "words": words,
            "says": says or [column.name for column in own if column.name not in key]}  # fmt: skip


def find_differing(connection: duckdb.DuckDBPyConnection, plugins: Plugins, table: Table) -> None:
    """Fill `_differing` with the rows of a table in `_chunk` that are on one side only (see differing.sql)."""
    parts = divide_columns(plugins, table)
    integers = {column.name for column in table.columns if column.type == "BIGINT"}
    counted = {column for column, _, _ in find_referred(plugins, table)} & integers
    query = read_sql(__name__, "differing").format(
        published=query_places(connection, plugins, table, staged=False),
        staged=query_places(connection, plugins, table, staged=True),
        # Whether the key identifies its row, and does not only count.
        by_key=parts["name"] == parts["key"] and not counted,
        **{part: f"row({', '.join(map(quote_identifier, ['article_id', *names]))})" for part, names in parts.items()},
    )
    connection.execute(query)


def pair_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `_pairs` (old, new) from `_differing`; a row without a counterpart is in no pair.

    Rows with equal keys are paired first, then those at the same place, the most similar first.
    """
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    candidates = connection.execute(read_sql(__name__, "candidates"))
    for old, new in iter(candidates.fetchone, None):
        if old not in pairs and new not in taken:
            pairs[old] = new
            taken.add(new)
    columns = [pa.array(numbers, pa.int64()) for numbers in (pairs.keys(), pairs.values())]
    connection.register("_pairs", pa.table(columns, ["old", "new"]))
