"""The protocol of everything that runs batches, and the errors of a worker that is lost."""

from __future__ import annotations

import logging
from typing import Protocol

from ..errors import OnrecordError
from ..stages import Batch, BatchResult

WORKER_STAGES = frozenset({"clean", "annotate"})
"""The stages that keep a processor busy; fetching waits for others and is done in threads."""

LOADING_SECONDS = 15.0
"""A worker may take this long to load the plugins, or as long as a batch if that is more."""


class Runner(Protocol):
    """A place where batches of `WORKER_STAGES` are run: this process, processes of this machine, a cluster."""

    @property
    def processes(self) -> int:
        """How many batches can run at a time, just now; 0 if they run in the caller's thread."""

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError if its worker died, or took longer and was ended."""

    def close(self) -> None:
        """End the workers, or let go of them; `run` raises WorkerDiedError from then on."""


class WorkerDiedError(OnrecordError):
    """A worker ended in the middle of its work, or while `loading` the plugins."""

    def __init__(self, reason: str, *, stack: str = "", loading: bool = False) -> None:
        self.stack, self.loading = stack, loading
        self.where = f"; it was at {stack.splitlines()[0].strip()}" if stack else ""
        super().__init__(f"the worker process {reason}{self.where}")


class WorkerHungError(WorkerDiedError):
    """A worker took too long and was ended."""


def relay_log(record: logging.LogRecord) -> None:
    """Handle what a worker has logged as if it had been logged here, where the log file is."""
    logging.getLogger(record.name).handle(record)
