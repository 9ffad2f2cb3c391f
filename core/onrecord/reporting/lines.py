"""Run reports as cells, sentences and Markdown."""

from __future__ import annotations

from ..model.bookkeeping import Step
from ..model.report import RunReport

COLUMNS = ("stage", "component", "subjects", "failed", "blocked", "rows", "seconds", "rows/s", "status")


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


def format_outcome(report: RunReport) -> str:
    """Format the outcome of a run as a sentence."""
    what = "published" if any(step.stage == "publish" for step in report.steps) else "nothing to publish"
    if not any(step.subjects for step in report.steps):
        what = "nothing was new, nothing recomputed" if not report.failed else what
    return f"{report.run.status} in {report.seconds:.1f} s: {what} ({report.warehouse / 'onrecord.duckdb'})"


def render_markdown(report: RunReport) -> str:
    """Render a run report in Markdown, for the Prefect UI."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(format_step(step) for step in report.steps)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    message = f"\n\n{report.run.message}" if report.run.message else ""
    return f"{format_outcome(report)}{message}\n\n{table}\n"
