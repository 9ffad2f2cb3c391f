"""Run batches on the workers of a Dask cluster.

Threads of Prefect's tasks submit the batches to Dask's scheduler. With Prefect's own Dask task runner, the workers
would have to import Prefect and to reach its server. See docs/architecture.md.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import CancelledError
from uuid import uuid4

import dask
from distributed import Client, Future, KilledWorker

from onrecord import OnrecordError
from onrecord.stages import Batch, BatchResult
from onrecord.workers import WorkerDiedError
from onrecord.workers.remote import Setup, explain_misfit, run_batch
from onrecord.workers.runner import relay_log

log = logging.getLogger("onrecord")

CONNECT_SECONDS = 10
"""Seconds that a scheduler may take to answer."""
CHECK_SECONDS = 60
"""Seconds that the workers may take to load the plugins and compare them with the run's."""
WORKER_SECONDS = 60
"""Seconds that a cluster may be without a worker: one that died is restarted within seconds, or never."""


class DaskRunner:
    """Runs batches on the workers of a Dask cluster."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect, and check that the workers would make the same rows. Raises OnrecordError.

        A worker that is still busy after `CHECK_SECONDS`, for example with a batch of a killed run, checks itself
        before its first batch, like workers that join later.
        """
        self._address, self._setup = address, setup
        self._closed = False
        # Dask prints its log records; ours belong in the log file.
        logging.getLogger("distributed").handlers.clear()
        logging.getLogger("distributed").propagate = True
        # A batch is sent with its task through the scheduler, which can then give it to another worker when one is
        # lost. A batch may be larger than the size above which Dask warns of that.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise OnrecordError(
                f"[workers] address: no Dask scheduler answers at {address} ({error}): start one with `dask "
                'scheduler`, correct the address, or work on this machine with runner = "processes"'
            ) from error
        try:
            self._await_workers()
            self._check_workers()
        except BaseException:
            self.close()
            raise

    @property
    def processes(self) -> int:
        """The current number of workers."""
        try:
            return len(self._client.nthreads())
        except OSError as error:
            raise self._gone() from error

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError if several workers died of it."""
        try:
            key = f"{batch.label.replace(' ', '-')}-{uuid4()}"
            future = self._client.submit(run_batch, self._setup, batch, seconds, key=key, pure=False)
            result, records = self._result(future)
        except KilledWorker as error:
            raise WorkerDiedError(f"died: {error}") from error
        except (CancelledError, OSError) as error:
            if self._closed:
                raise WorkerDiedError("was ended with the run") from error
            raise self._gone() from error
        for record in records:
            relay_log(record)
        return result

    def close(self) -> None:
        """Disconnect; the cluster drops batches that it has not done."""
        self._closed = True
        self._client.close(timeout=CONNECT_SECONDS)

    def _result(self, future: Future) -> tuple[BatchResult, list[logging.LogRecord]]:
        while True:
            try:
                result: tuple[BatchResult, list[logging.LogRecord]] = future.result(timeout=WORKER_SECONDS)
                return result
            except TimeoutError:
                if future.done():
                    raise
                # Either it is still at work, or no worker is left.
                self._await_workers()

    def _check_workers(self) -> None:
        # One task for each worker, ahead of waiting batches. `Client.run` would use the thread with which a worker
        # answers its scheduler, and block it while a batch runs.
        asked = {
            worker: self._client.submit(explain_misfit, self._setup, workers=[worker], priority=1, pure=False)
            for worker in self._client.nthreads()
        }
        deadline = time.monotonic() + CHECK_SECONDS
        found: dict[str, object] = {}
        for worker, future in sorted(asked.items()):
            try:
                found[worker] = future.exception(max(deadline - time.monotonic(), 0.1)) or future.result()
            except TimeoutError:
                log.info("the worker %s is busy; it checks its plugins before its first batch", worker)
            except CancelledError as error:
                raise self._gone() from error
        if misfits := [f"{worker}: {reason}" for worker, reason in found.items() if reason]:
            more = f"\nand {len(misfits) - 3} more of {len(found)}" if len(misfits) > 3 else ""
            raise OnrecordError("\n".join(misfits[:3]) + more)

    def _await_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise OnrecordError(
                f"the Dask cluster at {self._address} has no workers: start some with "
                f"`dask worker {self._address} --nthreads 1`"
            ) from error

    def _gone(self) -> OnrecordError:
        return OnrecordError(
            f"the Dask scheduler at {self._address} no longer answers. What was loaded is kept; the next run does the "
            "rest, once there is a scheduler again"
        )
