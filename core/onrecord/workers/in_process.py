"""The runner without workers."""

from __future__ import annotations

from threading import Lock

from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, perform


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
