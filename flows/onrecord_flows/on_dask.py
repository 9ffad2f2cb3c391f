"""Batches on the workers of a Dask cluster.

They go straight from the threads of Prefect's tasks to Dask's scheduler, not as tasks that Prefect would have Dask
run: its workers would have to import Prefect and to reach its server. See docs/architecture.md.
"""

from __future__ import annotations

import logging
from concurrent.futures import BrokenExecutor, CancelledError
from uuid import uuid4

import dask
from distributed import Client, Future, KilledWorker

from onrecord import OnrecordError
from onrecord.cluster import Setup, done, unfit
from onrecord.config import Configuration
from onrecord.stages import Batch, Outcome

from .clusters import relay

CONNECT_SECONDS = 10
"""How long a scheduler may take to answer."""
WORKER_SECONDS = 60
"""How long a cluster may be without any worker: they are restarted in seconds, or are gone."""


class OnDask:
    """The workers of a Dask cluster."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect, and see to it that the workers are fit for the work. Raises OnrecordError."""
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
            found = self._client.run(unfit, setup, on_error="return")
            if misfits := [f"{worker}: {reason}" for worker, reason in sorted(found.items()) if reason]:
                more = f"\nand {len(misfits) - 3} more of {len(found)}" if len(misfits) > 3 else ""
                raise OnrecordError("\n".join(misfits[:3]) + more)
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

    def perform(self, configuration: Configuration, batch: Batch, seconds: float) -> Outcome:
        """Do a batch. Raises BrokenExecutor when several workers have died of it."""
        assert configuration is self._setup.configuration
        try:
            key = f"{batch.label.replace(' ', '-')}-{uuid4()}"
            future = self._client.submit(done, self._setup, batch, seconds, key=key, pure=False)
            outcome, records = self._result(future)
        except KilledWorker as error:
            raise BrokenExecutor(str(error)) from error
        except (CancelledError, OSError) as error:
            if self._closed:
                raise BrokenExecutor("the run is over") from error
            raise self._gone() from error
        relay(records)
        return outcome

    def close(self) -> None:
        """Let go of the cluster; what it has not done it forgets."""
        self._closed = True
        self._client.close(timeout=CONNECT_SECONDS)

    def _result(self, future: Future) -> tuple[Outcome, list[logging.LogRecord]]:
        while True:
            try:
                result: tuple[Outcome, list[logging.LogRecord]] = future.result(timeout=WORKER_SECONDS)
                return result
            except TimeoutError:
                if future.done():
                    raise
                # Still at work, or nobody is left who could be.
                self._await_workers()

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
