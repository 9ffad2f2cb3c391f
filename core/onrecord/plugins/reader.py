"""The read-only view of a warehouse for aggregators, tests and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..sql import to_arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Reader:
    """A warehouse opened for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def sql(self, query: str, **parameters: Any) -> pa.Table:
        """Run a query and return an Arrow table; `$name` is a parameter.

        `to_pylist()` gives ids as `uuid.UUID`. Group, sort and join by ids in SQL, which Arrow cannot.
        """
        return to_arrow(self._connection.sql(query, params=parameters or None))
