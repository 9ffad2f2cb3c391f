"""The Prefect worker of `onrecord up`, as a process of its own: `python -m onrecord_flows.unattended.worker POOL`.

It is in a session of its own, with the runs that it starts, and all of them end when the pipe from its parent closes.
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
"""Seconds that a run has to end when it is told to: it may be in the middle of an aggregate, or of a copy."""


def main() -> None:
    """Take runs from a work pool, one at a time, for as long as the parent lives."""
    # No more than one run at a time, counted here: a count that the server keeps would go on counting runs that were
    # killed. And none before its time, since a run does not see what comes after it has begun.
    worker = ProcessWorker(
        work_pool_name=sys.argv[1],
        name=socket.gethostname(),
        limit=1,
        prefetch_seconds=0,
        create_pool_if_not_found=False,
    )

    def stop(number: int, frame: FrameType | None) -> None:
        """Have the run in progress end, and then this process: Prefect's worker would kill the one with the other."""
        # To all that were started here, which are in this process group, and not to this process.
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
            # It has not begun yet.
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
    main()
