"""Reading a warehouse: what aggregators, tests and commands query."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa


class Reader:
    """A warehouse that is open for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def sql(self, query: str, **parameters: Any) -> pa.Table:
        """The result of a query as an Arrow table; `$name` in the query stands for a parameter."""
        return self._connection.sql(query, params=parameters or None).to_arrow_table()
