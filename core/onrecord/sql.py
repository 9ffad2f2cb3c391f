"""SQL: files beside the modules that use them, quoting, and the results of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@cache
def read_sql(module: str, name: str) -> str:
    """Read `NAME.sql` beside a module, e.g. `read_sql(__name__, "views")`."""
    return files(module.rpartition(".")[0]).joinpath(f"{name}.sql").read_text("utf-8")


def quote_identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Quote text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def fetch_dicts(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Fetch the rows of a small result as dictionaries, without Arrow."""
    found = connection.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def join_on(columns: Iterable[str], one: str, other: str) -> str:
    """Return the condition of a join by columns that may have no value: a missing value equals a missing value."""
    quoted = map(quote_identifier, columns)
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in quoted)


def to_arrow(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """Fetch a query's result with its UUIDs as UUIDs, which DuckDB gives as text.

    Its option `arrow_lossless_conversion` would also give booleans, JSON and sums as types that Arrow cannot compute
    with.
    """
    import pyarrow as pa

    uuids = {"UUID": ("BLOB", pa.uuid()), "UUID[]": ("BLOB[]", pa.list_(pa.uuid()))}
    columns = zip(relation.columns, map(str, relation.types), strict=True)
    ids = {name: uuids[type_] for name, type_ in columns if type_ in uuids}
    if not ids:
        return relation.to_arrow_table()
    as_bytes = [f"{quote_identifier(name)}::{type_} as {quote_identifier(name)}" for name, (type_, _) in ids.items()]
    found = relation.project(f"* replace ({', '.join(as_bytes)})").to_arrow_table()
    fields = [field.with_type(ids[field.name][1]) if field.name in ids else field for field in found.schema]
    return found.cast(pa.schema(fields))
