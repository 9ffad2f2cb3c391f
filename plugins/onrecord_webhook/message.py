"""The message to receivers: `text` for people, the rest for programs."""

from __future__ import annotations

import json
from typing import Any

from onrecord import RunReport


def build_message(report: RunReport) -> bytes:
    """Return a run's report as a JSON object."""
    run = report.run
    failed = [step for step in report.steps if step.status != "completed" or step.failed]
    lines = [
        f"onrecord: the run of {run.started_at:%Y-%m-%d %H:%M} UTC {_describe_outcome(report)} ({report.warehouse})"
    ]
    if run.message:
        lines.append(run.message)
    quarantined = sum(step.failed for step in report.steps if step.stage in ("ingest", "clean", "annotate"))
    if quarantined:
        lines.append(f"{quarantined:,} subject(s) were quarantined")
    payload: dict[str, Any] = {
        "text": "\n".join(lines),
        "event": "run_finished",
        "run_id": str(run.run_id),
        "status": run.status,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": report.seconds,
        "message": run.message,
        "warehouse": str(report.warehouse),
        "quarantined": quarantined,
        "failed_steps": [
            {
                "stage": step.stage,
                "component": step.component,
                "status": step.status,
                "failed": step.failed,
                "message": step.message,
            }
            for step in failed
        ],
    }
    return json.dumps(payload, ensure_ascii=False).encode()


def _describe_outcome(report: RunReport) -> str:
    if report.run.status == "killed":
        return "was killed"
    words = {"completed": "completed", "failed": "failed", "interrupted": "was interrupted"}
    return f"{words[report.run.status]} after {report.seconds:.0f} s"
