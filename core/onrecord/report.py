"""How a run went: what is told to `run_finished`, shown at the end of a run and kept in the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .records import STANDARD_TABLES, Run, Step
from .warehouse.live import Warehouse


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run and its steps."""

    run: Run
    steps: tuple[Step, ...]
    warehouse: Path
    """The warehouse's folder."""

    @property
    def failed(self) -> bool:
        """Whether the run failed, in whole or in part."""
        return self.run.status != "completed"

    @property
    def seconds(self) -> float:
        """How long it took, from taking the lock to the end."""
        return ((self.run.finished_at or self.run.started_at) - self.run.started_at).total_seconds()


def last_report(warehouse: Path, since: datetime | None = None) -> RunReport | None:
    """The report of the last run of a warehouse, if there has been one (since then)."""
    found = Warehouse(warehouse)
    if not found.live.exists():
        return None
    with found.reading() as connection:
        runs = connection.sql("select * from run order by started_at desc limit 1").to_arrow_table()
        steps = connection.sql(
            "select * from step where run_id = (select max_by(run_id, started_at) from run) order by ordinal"
        ).to_arrow_table()
    if not runs.num_rows:
        return None
    run = STANDARD_TABLES["run"].rows(runs)[0]
    assert isinstance(run, Run)
    if since is not None and run.started_at < since:
        return None
    return RunReport(run, tuple(s for s in STANDARD_TABLES["step"].rows(steps) if isinstance(s, Step)), warehouse)


COLUMNS = ("stage", "plugin", "subjects", "failed", "blocked", "rows", "seconds", "rows/s", "status")


def cells(step: Step) -> tuple[str, ...]:
    """A step as the cells of a table."""
    return (
        step.stage,
        "" if step.plugin == step.stage else step.plugin,
        f"{step.subjects:,}",
        f"{step.failed:,}",
        f"{step.blocked:,}",
        f"{step.rows:,}",
        f"{step.seconds:.2f}",
        f"{step.rows_per_second:,.0f}" if step.rows else "",
        step.status,
    )


def closing_line(report: RunReport) -> str:
    """How the run ended, in a sentence."""
    what = "published" if any(step.stage == "publish" for step in report.steps) else "nothing to publish"
    if not any(step.subjects for step in report.steps):
        what = "nothing was new, nothing recomputed" if not report.failed else what
    return f"{report.run.status} in {report.seconds:.1f} s: {what} ({report.warehouse / 'onrecord.duckdb'})"


def markdown(report: RunReport) -> str:
    """A run as a page, for the Prefect UI."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(cells(step) for step in report.steps)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    message = f"\n\n{report.run.message}" if report.run.message else ""
    return f"{closing_line(report)}{message}\n\n{table}\n"
