"""The figures, and what they are called."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from onrecord import RunReport

OUTCOMES = ("completed", "failed", "interrupted")


def write(report: RunReport, file: Path) -> None:
    """Write the figures of a run in place of those of the last one, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_bytes(generate_latest(figures(report)))
    # The collector is another user, for whom a service's umask leaves nothing.
    draft.chmod(0o644)
    draft.replace(file)


def figures(report: RunReport) -> CollectorRegistry:
    """All figures of a run. Each names the warehouse, so that several may be watched."""
    registry = CollectorRegistry()
    warehouse = str(report.warehouse)

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"onrecord_{name}", meaning, ("warehouse", *labels), registry=registry)

    ended = report.run.finished_at or report.run.started_at
    gauge("run_finished_timestamp_seconds", "When the last run ended.").labels(warehouse).set(ended.timestamp())
    gauge("run_duration_seconds", "How long the last run took.").labels(warehouse).set(report.seconds)
    status = gauge("run_status", "1 for how the last run ended, 0 for the others.", "status")
    for outcome in OUTCOMES:
        status.labels(warehouse, outcome).set(report.run.status == outcome)
    of_step = {
        "step_subjects": ("Subjects that a component was given in the last run.", "subjects"),
        "step_failed": ("Subjects that it failed on.", "failed"),
        "step_rows": ("Rows that it wrote.", "rows"),
        "step_seconds": ("Seconds inside it, summed over workers.", "seconds"),
    }
    for name, (meaning, field) in of_step.items():
        figure = gauge(name, meaning, "stage", "component")
        for step in report.steps:
            figure.labels(warehouse, step.stage, step.component).set(getattr(step, field))
    size = gauge("database_bytes", "Size of a database of the warehouse.", "database")
    for name in ("live", "onrecord"):
        path = report.warehouse / f"{name}.duckdb"
        size.labels(warehouse, name).set(path.stat().st_size if path.exists() else 0)
    return registry
