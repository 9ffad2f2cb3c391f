"""Aggregate: from the warehouse to the rows that say something of all articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pyarrow as pa

from ..model.row import Row
from ..model.table import Table
from ..plugins.components import Aggregator
from ..plugins.reader import Reader
from .builder import check_class


def aggregate(aggregator: Aggregator, reader: Reader, tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    """Run the aggregator; returns its rows by table.

    Raises what the aggregator raises, PluginError for a row that it does not write, and RowError for rows that do not
    fit.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in aggregator.aggregate(reader):
        check_class(aggregator, row)
        rows[row.__table__].append(row)
    return {name: tables[name].arrow(made) for name, made in rows.items()}
