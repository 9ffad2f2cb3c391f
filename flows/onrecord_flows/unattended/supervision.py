"""Supervise processes: restart those that die, with growing pauses, and log their output."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

log = logging.getLogger("onrecord")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a restart: doubled each time, and reset after a process ran for longer than the longest pause."""
_LOG_BYTES, _LOG_FILES = 10_000_000, 5


class Supervised:
    """A supervised process in its own session, with the processes of its group.

    Its standard input is a pipe that closes when this process ends, even if it is killed.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], output: Path) -> None:
        self.name, self.output = name, output
        self._command, self._environment = list(command), dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE
        self._due = 0.0
        self._began = 0.0
        self.started_at = datetime.now(UTC)
        """The time of the last start."""

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs or before it is started."""
        return self._process.poll() if self._process else None

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._began

    def start(self) -> None:
        """Start the process."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self._began, self.started_at = time.monotonic(), datetime.now(UTC)
        self._process = subprocess.Popen(  # noqa: S603 (its arguments are ours)
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        threading.Thread(target=_copy_to_log, args=(self._process.stdout, self.output), daemon=True).start()

    def restart_if_dead(self) -> bool:
        """Restart the process if it has died and the pause is over; returns whether it was restarted now."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return False
            # Its children would otherwise go on unsupervised.
            self._end_group(self._process.pid)
            self._process = None
            if self.age > LONGEST_PAUSE:
                self._pause = FIRST_PAUSE
            self._due = time.monotonic() + self._pause
            log.warning(
                "the %s %s; it is restarted in %g seconds (its output is in %s)",
                self.name, _describe_exit(status), self._pause, self.output,
            )  # fmt: skip
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            return False
        if time.monotonic() < self._due:
            return False
        self.start()
        return True

    def stop(self, seconds: float) -> None:
        """End the process and its group: with SIGTERM, and after `seconds` with SIGKILL."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._end_group(process.pid)
        process.stdin.close()

    def _end_group(self, group: int, seconds: float = 15) -> None:
        """End the rest of a process group whose leader is gone."""
        deadline = time.monotonic() + seconds
        try:
            # Only once: a second signal would interrupt the cleanup that the first one starts.
            os.killpg(group, signal.SIGTERM)
            while time.monotonic() < deadline:
                _reap(group)
                os.killpg(group, 0)
                time.sleep(0.05)
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _reap(group: int) -> None:
    """Collect the exit status of orphans that became our children when their parent ended.

    That happens if this process is the first one of a container. Uncollected, they stay as zombies, and the group
    exists.
    """
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass


def _describe_exit(status: int) -> str:
    return f"was ended by signal {-status} ({signal.Signals(-status).name})" if status < 0 else f"ended with {status}"


def _copy_to_log(pipe: IO[bytes], file: Path) -> None:
    """Copy the lines from a pipe to a rotating log file."""
    handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    with pipe:
        for line in pipe:
            text = line.decode("utf-8", "replace").rstrip("\n")
            handler.emit(logging.makeLogRecord({"msg": "%s", "args": (text,)}))
    handler.close()
