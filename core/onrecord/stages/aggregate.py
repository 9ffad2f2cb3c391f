"""Aggregate: from the warehouse to the rows that say something of all articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import islice

import pyarrow as pa

from ..model.row import Row
from ..model.table import Table
from ..plugins.components import Aggregator
from ..plugins.reader import Reader
from .builder import check_class

_CHUNK = 20_000
"""Rows that exist as Python objects at a time."""


def aggregate(aggregator: Aggregator, reader: Reader, tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    """Run the aggregator; returns its rows by table.

    Raises what the aggregator raises, PluginError for a row that it does not write, and RowError for rows that do not
    fit.
    """
    chunks: dict[str, list[pa.Table]] = defaultdict(list)
    for row_class, query in aggregator.queries.items():
        chunks[row_class.__table__].append(reader.sql(query))
    made = iter(() if aggregator.queries else aggregator.aggregate(reader))
    while rows := list(islice(made, _CHUNK)):
        by_table: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            check_class(aggregator, row)
            by_table[row.__table__].append(row)
        for name, same in by_table.items():
            chunks[name].append(tables[name].arrow(same))
    found = {name: pa.concat_tables(parts) for name, parts in chunks.items()}
    for name, table in found.items():
        tables[name].refuse_duplicates(table)
    return found
