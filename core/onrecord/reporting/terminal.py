"""Run reports for a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..model.report import RunReport
from .layout import make_table
from .lines import COLUMNS, format_outcome, format_step


def render_summary(report: RunReport, log: Path | None = None) -> RenderableType:
    """Render the steps of a run that did something, and how the run ended."""
    lines: list[RenderableType] = []
    if (table := render_steps(report)) is not None:
        lines.append(table)
    lines.append(Text(format_outcome(report)))
    if quarantined := sum(step.failed for step in report.steps if step.stage in ("ingest", "clean", "annotate")):
        lines.append(f"{quarantined} subject(s) were quarantined: `onrecord quarantine` shows why")
    if log is not None:
        lines.append(Text(f"log: {log}"))
    return Group(*lines)


def render_steps(report: RunReport) -> Table | None:
    """Render a line for each step that did something; None if none did."""
    busy = [step for step in report.steps if step.subjects or step.status != "completed"]
    if not busy:
        return None
    rows = [dict(zip(COLUMNS, format_step(step), strict=True)) for step in busy]
    # Usually nothing has failed, and a column of zeros would be noise.
    shown = [name for name in COLUMNS if name not in ("failed", "blocked") or any(row[name] != "0" for row in rows)]
    table = make_table(shown, right=COLUMNS[2:-1])
    for step, row in zip(busy, rows, strict=True):
        style = "" if step.status == "completed" and not step.failed else "red"
        table.add_row(*(Text(row[name]) for name in shown), style=style)
    return table
