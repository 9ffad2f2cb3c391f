"""Places of rows in the text, derived from the table classes.

The place of a span is its offsets. The place of another row is that of the spans that refer to it; a row whose key
refers to rows with a place has their places too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ..model.table import ARTICLE_ID, RUN_ID, Column, Table
from ..plugins.registry import Plugins
from ..sql import quote_identifier

PLACE = "place {}"
"""The name of a column with a place; the columns of a component have no spaces in their names."""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of another table that give a table's rows a place.

    They are those whose `other_column` equals the row's `column`.
    """

    column: str
    other: Table
    other_column: str


class Places:
    """The places of all tables that annotators write."""

    def __init__(self, plugins: Plugins) -> None:
        self._tables: dict[str, Table] = {}
        self._siblings: dict[str, list[Table]] = {}
        for annotator in plugins.annotators.values():
            tables = plugins.tables_of(annotator)
            self._tables |= {table.name: table for table in tables}
            self._siblings |= dict.fromkeys((table.name for table in tables), tables)

    def spans_of(self, table: Table) -> Source | None:
        """Return the spans of the same annotator that refer to a table's rows."""
        if table.is_span:
            return None
        for other in self._siblings.get(table.name, ()):
            for column in other.columns:
                if other.is_span and column.references and column.references.table == table.name:
                    return Source(_target_column(column), other, column.name)
        return None

    def references(self, table: Table, through: tuple[str, ...] = ()) -> list[Source]:
        """Return the columns of a table's key that refer to rows with a place."""
        found = []
        for column in table.columns:
            other = self._tables.get(column.references.table) if column.references else None
            if other is None or column.name not in table.key or column in (ARTICLE_ID, RUN_ID):
                continue
            if self._has_place(other, (*through, table.name)):
                found.append(Source(column.name, other, _target_column(column)))
        return found

    def sources(self, table: Table, through: tuple[str, ...] = ()) -> list[Source]:
        """Return what gives a table's rows a place, besides a span's own offsets.

        A row's own spans come first.
        """
        spans = self.spans_of(table)
        return ([spans] if spans else []) + [
            source
            for source in self.references(table, through)
            # A row that gets its place from these spans cannot give them one.
            if not ((theirs := self.spans_of(source.other)) and theirs.other is table)
        ]

    def count(self, table: Table) -> int:
        """Return how many places each row of a table has."""
        return table.is_span + len(self.sources(table))

    def define_sides(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        """Define the views `_before_rows` and `_after_rows` of a table in `_chunk`.

        Each place is a list of [start, end], or null.
        """
        for side, database, subjects in (
            ("before", "base", "select subject_id from _chunk"),
            ("after", "opened", "select subject_id from _chunk where outcome = 'done'"),
        ):
            # The published table has no offsets if its class was not a span then.
            offsets = "if(t.start_char is null or t.end_char is null, null, [[t.start_char, t.end_char]])"
            places = [offsets] if table.is_span else []
            joins = ""
            for number, source in enumerate(self.sources(table)):
                places.append(f"p{number}.place")
                joins += f"""
                    left join (
                        select article_id, referred, list([start_char, end_char] order by start_char, end_char) as place
                        from ({self._spans(connection, source, side, (table.name,))})
                        group by all
                    ) p{number}
                        on p{number}.article_id = t.article_id
                        and p{number}.referred = t.{quote_identifier(source.column)}::varchar
                    """
            columns = ", ".join(["t.*", *(f"{p} as {quote_identifier(PLACE.format(n))}" for n, p in enumerate(places))])
            query = f"select {columns} from ({_rows(connection, table, database, subjects)}) t {joins}"
            connection.execute(f"create or replace temp view _{side}_rows as {query}")

    def _has_place(self, table: Table, through: tuple[str, ...]) -> bool:
        return table.name not in through and (table.is_span or bool(self.sources(table, through)))

    def _spans(self, connection: duckdb.DuckDBPyConnection, source: Source, side: str, through: tuple[str, ...]) -> str:
        """Build a query for the spans of a source.

        Its columns are article_id, referred (the value of the column), start_char, end_char.
        """
        database = "base"
        if side == "after" and _columns(connection, "temp", source.other.name):
            # A temporary view: the staged rows, and the published ones of articles that are not staged.
            database = "temp"
        rows = _rows(connection, source.other, database, "select subject_id from _chunk")
        referred = f"r.{quote_identifier(source.other_column)}::varchar as referred"
        if source.other.is_span:
            return f"select article_id, {referred}, start_char, end_char from ({rows}) r where start_char is not null"
        beyond = self.sources(source.other, through)[0]
        return f"""
            select r.article_id, {referred}, s.start_char, s.end_char
            from ({rows}) r
            join ({self._spans(connection, beyond, side, (*through, source.other.name))}) s
                on s.article_id = r.article_id and s.referred = r.{quote_identifier(beyond.column)}::varchar
            """


def _target_column(column: Column) -> str:
    """Return the column that a column refers to."""
    return (column.references and column.references.column) or column.name


def _rows(connection: duckdb.DuckDBPyConnection, table: Table, database: str, subjects: str) -> str:
    """Build a query for a table's rows in a database, with its present columns."""
    existing = _columns(connection, database, table.name)
    # A table or a column may be new, and a column may have had another type: such a value differs.
    types = {c.name: "VARCHAR" if c.type == "UUID" else c.type for c in table.columns if c not in (ARTICLE_ID, RUN_ID)}
    columns = ", ".join(
        f"try_cast({quote_identifier(name) if name in existing else 'null'} as {type_}) as {quote_identifier(name)}"
        for name, type_ in types.items()
    )
    if not existing:
        return f"select null::uuid as article_id, {columns} where false"
    source = f"{database}.main.{quote_identifier(table.name)}"
    return f"select article_id, {columns} from {source} where article_id in ({subjects})"


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> Sequence[str]:
    query = "select column_name from duckdb_columns() where database_name = $d and table_name = $t"
    return [name for (name,) in connection.execute(query, {"d": database, "t": table}).fetchall()]
