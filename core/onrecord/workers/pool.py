"""Worker processes: where batches are worked on when there is more than one of them."""

from __future__ import annotations

import faulthandler
import gc
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count
from logging.handlers import QueueHandler, QueueListener
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.settings import Settings
from ..logs import ContextFields
from ..model.bookkeeping import StageName
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, Counters, perform
from ..stages.work import Book
from .cpus import processors
from .runner import IN_PROCESSES

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from .runner import Cluster

log = logging.getLogger("onrecord")

_LEAST_SECONDS = 30.0
"""The part of a batch that was ended has this much time however few subjects it has, unless a whole one has less."""


class Workers:
    """Worker processes that keep their plugins and pipelines loaded from one batch to the next.

    They are those of a cluster, or so many of our own; without a number as many as `[workers]` says. With none of these
    batches are worked on in this process, one after the other. `perform` may be called from several threads at a time.
    """

    def __init__(self, plugins: Plugins, processes: int | None = None, cluster: Cluster | None = None) -> None:
        asked = plugins.settings.workers.processes if processes is None else processes
        self._plugins = plugins
        self._processes = processors() if asked is None else asked
        self._cluster = cluster
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._pool: _Pool | None = None
        self._pools: set[_Pool] = set()
        self._closed = False
        self._seconds = plugins.settings.run.batch_seconds

    def processes(self, stage: StageName) -> int:
        """How many there are for a stage; of a cluster, just now."""
        return self._cluster.processes if self._cluster and stage in IN_PROCESSES else self._processes

    def perform(self, batch: Batch) -> BatchResult:
        """Do a batch. A worker that dies, or takes too long and is ended, costs its batch time.

        A subject that kills workers, or that they hang on, is quarantined.
        """
        if batch.stage not in IN_PROCESSES:
            return perform(batch, self._plugins)
        if not self._cluster and not self._processes:
            with self._lock:
                return perform(batch, self._plugins)
        team = self._cluster or self._unbroken_pool()
        try:
            return team.perform(self._plugins.settings, batch, self._seconds)
        except BrokenExecutor as error:
            if self._closed:
                raise
            hung = isinstance(error, _HungWorker)
            what = "hung and was ended" if hung else "died"
            log.warning("a worker process %s during %s; its batch is done again", what, batch.label)
        # One such batch at a time, in a process of its own: then its death is this batch's doing and no
        # neighbour's, and what was short of memory is not made to run several times over.
        with self._alone:
            # One that hung has had its turn: it was nobody else's doing.
            if hung and len(batch) > 1:
                return self._perform_halves(batch, self._seconds)
            return self._perform_alone(batch, self._seconds)

    def close(self) -> None:
        """End the worker processes, in the middle of a batch if need be: what is not loaded stays pending."""
        with self._lock:
            self._closed = True
            for pool in self._pools:
                pool.end()
            self._pools.clear()
            self._pool = None
        if self._cluster:
            self._cluster.close()

    def _unbroken_pool(self) -> _Pool:
        with self._lock:
            if self._pool is None or self._pool.broken:
                self._pool = self._opened(self._processes)
            return self._pool

    def _opened(self, processes: int) -> _Pool:
        if self._closed:
            raise BrokenProcessPool("the run is over")
        pool = _Pool(processes)
        self._pools.add(pool)
        return pool

    def _perform_alone(self, batch: Batch, seconds: float) -> BatchResult:
        with self._lock:
            pool = self._opened(1)
        try:
            return pool.perform(self._plugins.settings, batch, seconds)
        except BrokenProcessPool as error:
            if self._closed:
                raise
            if len(batch) == 1:
                return self._given_up(batch, error)
        finally:
            pool.end()
            self._pools.discard(pool)
        return self._perform_halves(batch, seconds)

    def _perform_halves(self, batch: Batch, seconds: float) -> BatchResult:
        less = max(seconds / 2, min(self._seconds, _LEAST_SECONDS))
        return BatchResult.merged([self._perform_alone(half, less) for half in batch.halves()])

    def _given_up(self, batch: Batch, error: BrokenProcessPool) -> BatchResult:
        subject_id = batch.subjects["subject_id"][0].as_py()
        book = Book(batch)
        if isinstance(error, _HungWorker):
            died: Exception = TimeoutError(
                f"the worker process did not finish this subject within {error.seconds:g} seconds and was ended; "
                f"it was at {error.where}. `batch_seconds` in [run] says how long a whole batch may take"
            )
        else:
            died = RuntimeError(
                "the worker process died of this subject, twice (out of memory, or a crash in native code)"
            )
        died.__cause__ = error
        for name in batch.components:
            annotator = self._plugins.annotators.get(name)
            book.failed(name, annotator.version if annotator else "", subject_id, died)
        return BatchResult(
            batch.stage,
            batch.number,
            tables=book.tables(),
            replaced={name: [subject_id] for name in batch.components if name in self._plugins.annotators},
            counters={name: Counters(subjects=1, failed=1) for name in batch.components},
        )


@contextmanager
def workers(plugins: Plugins, processes: int | None = None, cluster: Cluster | None = None) -> Iterator[Workers]:
    """Workers that are ended when the block is left, however that happens; those of a cluster are let go."""
    running = Workers(plugins, processes, cluster)
    try:
        yield running
    finally:
        running.close()


class _HungWorker(BrokenProcessPool):
    """A worker process that took too long over a batch and was ended; its text is where it was."""

    def __init__(self, seconds: float, trace: str) -> None:
        super().__init__(trace)
        self.seconds = seconds
        self.where = " ".join(trace.splitlines()[0].split())


class _Pool:
    """Some worker processes, and the thread that takes what they log."""

    def __init__(self, processes: int) -> None:
        # Read when a worker imports numpy, which else begins a thread for each processor in each of the workers.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # A fresh interpreter: a fork would copy locks that other threads of this one hold at that moment.
        context = multiprocessing.get_context("spawn")
        messages = context.Queue()
        self.broken = False
        self._numbers = count()
        self._traces = tempfile.TemporaryDirectory(prefix="onrecord-traces-", ignore_cleanup_errors=True)
        self._listener = QueueListener(messages, _Relay())
        self._listener.start()
        self._executor = ProcessPoolExecutor(
            processes, mp_context=context, initializer=_begin_worker, initargs=(messages,)
        )

    def perform(self, settings: Settings, batch: Batch, seconds: float) -> BatchResult:
        trace = Path(self._traces.name) / str(next(self._numbers))
        try:
            return self._executor.submit(_perform, settings, batch, seconds, trace).result()
        except BrokenProcessPool as error:
            self.broken = True
            # Only the worker that has ended itself has left a trace, not one that went down with its pool.
            if trace.exists() and (where := trace.read_text(errors="replace")):
                # Of all the threads that were there, the one that works comes last; its header says nothing.
                raise _HungWorker(seconds, where[where.rindex("Thread 0x") :].partition("\n")[2]) from error
            raise

    def end(self) -> None:
        # Before Python 3.14 an executor has no public way to end its processes while they work.
        processes = list((getattr(self._executor, "_processes", None) or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        self._listener.stop()
        self._traces.cleanup()


class _Relay(logging.Handler):
    """Handles what a worker has logged as if it had been logged here, where the log file is."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(record.name).handle(record)


def _begin_worker(messages: Queue[logging.LogRecord]) -> None:
    # Ctrl-C reaches the whole group; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    handler = QueueHandler(messages)
    handler.addFilter(ContextFields())
    logging.getLogger().addHandler(handler)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _perform(settings: Settings, batch: Batch, seconds: float, trace: Path) -> BatchResult:
    plugins = loaded(settings)
    with trace.open("w") as file:
        # A thread below Python's ends the process: it also does where native code, such as a regular expression that
        # runs away, lets no other thread of Python's have a turn.
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)
        try:
            return perform(batch, plugins)
        finally:
            faulthandler.cancel_dump_traceback_later()
            trace.unlink(missing_ok=True)


_loaded: list[tuple[Settings, Plugins]] = []


def loaded(settings: Settings, *, afresh: bool = False) -> Plugins:
    """The plugins of a configuration in a worker process, from its one copy; `afresh` makes that anew."""
    if afresh or not _loaded or _loaded[0][0] != settings:
        # A batch makes hundreds of thousands of rows, none of them in a cycle: looking for cycles among them all the
        # time would take a good part of it.
        gc.set_threshold(100_000, 50, 100)
        # The parent has said already what is wrong with a component.
        before = log.level
        log.setLevel(logging.CRITICAL)
        try:
            _loaded[:] = [(settings, Plugins(settings))]
        finally:
            log.setLevel(before)
    return _loaded[0][1]
