"""The lock: one process writes to a warehouse at a time, and the others can say who it is."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import LockedError

log = logging.getLogger("onrecord")

_LOCK = "lock"
_HOLDER = "lock.json"


@contextmanager
def locked(directory: Path, *, wait: bool) -> Iterator[None]:
    """Hold a warehouse's lock. It goes when the process does, however that ends.

    While another process has it, wait and say so once, or with `wait=False` raise LockedError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder(directory) or "another process"
        if not wait:
            raise LockedError(directory, who) from None
        log.warning("waiting: %s is writing to %s", who, directory, extra={"event": "waiting"})
        lock.acquire()
    described = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    try:
        (directory / _HOLDER).write_text(json.dumps(described))
        yield
    finally:
        (directory / _HOLDER).unlink(missing_ok=True)
        lock.release()


def holder(directory: Path) -> str | None:
    """Who holds a warehouse's lock, in words; None when nobody is known to.

    From the note that the holder leaves, not by trying the lock: that would keep a run from getting it.
    """
    try:
        described = json.loads((directory / _HOLDER).read_text())
        who = f"process {described['pid']} on {described['host']} (since {described['since']})"
    except (OSError, ValueError, KeyError):
        return None
    if described["host"] == socket.gethostname() and not is_alive(described["pid"]):
        return None
    return who


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
