"""Run batches on the workers of a Ray cluster."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import suppress

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no calls home; Ray reads it on import

import ray
from ray.exceptions import GetTimeoutError, NodeDiedError, OutOfMemoryError, RayError, WorkerCrashedError

from onrecord import OnrecordError
from onrecord.stages import Batch, BatchResult
from onrecord.workers import WorkerDiedError
from onrecord.workers.remote import Setup, explain_misfit, run_batch
from onrecord.workers.runner import relay_log

CONNECT_SECONDS = 10
"""Seconds that the head of a cluster may take to answer."""
CHECK_SECONDS = 60
"""Seconds that a worker may take to load the plugins and compare them with the run's."""


class RayRunner:
    """Runs batches on the workers of a Ray cluster, one per processor."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect, and check that a worker would make the same rows. Raises OnrecordError.

        If no worker is free within `CHECK_SECONDS`, the run goes on: each checks itself before its first batch.
        """
        self._address, self._setup = address, setup
        self._closed = False
        host, _, port = address.rpartition("/")[2].rpartition(":")
        try:
            if port.isdigit():
                # Ray itself retries for minutes.
                socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
            _connect(address)
        except (OSError, ValueError, ConnectionError, RayError) as error:
            raise OnrecordError(
                f"[workers] address: no Ray cluster answers at {address} ({error}): start one with `ray start --head`, "
                'correct the address, or work on this machine with runner = "processes"'
            ) from error
        try:
            with suppress(GetTimeoutError):
                if reason := ray.get(ray.remote(explain_misfit).remote(setup), timeout=CHECK_SECONDS):
                    raise OnrecordError(reason)
        except BaseException:
            self.close()
            raise
        # `Workers` runs a batch whose worker died again, alone, in a process of this machine.
        self._run_batch = ray.remote(run_batch).options(max_retries=0)

    @property
    def processes(self) -> int:
        """The current number of processors of the cluster."""
        return int(ray.cluster_resources().get("CPU", 1))

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError if its worker died."""
        try:
            result, records = ray.get(self._run_batch.remote(self._setup, batch, seconds))
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError) as error:
            raise WorkerDiedError(f"died: {error}") from error
        except (SystemExit, RayError) as error:
            if self._closed:
                raise WorkerDiedError("was ended with the run") from error
            raise
        for record in records:
            relay_log(record)
        assert isinstance(result, BatchResult)
        return result

    def close(self) -> None:
        """Disconnect from the cluster, or end it if it was started for this run."""
        self._closed = True
        ray.shutdown()


def _connect(address: str) -> None:
    """Connect, and restore our SIGTERM handler, which Ray replaces with its own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, include_dashboard=None, log_to_driver=False, configure_logging=False)
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
