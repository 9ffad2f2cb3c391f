"""Run reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .bookkeeping import Run, Step


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
        """The duration in seconds, from taking the lock to the end."""
        return ((self.run.finished_at or self.run.started_at) - self.run.started_at).total_seconds()
