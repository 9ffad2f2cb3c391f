"""The tables that an aggregator reads: only those whose changes the engine follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import duckdb

from ..errors import PluginError
from ..model.tables import BOOKKEEPING_TABLES, TOUCHED_TABLE
from ..model.views import VIEWS_SQL
from ..plugins.components import Aggregator
from ..plugins.reader import Reader, find_tables, read_logical_plan
from ..plugins.registry import Plugins
from .touched import find_all_groups
from .versions import find_upstream

if TYPE_CHECKING:
    import pyarrow as pa

_BOOKKEEPING = {table.name for table in BOOKKEEPING_TABLES}
_FOLLOWED = {"PROJECTION", "FILTER", "COMPARISON_JOIN", "ANY_JOIN", "CROSS_PRODUCT", "SEQ_SCAN", "DISTINCT", "UNNEST"}
"""The operations of a query of groups. With these, more rows in a table never mean fewer rows in the result, so that
each row of the result comes from certain rows of the tables, and appears and vanishes with them."""


def open_reader(
    connection: duckdb.DuckDBPyConnection, plugins: Plugins, aggregator: Aggregator, touched: pa.Table | None = None
) -> Reader:
    """Return the warehouse as an aggregator may read it, with the groups that it is to fill as table `touched`."""
    if touched is not None:
        connection.register("_groups", touched)
        connection.execute(f"create or replace temp table {TOUCHED_TABLE} as from _groups")
    in_groups = set().union(*(find_tables(connection, query) for query in aggregator.groups))

    def check_tables(found: Mapping[str, int]) -> None:
        refuse_undeclared(plugins, aggregator, found)
        if in_groups and aggregator.queries and TOUCHED_TABLE not in found:
            raise PluginError(aggregator.name, "a query does not join `touched`, the groups to return rows of")
        if in_groups and (other := sorted(found.keys() - in_groups - {TOUCHED_TABLE})):
            reason = f"reads `{other[0]}`, which no query of its `groups` joins: changes there would not reach its rows"
            raise PluginError(aggregator.name, f"{reason}. Add a query that does")

    return Reader(connection, check_tables)


def find_refused_reads(plugins: Plugins) -> Iterator[PluginError]:
    """Yield an error for each aggregator whose queries will be refused, as far as they can be known before a run."""
    with duckdb.connect(":memory:") as connection:
        for table in plugins.tables.values():
            connection.execute(table.ddl)
        connection.execute(VIEWS_SQL)
        for aggregator in plugins.aggregators.values():
            try:
                check_groups(connection, plugins, aggregator)
                groups = find_all_groups(connection, aggregator) if aggregator.groups else None
                reader = open_reader(connection, plugins, aggregator, groups)
                for query in aggregator.queries.values():
                    reader.sql(query)
            except PluginError as error:
                yield error
            except duckdb.Error as error:
                yield PluginError(aggregator.name, f"a query cannot be run: {error}")


def refuse_undeclared(plugins: Plugins, aggregator: Aggregator, tables: Mapping[str, int]) -> None:
    """Raise PluginError if an aggregator reads what would not make its rows stale."""
    for table in sorted(tables):
        owner = plugins.table_owners.get(table)
        if table in _BOOKKEEPING:
            reason = f"reads `{table}`, a table of the engine, whose changes make no rows stale"
        elif owner == aggregator.name:
            reason = f"reads `{table}`, which it fills itself: its rows may depend only on what it requires"
        elif owner and owner not in find_upstream(plugins)[aggregator.name]:
            requires = ", ".join(f'"{name}"' for name in (*aggregator.requires, owner))
            reason = f"reads `{table}`, which `{owner}` fills, and does not require it. Write requires = [{requires}]"
        else:
            continue
        raise PluginError(aggregator.name, reason)


def check_groups(connection: duckdb.DuckDBPyConnection, plugins: Plugins, aggregator: Aggregator) -> None:
    """Raise PluginError if changes cannot be followed through a query of an aggregator's `groups`."""
    columns: list[str] = []
    for query in aggregator.groups:
        found = find_tables(connection, query)
        refuse_undeclared(plugins, aggregator, found)
        reasons = [*_find_obstacles(connection, query), *_find_unfollowed(plugins, found)]
        own = list(connection.sql(query).columns)
        columns = columns or own
        if own != columns:
            reasons.append(f"has the columns {own}, and the first has {columns}")
        for table in plugins.tables_of(aggregator):
            if missing := sorted(set(own) - set(table.schema.names)):
                reasons.append(f"has the column `{missing[0]}`, which table `{table.name}` lacks")
        if reasons:
            raise PluginError(aggregator.name, f"a query of `groups` {reasons[0]}: {' '.join(query.split())}")


def _find_obstacles(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Find the operations of a query that changes cannot be followed through."""
    reasons = []
    for node in read_logical_plan(connection, query):
        join = node["extra_info"].get("Join Type", "INNER")
        if node["name"] not in _FOLLOWED or join not in ("INNER", "SEMI"):
            what = node["name"].replace("_", " ") if join == "INNER" else f"{join} join or subquery"
            reasons.append(f"may only filter rows and join tables (inner, semi), and has a {what.lower()}")
    return reasons


def _find_unfollowed(plugins: Plugins, tables: Mapping[str, int]) -> list[str]:
    """Find the tables of a query whose changed rows cannot be told or stand for several of its tables."""
    reasons = [f"names `{name}` {times} times: write a query for each" for name, times in tables.items() if times > 1]
    for name in tables:
        owner = plugins.aggregators.get(plugins.table_owners.get(name, ""))
        if not owner and "article_id" not in plugins.tables[name].schema.names:
            reasons.append(f"reads `{name}`, which has no column article_id that tells whose rows changed")
    return reasons
