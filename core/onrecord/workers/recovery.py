"""The policy for batches whose worker dies or is ended, the same for all runners."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from types import TracebackType

from ..model.bookkeeping import StageName
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, fail_batch, perform
from .processes import Processes, count_workers
from .runner import WORKER_STAGES, InProcess, Runner, WorkerDiedError, WorkerEndedError

log = logging.getLogger("onrecord")

_LEAST_SECONDS = 30.0
"""The least time for a part of a batch, unless a whole batch has less."""


class Workers:
    """Runs batches on a runner; quarantines subjects on which workers die or are ended.

    A batch whose worker died is run again alone, in a process on this machine. If that process dies too, or if the
    first worker took too much time or memory and was ended, the batch is halved until the subject is found. `run` is
    thread-safe. Leaving the block ends the workers.
    """

    def __init__(self, plugins: Plugins, runner: Runner) -> None:
        self._plugins = plugins
        self._runner = runner
        self._seconds = plugins.settings.run.batch_seconds
        self._alone = Lock()
        self._single = Processes(plugins.settings, 1)
        self._threads = ThreadPoolExecutor(1_000)  # `imap` bounds them
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def processes(self, stage: StageName) -> int:
        """Count the batches that can run at a time now; 0 in the caller's thread."""
        return self._runner.processes if stage in WORKER_STAGES else count_workers(self._plugins.settings)

    def run(self, batch: Batch) -> BatchResult:
        """Run a batch. Raises WorkerDiedError if workers cannot even load the plugins."""
        if batch.stage not in WORKER_STAGES:
            return perform(batch, self._plugins)
        try:
            return self._runner.run(batch, self._seconds)
        except WorkerDiedError as error:
            ended = isinstance(error, WorkerEndedError)
            if self._closed or (ended and error.loading):
                raise
            log.warning("%s: %s; it is run again", batch.label, error)
        with self._alone:
            try:
                if ended and len(batch) > 1:
                    return self._run_halves(batch, self._seconds)
                return self._run_alone(batch, self._seconds)
            finally:
                self._single.release()

    def submit(self, batch: Batch) -> Callable[[], BatchResult]:
        """Start a batch in a thread and return a function that waits for its result.

        Without worker processes that function runs the batch.
        """
        if not self.processes(batch.stage):
            return partial(self.run, batch)
        return self._threads.submit(self.run, batch).result

    def close(self) -> None:
        """End the workers, even during a batch; its subjects stay pending."""
        self._closed = True
        self._runner.close()
        self._single.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run_alone(self, batch: Batch, seconds: float) -> BatchResult:
        try:
            return self._single.run(batch, seconds)
        except WorkerDiedError as error:
            if self._closed or error.loading:
                raise
            if len(batch) == 1:
                return _give_up(batch, error)
        return self._run_halves(batch, seconds)

    def _run_halves(self, batch: Batch, seconds: float) -> BatchResult:
        less = max(seconds / 2, min(self._seconds, _LEAST_SECONDS))
        return BatchResult.merge([self._run_alone(half, less) for half in batch.halves()])


def imap(
    team: Workers, batches: Iterable[Batch], submit: Callable[[Batch], Callable[[], BatchResult]] | None = None
) -> Iterator[BatchResult]:
    """Run batches and yield results in order, with bounded batches in flight.

    `submit` starts a batch and returns a function that waits for its result; by default it uses threads.
    """
    submit = submit or team.submit
    waiting: deque[Callable[[], BatchResult]] = deque()
    for batch in batches:
        # A second batch per worker keeps it busy while a result is loaded; more would pile up in memory.
        while len(waiting) >= 2 * max(1, team.processes(batch.stage)):
            yield waiting.popleft()()
        waiting.append(submit(batch))
    while waiting:
        yield waiting.popleft()()


def local_runner(plugins: Plugins, processes: int | None = None) -> Runner:
    """Return a runner with worker processes, or of this process if there are 0."""
    number = count_workers(plugins.settings) if processes is None else processes
    return Processes(plugins.settings, number) if number else InProcess(plugins)


def _give_up(batch: Batch, error: WorkerDiedError) -> BatchResult:
    why = "twice (out of memory, or a crash in native code)"
    failure: Exception = RuntimeError(f"the worker process died of this subject, {why}{error.where}")
    if isinstance(error, WorkerEndedError):
        hint = ". `batch_seconds` in [run] says how long a whole batch may take"
        failure = error.failure(f"{error}{hint if error.failure is TimeoutError else ''}")
    error.add_note(error.stack)
    failure.__cause__ = error
    return fail_batch(batch, failure)
