"""Where batches are worked on: the protocol that all runners implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config.settings import Settings
from ..stages import Batch, BatchResult

if TYPE_CHECKING:
    pass

from typing import Protocol

IN_PROCESSES = frozenset({"clean", "annotate"})
"""The stages that keep a processor busy; fetching waits for others and is done in threads."""


class Cluster(Protocol):
    """Worker processes that are there before a run and after it."""

    @property
    def processes(self) -> int:
        """How many there are just now."""

    def perform(self, settings: Settings, batch: Batch, seconds: float) -> BatchResult:
        """Do a batch on one of them. Raises BrokenExecutor when workers died of it, or took longer and were ended."""

    def close(self) -> None:
        """Let go of the workers; what they have not done they may forget."""
