"""Tables of scores for the terminal, and as Markdown for the model card."""

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
    """Rows of scores, each with a label in the first cell."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default=())
    """Explanations of the scores."""

    def __rich__(self) -> object:
        """Return the table for a terminal."""
        from rich.console import Group
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(title=self.title, title_justify="left", title_style="bold")
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*map(format_cell, row))
        return Group(table, *(Text(note, style="dim") for note in self.notes), Text())

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [
            _line(self.columns),
            _line([":--", *["--:"] * (len(self.columns) - 1)]),
            *(_line([format_cell(cell) for cell in row]) for row in self.rows),
        ]
        return "\n".join([f"### {self.title}", "", *lines, "", *(f"{note}\n" for note in self.notes)])


def format_cell(cell: Cell) -> str:
    """Format a cell: one decimal for scores, separators for counts, empty for None."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def score_cells(tally: SpanCounts, label: str) -> list[Cell]:
    """Return the cells under SCORES for one label."""
    return [
        tally.gold[label],
        tally.found[label],
        tally.precision(label),
        tally.recall(label),
        tally.f1(label),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
