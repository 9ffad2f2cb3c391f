"""The Prefect worker of `onrecord up`: `python -m onrecord_flows.unattended.worker POOL`.

The worker and its runs are in their own session, and end when the pipe from the parent closes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from types import FrameType

from prefect.workers.process import ProcessWorker

PATIENCE = 60.0
"""Seconds that a run has to end after SIGTERM: it may be in the middle of an aggregate, or of a copy."""


def run_worker() -> None:
    """Run the due runs of a work pool, one at a time, while the parent lives."""
    # The limit of one run is counted here: the server would go on counting killed runs. No run starts early, because a
    # run does not see documents that appear after its start.
    worker = ProcessWorker(
        work_pool_name=sys.argv[1],
        name=socket.gethostname(),
        limit=1,
        prefetch_seconds=0,
        create_pool_if_not_found=False,
    )

    def stop(number: int, frame: FrameType | None) -> None:
        """End the current run, and then this process; Prefect's worker would kill the run."""
        # Signal the runs, which are in this process group, but not this process.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        threading.Thread(target=_leave_after_run, args=(worker,), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        asyncio.run(worker.start())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGTERM)


def _leave_after_run(worker: ProcessWorker) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if not worker.limiter.borrowed_tokens:
                break
        except RuntimeError:
            # The worker has not started yet.
            break
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE + 5)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    run_worker()
