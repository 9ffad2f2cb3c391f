"""Tables of figures: on the terminal, and as Markdown for the model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onrecord_language.training.scores import SpanCounts

Cell = str | int | float | None
SCORES = ("gold", "found", "precision", "recall", "F1")


@dataclass(frozen=True)
class Table:
    """Rows of figures, the first cell of each saying what they are of."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default=())
    """What one must know to read the figures."""

    def __rich__(self) -> object:
        """The table for a terminal."""
        from rich.console import Group
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(title=self.title, title_justify="left", title_style="bold")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*map(shown, row))
        return Group(table, *(Text(note, style="dim") for note in self.notes), Text())

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [
            _line(self.columns),
            _line([":--", *["--:"] * (len(self.columns) - 1)]),
            *(_line([shown(cell) for cell in row]) for row in self.rows),
        ]
        return "\n".join([f"### {self.title}", "", *lines, "", *(f"{note}\n" for note in self.notes)])


def shown(cell: Cell) -> str:
    """A cell as it is read: figures with one decimal, counts with separators, nothing where there is none."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def scores(tally: SpanCounts, label: str) -> list[Cell]:
    """The cells under SCORES for what was counted under one label."""
    return [
        tally.gold[label],
        tally.found[label],
        tally.precision(label),
        tally.recall(label),
        tally.f1(label),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
