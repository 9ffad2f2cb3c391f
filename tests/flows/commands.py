"""Commands as real processes that start fast: forks of one process with all imports.

That process has no threads of ours, no connections and no configuration. A fork of it becomes
`python -m onrecord …` with its own folder, environment, process group and output files.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


class Command:
    """A command that was started; its output is in files. The methods are those of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, args: Sequence[str], output: Path, errors: Path) -> None:
        self.args, self.returncode = args, None
        self._connection, self._output, self._errors = connection, output, errors
        self._replies = connection.makefile("r")
        self.pid = int(self._replies.readline())

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        return self._wait_for_exit(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process to end. Raises subprocess.TimeoutExpired."""
        if self._wait_for_exit(timeout) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the process to end; returns what it printed to standard output and standard error."""
        self.wait(timeout)
        return self._output.read_text(), self._errors.read_text()

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM to the process."""
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _wait_for_exit(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection, selectors.EVENT_READ)
                if selector.select(timeout):
                    self.returncode = int(self._replies.readline())
                    self._connection.close()
        return self.returncode


class Starter:
    """A process with all imports that starts commands as forks."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._folder, self._count = folder, 0
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env=self.environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()

    def start(self, args: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Command:
        """Start a command in its own process group, as a shell does."""
        self._count += 1
        output, errors = (self._folder / f"{self._count}.{name}" for name in ("out", "err"))
        ours, theirs = socket.socketpair()
        request = {
            "args": [*args],
            "cwd": str(cwd),
            "environment": dict(environment),
            "output": str(output),
            "errors": str(errors),
        }
        socket.send_fds(self._socket, [b"."], [theirs.fileno()])
        theirs.close()
        ours.sendall(json.dumps(request).encode() + b"\n")
        return Command(ours, args, output, errors)

    def stop(self) -> None:
        """End the process; commands that it has started go on."""
        self._socket.close()
        self._process.wait(20)


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for every request, and report how each fork ended. Returns the request in each fork, and None at the end."""
    running: dict[int, socket.socket] = {}
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if woken in ready:
                woken.recv(4096)
                reap(running)
            if requests in ready:
                message, descriptors, *_ = socket.recv_fds(requests, 1, 1)
                if not message:
                    return None
                connection = socket.socket(fileno=descriptors[0])
                request: dict[str, Any] = json.loads(connection.makefile("r").readline())
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for each in (*running.values(), connection, requests, woken, wake):
                        each.close()
                    return request
                running[pid] = connection
                connection.sendall(f"{pid}\n".encode())


def reap(running: dict[int, socket.socket]) -> None:
    """Report the exit status of every fork that has ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        # Its starter may be gone.
        with running.pop(pid) as connection, suppress(OSError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def become(args: list[str], cwd: str, environment: dict[str, str], output: str, errors: str) -> None:
    """Turn this process into `python -m onrecord …`, as a shell would start it."""
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for stream, path in ((sys.stdout, output), (sys.stderr, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream.fileno())
    sys.path[0] = cwd
    sys.argv = ["onrecord", *args]
    runpy.run_module("onrecord", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # The imports of the commands, without plugins: these load libraries that start threads, which forks do not have.
    for name in ("onrecord.cli.backfill", "onrecord_flows.run", "onrecord_flows.flow.etl", "prefect.events.worker"):
        importlib.import_module(name)
    if (request := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        become(**request)
