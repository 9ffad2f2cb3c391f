"""The closing summary of a run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table

from ..report import COLUMNS, RunReport, cells, closing_line


def summary(report: RunReport, log: Path | None = None) -> RenderableType:
    """A run for a terminal: a line per step that did something, and how it ended."""
    busy = [step for step in report.steps if step.subjects or step.status != "completed"]
    lines: list[RenderableType] = []
    if busy:
        table = Table(box=None, header_style="dim", pad_edge=False)
        for name in COLUMNS:
            table.add_column(name, justify="left" if name in ("stage", "plugin", "status") else "right")
        for step in busy:
            table.add_row(*cells(step), style="" if step.status == "completed" and not step.failed else "red")
        lines.append(table)
    lines.append(closing_line(report))
    if quarantined := sum(step.failed for step in report.steps if step.stage in ("ingest", "clean", "annotate")):
        lines.append(f"{quarantined} subject(s) were quarantined: `onrecord quarantine` tells why")
    if log is not None:
        lines.append(f"log: {log}")
    return Group(*lines)
