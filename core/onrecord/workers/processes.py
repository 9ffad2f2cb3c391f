"""The runner with worker processes on this machine.

Each worker has its own connection to this process and shares no lock with the others: one that dies, even during a
message, does not affect them, and nothing remains if this process dies. Unlike children of `multiprocessing`, workers
do not import the main script, which would start again if it lacks `if __name__ == "__main__"`.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock, Semaphore
from typing import Any

from pydantic import ByteSize

from ..config.settings import Settings
from ..stages import Batch, BatchResult
from .machine import count_memory, count_processors, measure_memory
from .runner import LOADING_SECONDS, WorkerDiedError, WorkerEndedError, relay_log
from .worker import END_WITH_STACK

_GRACE_SECONDS = 5.0
"""The time for a worker that is ended to write its stack."""
_MEMORY_SHARE, _LEAST_MEMORY = 0.75, 1_000_000_000
"""The share of the machine's memory for all workers, and the least bytes for one, if the settings do not say."""
_NEARLY = 0.8
"""A worker that has more than this share of its memory after a batch is not given another one."""
_LOOK_SECONDS = 0.25
"""The time between two looks at the memory of a worker."""


class Processes:
    """Worker processes that keep their plugins and pipelines loaded.

    They start on demand. `run` is thread-safe.
    """

    def __init__(self, settings: Settings, processes: int) -> None:
        self.processes = processes
        self._settings = settings
        memory = int(_MEMORY_SHARE * count_memory() / max(1, count_workers(settings)))
        self._memory = settings.workers.memory or ByteSize(max(memory, _LEAST_MEMORY))
        self._places = Semaphore(processes)
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch on the next free worker."""
        with self._places, self._borrow(seconds) as worker:
            result: BatchResult = worker.ask(batch, seconds)
            return result

    def release(self) -> None:
        """End idle workers."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def close(self) -> None:
        """End all workers, even during a batch."""
        with self._lock:
            self._closed = True
            for worker in self._busy:
                worker.kill()
        self.release()

    @contextmanager
    def _borrow(self, seconds: float) -> Iterator[_Worker]:
        with self._lock:
            if self._closed:
                raise WorkerDiedError("was ended with the run")
            worker = self._idle.pop() if self._idle else _Worker(self._memory)
            self._busy.add(worker)
        try:
            if not worker.loaded:
                worker.ask(self._settings, max(seconds, LOADING_SECONDS))
                worker.loaded = True
            yield worker
        except BaseException:
            # Its next answer would belong to this abandoned request.
            worker.kill()
            raise
        finally:
            with self._lock:
                self._busy.discard(worker)
                if worker.is_alive and worker.memory < _NEARLY * self._memory:
                    self._idle.append(worker)
                else:
                    worker.close()


def count_workers(settings: Settings) -> int:
    """Count the worker processes that a run has by these settings."""
    number = settings.workers.processes
    return count_processors() if number is None else number


class _Worker:
    """One worker process, as seen from its parent."""

    def __init__(self, most_memory: ByteSize) -> None:
        self._most_memory = most_memory
        self.loaded = False
        self.is_alive = True
        with ExitStack() as stack:
            self._dump = stack.enter_context(tempfile.TemporaryFile())
            self._connection, theirs = multiprocessing.Pipe()
            stack.enter_context(self._connection)
            with theirs:
                fds = (theirs.fileno(), self._dump.fileno())
                script = (
                    f"import sys; sys.path[:] = {sys.path!r}; from onrecord.workers.worker import serve; serve{fds}"
                )
                # Without the variable numpy starts a thread per processor in each worker.
                environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
                self._process = subprocess.Popen(  # noqa: S603 (its arguments are ours)
                    [sys.executable, "-c", script], stdin=subprocess.DEVNULL, pass_fds=fds, env=environment
                )
            self._open = stack.pop_all()

    def ask(self, request: Settings | Batch, seconds: float) -> Any:
        """Send a request and return its answer.

        Raises WorkerDiedError if the worker dies, or takes too much time or memory, and any error that it raised.
        """
        deadline = time.monotonic() + seconds
        doing = "" if self.loaded else " loading the plugins"
        try:
            self._connection.send(request)
            while (left := deadline - time.monotonic()) > 0 and self.memory <= self._most_memory:
                if not self._connection.poll(min(left, _LOOK_SECONDS)):
                    continue
                match self._connection.recv():
                    case logging.LogRecord() as record:
                        relay_log(record)
                    case Exception() as error:
                        raise error
                    case answer:
                        return answer
        except (EOFError, OSError) as error:
            stack = self._end()
            status = self._process.returncode
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            raise WorkerDiedError(f"died{doing} ({how})", stack=stack, loading=not self.loaded) from error
        self._process.send_signal(END_WITH_STACK)
        where: Any = {"stack": self._end(), "loading": not self.loaded}
        if left <= 0:
            raise WorkerEndedError(f"did not finish{doing} within {seconds:g} seconds", TimeoutError, **where)
        size = self._most_memory.human_readable(decimal=True)
        raise WorkerEndedError(f"took more than the {size} of `memory` in [workers]{doing}", MemoryError, **where)

    @property
    def memory(self) -> int:
        """The bytes of memory that the process has."""
        return measure_memory(self._process.pid)

    def kill(self) -> None:
        """End the process at once; thread-safe."""
        self.is_alive = False
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and close its connection."""
        self.kill()
        self._open.close()

    def _end(self) -> str:
        """Wait for the process to end and return its Python stack, innermost call first."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        self.kill()
        self._dump.seek(0)
        lines = self._dump.read().decode(errors="replace").splitlines()
        return "\n".join(line for line in lines if line.startswith("  File"))
