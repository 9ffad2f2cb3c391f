"""The metrics and their names."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from onrecord import RunReport

OUTCOMES = ("completed", "failed", "interrupted")


def write_metrics(report: RunReport, file: Path) -> None:
    """Write the metrics of a run, atomically replacing those of the last one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_bytes(generate_latest(build_registry(report)))
    # The collector is another user, to whom a service's umask gives no access.
    draft.chmod(0o644)
    draft.replace(file)


def build_registry(report: RunReport) -> CollectorRegistry:
    """Return all metrics of a run, labeled with the warehouse."""
    registry = CollectorRegistry()
    warehouse = str(report.warehouse)

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"onrecord_{name}", meaning, ("warehouse", *labels), registry=registry)

    ended = report.run.finished_at or report.run.started_at
    gauge("run_finished_timestamp_seconds", "When the last run ended.").labels(warehouse).set(ended.timestamp())
    gauge("run_duration_seconds", "How long the last run took.").labels(warehouse).set(report.seconds)
    status = gauge("run_status", "1 for the status of the last run, 0 for the others.", "status")
    for outcome in OUTCOMES:
        status.labels(warehouse, outcome).set(report.run.status == outcome)
    by_step = {
        "step_subjects": ("Subjects that a component processed in the last run.", "subjects"),
        "step_failed": ("Subjects that failed.", "failed"),
        "step_rows": ("Rows written.", "rows"),
        "step_seconds": ("Seconds spent, summed over workers.", "seconds"),
    }
    for name, (meaning, field) in by_step.items():
        metric = gauge(name, meaning, "stage", "component")
        for step in report.steps:
            metric.labels(warehouse, step.stage, step.component).set(getattr(step, field))
    size = gauge("database_bytes", "Size of a database of the warehouse.", "database")
    for name in ("live", "onrecord"):
        path = report.warehouse / f"{name}.duckdb"
        size.labels(warehouse, name).set(path.stat().st_size if path.exists() else 0)
    return registry
