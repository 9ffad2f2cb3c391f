"""Reading a warehouse: what aggregators, tests and commands query."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from ..sql import to_arrow


class Reader:
    """A warehouse that is open for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def sql(self, query: str, **parameters: Any) -> pa.Table:
        """Run a query; returns an Arrow table. `$name` in the query stands for a parameter.

        `to_pylist()` gives ids as `uuid.UUID`. Group, sort and join by ids in SQL: Arrow cannot.
        """
        return to_arrow(self._connection.sql(query, params=parameters or None))
