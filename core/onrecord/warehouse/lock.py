"""The lock of a warehouse: one process writes at a time, and others can name it."""

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
"""Seconds to retry before the lock counts as taken: `lock_holder` holds it for a moment."""


@contextmanager
def lock_warehouse(directory: Path, *, wait: bool) -> Iterator[None]:
    """Hold a warehouse's lock inside the block. The lock ends with its process.

    While another process holds it, log that once and wait, or with `wait=False` raise LockedError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=_AT_ONCE)
    except Timeout:
        who = _read_holder(directory)
        if not wait:
            raise LockedError(directory, who) from None
        log.warning("waiting: %s is writing to %s", who, directory, extra={"event": "waiting"})
        lock.acquire()
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    try:
        # Only people read this file: a full disk must not lock out a command that would make room.
        with suppress(OSError):
            (directory / _HOLDER).write_text(json.dumps(holder))
        yield
    finally:
        with suppress(OSError):
            (directory / _HOLDER).unlink(missing_ok=True)
        lock.release()


def lock_holder(directory: Path) -> str | None:
    """Describe the process that holds a warehouse's lock; None if it is free.

    The lock itself decides, since it ends with its process; the file beside it, which a killed process leaves behind,
    only names the holder. A reader without permission to open the lock has to rely on that file.
    """
    if not (directory / _LOCK).exists():
        return None
    lock = FileLock(directory / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_holder(directory)
    except OSError:
        return _read_holder(directory) if (directory / _HOLDER).exists() else None
    lock.release()
    return None


def _read_holder(directory: Path) -> str:
    """Describe the process that the file beside the lock names."""
    try:
        holder = json.loads((directory / _HOLDER).read_text())
        return f"process {holder['pid']} on {holder['host']} (since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # A zombie has ended; its parent has not yet read its exit status.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True
