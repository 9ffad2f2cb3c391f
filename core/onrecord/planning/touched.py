"""The groups of an incremental aggregator that a change touches.

The published database is the state before the change, the live one the state after it. A group is touched if one of its
rows comes from a row that is in one state only. So each query of `Aggregator.groups` is asked in both states, once for
each table in it, with a view in place of the table that has only such rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from ..errors import PluginError
from ..model.table import Table
from ..plugins.components import Aggregator
from ..plugins.reader import find_tables
from ..sql import join_on, quote_identifier, read_sql, to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE, AFTER = "published", "opened"
"""The names under which the databases of the two states are attached."""


def find_changed_articles(connection: duckdb.DuckDBPyConnection, components: Sequence[str]) -> None:
    """Define the table `_changed_article`: articles that these components did differently in the two states."""
    connection.execute(read_sql(__name__, "changed_articles"), {"components": list(components)})


def find_all_groups(connection: duckdb.DuckDBPyConnection, aggregator: Aggregator) -> pa.Table:
    """Return all groups of an aggregator."""
    with _collect_groups(connection, aggregator):
        for query in aggregator.groups:
            connection.execute(f"insert into _touched select distinct * from ({query})")
        return _read_groups(connection, aggregator)


def find_touched(
    connection: duckdb.DuckDBPyConnection, aggregator: Aggregator, upstream: Mapping[str, tuple[Table, pa.Table]]
) -> pa.Table:
    """Return the groups of an aggregator that a change touches.

    `_changed_article` has the articles that changed, `upstream` the tables of incremental aggregators by name, each
    with the groups that were touched in it.
    """
    with _collect_groups(connection, aggregator):
        for state, other in ((BEFORE, AFTER), (AFTER, BEFORE)):
            connection.execute(f"use {state}")
            try:
                for query in aggregator.groups:
                    for name in find_tables(connection, query):
                        with _show_changed_rows(connection, name, state, other, upstream.get(name)):
                            connection.execute(f"insert into _touched select distinct * from ({query})")
            finally:
                connection.execute(f"use {AFTER}")
        return _read_groups(connection, aggregator)


@contextmanager
def _collect_groups(connection: duckdb.DuckDBPyConnection, aggregator: Aggregator) -> Iterator[None]:
    connection.execute(f"create or replace temp table _touched as from ({aggregator.groups[0]}) limit 0")
    try:
        yield
    finally:
        connection.execute("drop table _touched")


def _read_groups(connection: duckdb.DuckDBPyConnection, aggregator: Aggregator) -> pa.Table:
    groups = to_arrow(connection.sql("select distinct * from _touched"))
    for name in groups.column_names:
        if groups[name].null_count:
            raise PluginError(aggregator.name, f"`groups` has no value in `{name}` for some group: use coalesce")
    return groups


@contextmanager
def _show_changed_rows(
    connection: duckdb.DuckDBPyConnection, name: str, state: str, other: str, upstream: tuple[Table, pa.Table] | None
) -> Iterator[None]:
    """Inside the block, let a table's name stand for its rows that are only in one of the states."""
    quoted = quote_identifier(name)
    changed = f"from {state}.main.{quoted} t semi join _changed_article using (article_id)"
    if upstream is not None:
        table, touched = upstream
        # Rows that are equal in both states were written by the same run.
        same = join_on([*table.key, "run_id"], "t", "o")
        connection.register("_touched_upstream", touched)
        groups = join_on(touched.column_names, "t", "g")
        changed = f"from {state}.main.{quoted} t semi join _touched_upstream g on {groups}"
        changed += f" anti join {other}.main.{quoted} o on {same}"
    # A temporary view comes before the table of its name.
    connection.execute(f"create temp view {quoted} as {changed}")
    try:
        yield
    finally:
        connection.execute(f"drop view temp.{quoted}")
