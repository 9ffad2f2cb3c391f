"""Layout of rows on a terminal, as a table or as lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from rich.table import Table
from rich.text import Text

_NARROWEST = 20
"""The number of characters below which a folded column is unreadable."""


def make_table(headings: Iterable[str], right: Collection[str] = ()) -> Table:
    """Make an empty table; `right` names the columns to align right."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in headings:
        # A name is looked up and copied: it stays whole.
        is_name = heading in ("component", "aggregator")
        justify: Literal["left", "right"] = "right" if heading in right else "left"
        table.add_column(Text(heading), justify=justify, overflow="fold", no_wrap=is_name)
    return table


def make_grid() -> Table:
    """Make an empty table without headings, for names and their values."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    return grid


def format_columns(
    names: Sequence[str], cells: Sequence[Sequence[str]], width: int, right: Sequence[str] = ()
) -> Table:
    """Format rows as a table, or as a list of values if that is too wide.

    `width` is the number of characters of a line. `right` names the columns to align right.
    """
    columns = list(zip(names, *cells, strict=True))
    if sum(min(_NARROWEST, max(map(len, column))) + 2 for column in columns) > width:
        grid = make_grid()
        for row in cells:
            for name, cell in zip(names, row, strict=True):
                if cell:
                    grid.add_row(name, Text(cell))
            grid.add_row()
        return grid
    table = make_table(names, right)
    for row in cells:
        table.add_row(*map(Text, row))
    return table
