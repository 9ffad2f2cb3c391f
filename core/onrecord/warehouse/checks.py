"""Checks before a database is published: queries for the rows that break a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from ..model.table import RUN_ID, Table
from ..plugins.components import Component
from ..sql import quote_identifier, quote_literal


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, and the query that returns the rows that break it."""

    name: str
    query: str


def derive_checks(
    tables: Iterable[Table], components: Iterable[Component], outdated: Collection[str] = ()
) -> Iterator[Check]:
    """Derive the checks that the row classes and the components imply.

    References to `outdated` tables, which a failed aggregator did not fill, are not checked. Checks of single rows read
    only rows of runs that are not published yet, see `_unpublished(run_id)`.
    """
    tables = [table for table in tables if table.name != "run"]
    for table in tables:
        yield _check_key(table)
        yield from _check_references(table, outdated)
        yield from _check_values(table)
        if table.is_span:
            yield _check_span(table)
    yield Check("segments lie inside the body, letter for letter", _SEGMENTS)
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
semi join _unpublished using (run_id)
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


def _check_key(table: Table) -> Check:
    key = ", ".join(map(quote_identifier, table.key))
    return Check(
        f"{table.name}: no two rows with the same {' and '.join(table.key)}",
        f"select {key}, count(*) as rows from {quote_identifier(table.name)} group by all having count(*) > 1",
    )


def find_references(table: Table) -> Iterator[tuple[str, str, str]]:
    """Yield each reference of a table: its column, the other table, and where it dangles.

    The last are the `from` and `where` clauses of a query for rows that refer to a row that does not exist; `t` is the
    table.
    """
    for column in table.columns:
        if column.references is None or column is RUN_ID or column.name == "run_id":
            continue
        other = column.references.table
        theirs = quote_identifier(column.references.column or column.name)
        mine = quote_identifier(column.name)
        tables = f"{quote_identifier(table.name)} t anti join {quote_identifier(other)} o"
        yield column.name, other, f"{tables} on t.{mine} = o.{theirs} where t.{mine} is not null"


def _check_references(table: Table, outdated: Collection[str]) -> Iterator[Check]:
    for column, other, dangling in find_references(table):
        if other not in outdated:
            yield Check(f"{table.name}: every {column} is in {other}", f"select t.* from {dangling}")


def _check_values(table: Table) -> Iterator[Check]:
    for column in table.columns:
        if not column.values or column.type != "VARCHAR":
            continue
        allowed = ", ".join(quote_literal(value) for value in column.values)
        yield Check(
            f"{table.name}: every {column.name} is one of the values that it may have",
            f"select t.* from {quote_identifier(table.name)} t {_join_unpublished(table)} "
            f"where t.{quote_identifier(column.name)} not in ({allowed})",
        )


def _check_span(table: Table) -> Check:
    return Check(
        f"{table.name}: the text is what stands in the body at its place",
        f"select t.* from {quote_identifier(table.name)} t {_join_unpublished(table)} "
        "left join article a on a.article_id = t.article_id "
        "where not coalesce(t.start_char >= 0 and t.start_char < t.end_char and t.end_char <= length(a.body) "
        "and substr(a.body, t.start_char + 1, t.end_char - t.start_char) = t.text, false)",
    )


def _join_unpublished(table: Table) -> str:
    has_run: Sequence[str] = [column.name for column in table.columns]
    return "semi join _unpublished u on u.run_id = t.run_id" if RUN_ID.name in has_run else ""
