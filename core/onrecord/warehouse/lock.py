"""The lock: one process writes to a warehouse at a time, and the others can say who it is."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import LockedError

log = logging.getLogger("onrecord")

_LOCK = "lock"
_HOLDER = "lock.json"
_AT_ONCE = 0.5
"""Seconds that a lock which somebody else has is asked for again: `lock_holder` may have it for a moment."""


@contextmanager
def lock_warehouse(directory: Path, *, wait: bool) -> Iterator[None]:
    """Hold a warehouse's lock. It goes when the process does, however that ends.

    While another process has it, wait and say so once, or with `wait=False` raise LockedError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=_AT_ONCE)
    except Timeout:
        who = _noted(directory)
        if not wait:
            raise LockedError(directory, who) from None
        log.warning("waiting: %s is writing to %s", who, directory, extra={"event": "waiting"})
        lock.acquire()
    described = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    try:
        # It is only for people to read: a disk that is full must not keep those out who would make room.
        with suppress(OSError):
            (directory / _HOLDER).write_text(json.dumps(described))
        yield
    finally:
        with suppress(OSError):
            (directory / _HOLDER).unlink(missing_ok=True)
        lock.release()


def lock_holder(directory: Path) -> str | None:
    """Who holds a warehouse's lock, in words; None when nobody does.

    It is the lock that says whether, which goes with its process; the note beside it, which may be a dead one's, says
    only who. For somebody who may not open the lock, the note has to do.
    """
    if not (directory / _LOCK).exists():
        return None
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _noted(directory)
    except OSError:
        return _noted(directory) if (directory / _HOLDER).exists() else None
    lock.release()
    return None


def _noted(directory: Path) -> str:
    """Who says that they hold the lock."""
    try:
        described = json.loads((directory / _HOLDER).read_text())
        return f"process {described['pid']} on {described['host']} (since {described['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number on this machine, and it has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # Ended, and nobody has asked how.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True
