"""Batches on the workers of a Dask cluster.

They go straight from the threads of Prefect's tasks to Dask's scheduler, not as tasks that Prefect would have Dask
run: its workers would have to import Prefect and to reach its server. See docs/architecture.md.
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
"""How long a scheduler may take to answer."""
CHECK_SECONDS = 60
"""How long the workers may take to say whether they are fit, which has them load the plugins."""
WORKER_SECONDS = 60
"""How long a cluster may be without any worker: they are restarted in seconds, or are gone."""


class OnDask:
    """The workers of a Dask cluster."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect, and see to it that the workers are fit for the work. Raises OnrecordError.

        One that is still at work on something else, as on a batch of a run that was killed, is not waited for longer
        than `CHECK_SECONDS`: it looks at itself before its first batch, as those do that come later.
        """
        self._address, self._setup = address, setup
        self._closed = False
        # It prints what it has to say; with us that belongs into the log file.
        logging.getLogger("distributed").handlers.clear()
        logging.getLogger("distributed").propagate = True
        # A batch travels with its task, by way of the scheduler, which so can give it to another worker when one is
        # lost; the size from which on Dask warns of that is less than a batch may have.
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
        """How many workers there are just now."""
        try:
            return len(self._client.nthreads())
        except OSError as error:
            raise self._gone() from error

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError when several workers have died of it."""
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
        """Let go of the cluster; what it has not done it forgets."""
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
                # Still at work, or nobody is left who could be.
                self._await_workers()

    def _check_workers(self) -> None:
        # As tasks, each for one worker, before any batches that wait there. `Client.run` would have the thread do it by
        # which a worker is in touch with its scheduler, and keep it waiting for whatever batch is being done.
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
                log.info("the worker %s is busy; it looks whether it is fit before its first batch", worker)
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
            f"the Dask scheduler at {self._address} does not answer any more. What was loaded is kept; the next run "
            "does the rest, once there is a scheduler again"
        )
