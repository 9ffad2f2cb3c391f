"""The protocol of runners, the one without workers, and the errors for lost workers."""

from __future__ import annotations

import logging
from threading import Lock
from typing import Protocol

from ..errors import OnrecordError
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, perform

WORKER_STAGES = frozenset({"clean", "annotate"})
"""The stages that need processors; fetching mostly waits, and runs in threads."""

LOADING_SECONDS = 15.0
"""The least time limit for a worker to load the plugins; that of a batch applies if it is longer."""


class Runner(Protocol):
    """Runs batches of `WORKER_STAGES`, here, in processes or on a cluster."""

    @property
    def processes(self) -> int:
        """The batches that can run at a time now; 0 if in the caller's thread."""

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError if its worker dies, or takes too much time or memory."""

    def close(self) -> None:
        """End or release the workers; afterwards `run` raises WorkerDiedError."""


class InProcess:
    """Runs batches in this process, one at a time, without a time limit."""

    processes = 0

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._lock = Lock()

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch; `seconds` is ignored."""
        with self._lock:
            return perform(batch, self._plugins)

    def close(self) -> None:
        """Do nothing."""


class WorkerDiedError(OnrecordError):
    """A worker died during a batch, or while `loading` the plugins."""

    def __init__(self, reason: str, *, stack: str = "", loading: bool = False) -> None:
        self.stack, self.loading = stack, loading
        self.where = f"; it was at {stack.splitlines()[0].strip()}" if stack else ""
        super().__init__(f"the worker process {reason}{self.where}")


class WorkerEndedError(WorkerDiedError):
    """A worker took too much time or memory and was ended."""

    def __init__(self, reason: str, failure: type[Exception], *, stack: str = "", loading: bool = False) -> None:
        super().__init__(f"{reason} and was ended", stack=stack, loading=loading)
        self.failure = failure


def relay_log(record: logging.LogRecord) -> None:
    """Handle a log record of a worker as if it had been logged in this process."""
    logging.getLogger(record.name).handle(record)
