"""The groups of an incremental aggregator that a change touches.

The published database is the state before the change, the live one the state after it. A group is touched if one of its
rows comes from a row that is in one state only. So each query of `Aggregator.groups` is asked in both states, once for
each table in it, with a temporary table of its name that has only such rows.
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
from ..sql import join_on, quote_identifier, to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE, AFTER = "published", "opened"
"""The names under which the databases of the two states are attached."""


def find_changed_articles(connection: duckdb.DuckDBPyConnection, components: Sequence[str]) -> None:
    """Define the table `_changed_article`: articles that these components did differently in the two states.

    A row that is new was written by a run that is not published. A row that is gone is looked for only if there are
    fewer rows of published runs than there were.
    """
    connection.execute("create or replace temp table _changed_article (article_id uuid)")
    connection.execute(
        f"""
        -- Which runs are not published?
        create or replace temp table _new_run as
        select run_id from {AFTER}.run anti join (from {BEFORE}.run where status <> 'running') using (run_id)
        """
    )
    for table, key in (("ledger", "subject_id"), ("source_item", "article_id"), ("article", "article_id")):
        mine = "where list_contains($components, component)" if table == "ledger" else ""
        given = {"components": list(components)} if mine else None
        before, after = (f"(from {state}.main.{table} {mine})" for state in (BEFORE, AFTER))
        insert = f"insert into _changed_article select {key}"
        connection.execute(f"{insert} from {after} semi join _new_run using (run_id)", given)
        query = (
            f"select (select count(*) from {before}) > (select count(*) from {after} anti join _new_run using (run_id))"
        )
        if connection.execute(query, given).fetchall() == [(True,)]:
            same = f"{key}, run_id, component" if mine else f"{key}, run_id"
            connection.execute(f"{insert} from {before} anti join {after} using ({same})", given)


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
    tables = {query: find_tables(connection, query) for query in aggregator.groups}
    with _collect_groups(connection, aggregator):
        for state, other in ((BEFORE, AFTER), (AFTER, BEFORE)):
            connection.execute(f"use {state}")
            try:
                for name in sorted({name for names in tables.values() for name in names}):
                    with _show_changed_rows(connection, name, state, other, upstream.get(name)) as any_changed:
                        for query in aggregator.groups if any_changed else ():
                            if name in tables[query]:
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
) -> Iterator[bool]:
    """Inside the block, let a table's name stand for its rows that are only in one of the states.

    Yields whether there are any.
    """
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
    # A temporary table comes before another one of its name. DuckDB knows how few rows it has, and begins with it.
    connection.execute(f"create temp table {quoted} as {changed}")
    try:
        yield connection.execute(f"select count(*) from temp.{quoted}").fetchall() != [(0,)]
    finally:
        connection.execute(f"drop table temp.{quoted}")
