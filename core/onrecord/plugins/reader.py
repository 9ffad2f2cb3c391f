"""The read-only view of a warehouse for aggregators, tests and commands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..sql import to_arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Reader:
    """A warehouse opened for reading."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, check_tables: Callable[[Mapping[str, int]], None] | None = None
    ) -> None:
        """`check_tables` gets the tables that each query reads before it runs, and raises for others."""
        self._connection = connection
        self._check_tables = check_tables

    def sql(self, query: str, **parameters: Any) -> pa.Table:
        """Run a query and return an Arrow table; `$name` is a parameter.

        `to_pylist()` gives ids as `uuid.UUID`. Group, sort and join by ids in SQL, which Arrow cannot. Raises
        PluginError in an aggregator whose query reads a table of a component that it does not require.
        """
        if self._check_tables:
            self._check_tables(find_tables(self._connection, query, parameters))
        return to_arrow(self._connection.sql(query, params=parameters or None))


def find_tables(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None = None
) -> Counter[str]:
    """Return the tables that a query reads, also through views and macros, with how often it names each."""
    return Counter(
        node["extra_info"]["Table"].split(".", 2)[2].strip('"')
        for node in read_logical_plan(connection, query, parameters)
        if "Table" in node["extra_info"]
    )


def read_logical_plan(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a query's plan before DuckDB optimizes it: after binding, with nothing left out."""
    connection.execute("set explain_output = 'all'")
    (_, text), *_ = connection.execute(f"explain (format json) {query}", parameters or None).fetchall()
    nodes: list[dict[str, Any]] = json.loads(text)
    while nodes:
        node = nodes.pop()
        nodes += node["children"]
        yield node
