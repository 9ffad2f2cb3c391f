"""Processes that are kept alive: what dies is started again, with growing pauses, and what it prints is in a file."""

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
"""Seconds before something is started again: twice as many each time, unless it lived for longer than the longest."""
_LOG_BYTES, _LOG_FILES = 10_000_000, 5


class Supervised:
    """A process in a session of its own, and all that it starts, which stays in its process group.

    It is given a pipe as its standard input, which closes when this process is gone, however that came about.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], output: Path) -> None:
        self.name, self.output = name, output
        self._command, self._environment = list(command), dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE
        self._due = 0.0
        self._began = 0.0
        self.started_at = datetime.now(UTC)
        """When it was last started."""

    def ended(self) -> int | None:
        """Its exit status, if it has ended."""
        return self._process.poll() if self._process else None

    @property
    def age(self) -> float:
        """Seconds since it was last started."""
        return time.monotonic() - self._began

    def start(self) -> None:
        """Start it."""
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
        threading.Thread(target=_write_down, args=(self._process.stdout, self.output), daemon=True).start()

    def tend(self) -> bool:
        """Look after it; true when it had died and has just been started again."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return False
            # What it has started would go on with nobody to look after it.
            self._end_group(self._process.pid)
            self._process = None
            if self.age > LONGEST_PAUSE:
                self._pause = FIRST_PAUSE
            self._due = time.monotonic() + self._pause
            log.warning(
                "the %s %s; it is started again in %g seconds (what it said is in %s)",
                self.name, _ending(status), self._pause, self.output,
            )  # fmt: skip
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            return False
        if time.monotonic() < self._due:
            return False
        self.start()
        return True

    def stop(self, seconds: float) -> None:
        """End it, and what it has started: first by asking, after so many seconds by force."""
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
        """End what is left of a process group whose first process is gone."""
        deadline = time.monotonic() + seconds
        try:
            # Once: a second signal would interrupt what the first one has it do.
            os.killpg(group, signal.SIGTERM)
            while time.monotonic() < deadline:
                _bury(group)
                os.killpg(group, 0)
                time.sleep(0.05)
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _bury(group: int) -> None:
    """Take note of the end of processes that became our children when their parent ended.

    They do where this process is the first one of a container, and would stay as zombies, which count as there.
    """
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass


def _ending(status: int) -> str:
    return f"was ended by signal {-status} ({signal.Signals(-status).name})" if status < 0 else f"ended with {status}"


def _write_down(pipe: IO[bytes], file: Path) -> None:
    """Write what comes through a pipe to a file that is begun anew before it gets too large."""
    handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    with pipe:
        for line in pipe:
            text = line.decode("utf-8", "replace").rstrip("\n")
            handler.emit(logging.makeLogRecord({"msg": "%s", "args": (text,)}))
    handler.close()
