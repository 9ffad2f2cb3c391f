"""Batches on the workers of a Ray cluster."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import suppress

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no calls home; Ray reads it when it is imported

import ray
from ray.exceptions import GetTimeoutError, NodeDiedError, OutOfMemoryError, RayError, WorkerCrashedError

from onrecord import OnrecordError
from onrecord.stages import Batch, BatchResult
from onrecord.workers import WorkerDiedError
from onrecord.workers.remote import Setup, explain_misfit, run_batch
from onrecord.workers.runner import relay_log

CONNECT_SECONDS = 10
"""How long the head of a cluster may take to answer."""
CHECK_SECONDS = 60
"""How long a worker may take to say whether it is fit, which has it load the plugins."""


class OnRay:
    """The workers of a Ray cluster, one batch to a processor."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect, and see to it that a worker is fit for the work. Raises OnrecordError.

        Where none is free for `CHECK_SECONDS`, the run goes on: each looks at itself before its first batch.
        """
        self._address, self._setup = address, setup
        self._closed = False
        host, _, port = address.rpartition("/")[2].rpartition(":")
        try:
            if port.isdigit():
                # Ray itself goes on trying for minutes.
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
        # A batch whose worker died is run again by `Workers`, alone, where it can harm nobody.
        self._run_batch = ray.remote(run_batch).options(max_retries=0)

    @property
    def processes(self) -> int:
        """How many processors the cluster has just now."""
        return int(ray.cluster_resources().get("CPU", 1))

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        """Run a batch. Raises WorkerDiedError when its worker has died."""
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
        """Let go of the cluster, or end the one that was started for this run."""
        self._closed = True
        ray.shutdown()


def _connect(address: str) -> None:
    """Connect, and keep the handler of SIGTERM, in whose place Ray puts its own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, include_dashboard=None, log_to_driver=False, configure_logging=False)
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
