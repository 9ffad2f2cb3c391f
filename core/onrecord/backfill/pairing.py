"""Pairing of published and staged rows that correspond.

Two rows correspond if their keys are equal, where the key identifies its row; else if they have the same place in the
text; else, among rows without a place, if their contents or their keys are equal.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ..model.table import ARTICLE_ID, RUN_ID, Table
from ..plugins.registry import Plugins
from ..sql import quote_identifier, read_sql
from .places import find_referred, find_spans, query_places


def compared_columns(plugins: Plugins, table: Table) -> list[str]:
    """Return the columns whose values decide whether a row changes."""
    return _divide_columns(plugins, table)["says"]


def find_differing(connection: duckdb.DuckDBPyConnection, plugins: Plugins, table: Table) -> None:
    """Fill `_differing` with the rows of a table in `_chunk` that are on one side only (see differing.sql)."""
    parts = {
        part: f"row({', '.join(map(quote_identifier, [ARTICLE_ID.name, *columns]))})"
        for part, columns in _divide_columns(plugins, table).items()
    }
    published, staged = (query_places(connection, plugins, table, staged=side) for side in (False, True))
    connection.execute(read_sql(__name__, "differing").format(published=published, staged=staged, **parts))


def is_identifying(plugins: Plugins, table: Table) -> bool:
    """Whether the key of a table identifies its rows, and does not only count them."""
    counted = {column.name for column in table.columns if column.type == "BIGINT"}
    parts = _divide_columns(plugins, table)
    return parts["key"] == parts["name"] and not any(
        column in counted for column, _, _ in find_referred(plugins, table)
    )


def pair_rows(connection: duckdb.DuckDBPyConnection, *, by_key: bool) -> None:
    """Fill `_pairs` (old, new) from `_differing`; a row without a counterpart is in no pair.

    With `by_key`, rows with equal keys are paired first; then those at the same place, the most similar first.
    """
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    candidates = connection.execute(read_sql(__name__, "candidates"), {"by_key": by_key})
    for old, new in iter(candidates.fetchone, None):
        if old not in pairs and new not in taken:
            pairs[old] = new
            taken.add(new)
    columns = [pa.array(numbers, pa.int64()) for numbers in (pairs.keys(), pairs.values())]
    connection.register("_pairs", pa.table(columns, ["old", "new"]))


def _divide_columns(plugins: Plugins, table: Table) -> dict[str, list[str]]:
    """Divide a table's columns by what they tell of a row.

    `key` is the key, `name` the key without numbers that only count rows, `words` the part of the name that rows at the
    same place must share, and `says` what the row says.
    """
    own = [column for column in table.columns if column.name not in (ARTICLE_ID.name, RUN_ID.name)]
    spans = find_spans(plugins, table)
    has_own_place = table.is_span or bool(spans)
    refers = {column for column, _, _ in find_referred(plugins, table)}
    ids = {column.name for column in own if column.type == "UUID" and not column.references}
    key = [column for column in table.key if column != ARTICLE_ID.name]
    # In the key of a row with a place of its own, an integer only counts rows, as `ordinal` does.
    integers = {column.name for column in own if has_own_place and column.type == "BIGINT"}
    numbers = ({"ordinal"} | integers) & {*key} - refers
    name = [column for column in key if column not in numbers]
    words = [column for column in name if column not in refers and not (has_own_place and column in ids)]
    silent = ids | refers | (numbers & {"ordinal", *(column for column, _, _ in spans)})
    says = [column.name for column in own if column.name not in silent]
    return {"key": key, "name": name, "words": words,
            "says": says or [column.name for column in own if column.name not in key]}  # fmt: skip
