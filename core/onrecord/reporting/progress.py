"""Progress bars in a terminal, drawn from the events that the engine logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

log = logging.getLogger("onrecord")


class ProgressHandler(logging.Handler):
    """Shows a bar for each stage, and warnings and errors above the bars."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._waiting: TaskID | None = None
        self.run_id: UUID | None = None
        """The id of the run, once it has begun."""

    def say(self, words: str) -> None:
        """Show a message until the first stage begins."""
        self.settle()
        self._waiting = self._progress.add_task(words, total=None)

    def settle(self) -> None:
        """Remove the message of `say`."""
        if self._waiting is not None:
            self._progress.remove_task(self._waiting)
            self._waiting = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show an event or a message."""
        event = getattr(record, "event", None)
        if event == "begun":
            self.run_id = UUID(record.__dict__["run_id"])
        elif event == "stage":
            self._stage(record)
        elif event == "loaded":
            self._progress.advance(self._bars[getattr(record, "stage", "")], getattr(record, "subjects", 0))
        elif event == "waiting":
            # Printed as a line too, since a spinner is invisible without a terminal.
            self._progress.console.print(escape(record.getMessage()))
            self.say("waiting")
        elif record.levelno >= logging.WARNING:
            level = record.levelname.lower()
            self._progress.console.print(f"[yellow]{level}[/yellow] {escape(record.getMessage())}")

    def _stage(self, record: logging.LogRecord) -> None:
        stage, total = getattr(record, "stage", ""), getattr(record, "total", 0)
        self.settle()
        if not total:
            return
        if stage in self._bars:
            bar = next(task for task in self._progress.tasks if task.id == self._bars[stage])
            self._progress.update(bar.id, total=(bar.total or 0) + total)
        else:
            self._bars[stage] = self._progress.add_task(stage, total=total)


@contextmanager
def show_progress(console: Console) -> Iterator[ProgressHandler]:
    """Show progress inside the block; the bars stay on the screen."""
    description = TextColumn("{task.description}")
    bars = (SpinnerColumn(), description, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*bars, console=console)
    handler = ProgressHandler(progress)
    level, silenced = log.level, [h for h in log.handlers if type(h) is logging.StreamHandler]
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    for other in silenced:
        log.removeHandler(other)
    try:
        with progress:
            try:
                yield handler
            finally:
                handler.settle()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        for other in silenced:
            log.addHandler(other)
