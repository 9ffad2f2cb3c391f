"""Checks before a database is published: queries for the rows that break a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import duckdb

from ..model.table import Table
from ..plugins.components import Component
from ..sql import quote_identifier, quote_literal


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, and the query that returns the rows that break it."""

    name: str
    query: str


def derive_checks(
    tables: Iterable[Table], components: Iterable[Component], outdated: Collection[str] = (), *, everything: bool = True
) -> Iterator[Check]:
    """Derive the checks that the row classes and the components imply.

    References to `outdated` tables, which a failed aggregator did not fill, are not checked. Without `everything`, the
    checks look at rows of the runs in `_unpublished(run_id)`, at published rows with their keys, and at published rows
    that refer to a row that has vanished since: see `find_vanished`. What a component checks is its own.
    """
    tables = [table for table in tables if table.name != "run"]
    new = "" if everything else "semi join _unpublished using (run_id)"
    for table in tables:
        # A table without the column has few rows.
        mine = new if "run_id" in {column.name for column in table.columns} else ""
        yield _check_key(table, mine)
        yield from _check_references(table, mine, outdated)
        yield from _check_values(table, mine)
        if table.is_span:
            yield _check_span(table, mine)
    yield Check("segments lie inside the body, letter for letter", _SEGMENTS.format(new=new))
    for component in components:
        for name, query in component.checks.items():
            yield Check(f"{component.name}: {name}", query)


def find_failures(connection: duckdb.DuckDBPyConnection, wanted: Iterable[Check]) -> list[str]:
    """Run checks; return a line for each that fails.

    It has the number of rows that break the check, and the first one.
    """
    lines = []
    for check in wanted:
        try:
            found = connection.sql(check.query).to_arrow_table()
        except duckdb.Error as error:
            lines.append(f"{check.name}: the check cannot be run: {error}")
            continue
        if found.num_rows:
            lines.append(f"{check.name}: {found.num_rows} row(s) break it, e.g. {found.slice(0, 1).to_pylist()[0]}")
    return lines


_SEGMENTS = """
-- Which segments do not fit the body at their offsets?
select s.article_id, s.ordinal, s.body_start, s.body_end
from segment s
{new}
left join article a using (article_id)
where s.body_start is not null
    and not coalesce(
        s.body_start >= 0
        and s.body_start < s.body_end
        and s.body_end <= length(a.body)
        and s.body_end - s.body_start = s.end_char - s.start_char,
        false
    )
"""


def _check_key(table: Table, new: str) -> Check:
    key = ", ".join(map(quote_identifier, table.key))
    name = quote_identifier(table.name)
    among = f"semi join (select {key} from {name} {new}) using ({key})" if new else ""
    return Check(
        f"{table.name}: no two rows with the same {' and '.join(table.key)}",
        f"select {key}, count(*) as rows from {name} {among} group by all having count(*) > 1",
    )


def find_vanished(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
    """Define a table of the values that references had in the published database and have no more, for each target.

    `_unpublished` has the runs that are not published.
    """
    targets = {(other, column) for table in tables for _, other, column in _references(table)}
    for other, column in sorted(targets):
        name, quoted = _vanished_table(other, column), quote_identifier(column)
        (lost,), *_ = connection.execute(
            f"""
            -- Has any published row been replaced or deleted?
            select (select count(*) from published.main.{quote_identifier(other)})
                > (select count(*) from {quote_identifier(other)} anti join _unpublished using (run_id))
            """
        ).fetchall()
        now = f"anti join {quote_identifier(other)} using ({quoted})" if lost else "limit 0"
        query = f"select {quoted} from published.main.{quote_identifier(other)} {now}"
        connection.execute(f"create or replace temp table {name} as {query}")


def _vanished_table(table: str, column: str) -> str:
    return quote_identifier(f"_vanished {table} {column}")


def find_references(table: Table) -> Iterator[tuple[str, str, str]]:
    """Find the references of a table.

    Yields their column, the other table, and the `from` and `where` clauses of a query for the dangling rows `t`.
    """
    for mine, other, theirs in _references(table):
        yield mine, other, _dangling(table, "", mine, other, theirs)


def _references(table: Table) -> Iterator[tuple[str, str, str]]:
    """Yield the column, the other table and its column of each reference, but for those to runs."""
    for column in table.columns:
        if column.references is not None and column.name != "run_id":
            yield column.name, column.references.table, column.references.column or column.name


def _dangling(table: Table, new: str, mine: str, other: str, theirs: str) -> str:
    rows = f"(from {quote_identifier(table.name)} {new})" if new else quote_identifier(table.name)
    missing = f"anti join {quote_identifier(other)} o on t.{quote_identifier(mine)} = o.{quote_identifier(theirs)}"
    return f"{rows} t {missing} where t.{quote_identifier(mine)} is not null"


def _check_references(table: Table, new: str, outdated: Collection[str]) -> Iterator[Check]:
    for mine, other, theirs in _references(table):
        if other in outdated:
            continue
        query = f"select t.* from {_dangling(table, new, mine, other, theirs)}"
        if new:
            target = f"{_vanished_table(other, theirs)} v on t.{quote_identifier(mine)} = v.{quote_identifier(theirs)}"
            query += f" union select t.* from {quote_identifier(table.name)} t semi join {target}"
        yield Check(f"{table.name}: every {mine} is in {other}", query)


def _check_values(table: Table, new: str) -> Iterator[Check]:
    for column in table.columns:
        if not column.values or column.type != "VARCHAR":
            continue
        allowed = ", ".join(quote_literal(value) for value in column.values)
        yield Check(
            f"{table.name}: every {column.name} is one of the values that it may have",
            f"select t.* from {quote_identifier(table.name)} t {new} "
            f"where t.{quote_identifier(column.name)} not in ({allowed})",
        )


def _check_span(table: Table, new: str) -> Check:
    return Check(
        f"{table.name}: the text is what stands in the body at its place",
        f"select t.* from {quote_identifier(table.name)} t {new} "
        "left join article a on a.article_id = t.article_id "
        "where not coalesce(t.start_char >= 0 and t.start_char < t.end_char and t.end_char <= length(a.body) "
        "and substr(a.body, t.start_char + 1, t.end_char - t.start_char) = t.text, false)",
    )
