"""Run reports as tables and sentences: for a terminal, and in Markdown for the Prefect UI."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..model.bookkeeping import Step
from ..model.report import RunReport
from .layout import make_table

COLUMNS = ("stage", "component", "subjects", "failed", "blocked", "rows", "seconds", "rows/s", "status")


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


def render_markdown(report: RunReport) -> str:
    """Render a run report in Markdown, for the Prefect UI."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(format_step(step) for step in report.steps)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    message = f"\n\n{report.run.message}" if report.run.message else ""
    return f"{format_outcome(report)}{message}\n\n{table}\n"


def format_outcome(report: RunReport) -> str:
    """Format the outcome of a run as a sentence."""
    what = "published" if any(step.stage == "publish" for step in report.steps) else "nothing to publish"
    if not any(step.subjects for step in report.steps):
        what = "nothing was new, nothing recomputed" if not report.failed else what
    return f"{report.run.status} in {report.seconds:.1f} s: {what} ({report.warehouse / 'onrecord.duckdb'})"


def format_step(step: Step) -> tuple[str, ...]:
    """Format a step as the cells of a table, one for each of `COLUMNS`."""
    return (
        step.stage,
        "" if step.component == step.stage else step.component,
        f"{step.subjects:,}",
        f"{step.failed:,}",
        f"{step.blocked:,}",
        f"{step.rows:,}",
        f"{step.seconds:.2f}",
        f"{step.rows_per_second:,.0f}" if step.rows else "",
        step.status,
    )
