"""A Prefect server for one run, where none is configured; quiet, and gone when the run is.

Prefect starts one by itself too, but that one survives a `kill -9` of the run, and a Ctrl-C reaches it first and
leaves the run hanging. This one is in a session of its own and ends when the pipe to its parent does.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from onrecord import OnrecordError
from onrecord.logs import LogFormat, open_log_handler

START_SECONDS = 180
"""How long a server may take to come up: half a minute on the first start, which makes its database."""

ENVIRONMENT = {
    # No calls home, and no long tracebacks where there is no network to call home on.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Our own log lines show in the UI beside Prefect's.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "onrecord",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_COLORS": "false",
}

_CHILD = """
import os, signal, sys, threading
def end_with_parent():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(5)
    os._exit(1)
threading.Thread(target=end_with_parent, daemon=True).start()
import uvicorn
uvicorn.run("prefect.server.api.server:create_app", factory=True, host="127.0.0.1",
            port=int(sys.argv[1]), log_level="error", lifespan="on")
"""


@contextmanager
def prefect(log: Path, form: LogFormat = "text") -> Iterator[None]:
    """Make Prefect ready: the configured server or one of our own, and all that is logged in the file `log`.

    To be entered before Prefect is imported, which is when it reads its environment.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    log.parent.mkdir(parents=True, exist_ok=True)
    if is_server_configured():
        with silence_prefect(log, form):
            yield
        return
    # Two first runs at a time must not both make Prefect's database.
    prefect_home().mkdir(parents=True, exist_ok=True)
    starting = FileLock(prefect_home() / "onrecord-start.lock")
    starting.acquire()
    server, url = start_server(log)
    try:
        # Importing takes about as long as the server does to come up: both at a time.
        import onrecord_flows.flow.etl  # noqa: F401

        wait_for(server, url, log)
        starting.release()
        with silence_prefect(log, form, url):
            yield
    finally:
        starting.release()
        stop(server)


def prefect_home() -> Path:
    """Where Prefect keeps its database and profiles."""
    return Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))


def is_server_configured() -> bool:
    """Return whether the user has a server of their own, in the environment or in a profile."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    if not Path(os.environ.get("PREFECT_PROFILES_PATH", prefect_home() / "profiles.toml")).exists():
        return False
    from prefect.settings import get_current_settings

    return get_current_settings().api.url is not None


def keep_server(prefect_home: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of a server that stays, with its database in a folder of its own."""
    return [sys.executable, "-c", _CHILD, str(port)], {
        **os.environ,
        "PREFECT_HOME": str(prefect_home),
        "PREFECT_API_URL": "",
        "PREFECT_SERVER_API_PORT": str(port),
        # The user interface is copied there, with its address, at each start. Prefect's own place is the folder that it
        # is installed in, which as a rule is not the user's to write to: then there would be none.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": os.environ.get("PREFECT_SERVER_UI_STATIC_DIRECTORY")
        or str(prefect_home / "ui"),
        # What a browser shows of other sites is neither to read from it nor to write to it.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": os.environ.get("PREFECT_SERVER_CORS_ALLOWED_ORIGINS")
        or f"http://127.0.0.1:{port},http://localhost:{port}",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": os.environ.get("PREFECT_SERVER_CSRF_PROTECTION_ENABLED") or "true",
        # On a machine that is busy with a run, five seconds are not enough for SQLite.
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
        # What runs leave in the database is no record of anything: the warehouse has its own.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    }


def start_server(log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on a free port of this machine; returns it and the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PREFECT_UI_ENABLED": "false"}
    with log.open("ab") as output:
        server = subprocess.Popen(  # noqa: S603 (its arguments are ours)
            [sys.executable, "-c", _CHILD, str(port)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    return server, f"http://127.0.0.1:{port}/api"


def wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server answers. Raises OnrecordError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise OnrecordError(f"the Prefect server did not start (exit status {server.returncode}); see {log}")
        if answers(url):
            return
        time.sleep(0.1)
    raise OnrecordError(f"the Prefect server was not ready within {START_SECONDS} seconds; see {log}")


def answers(url: str) -> bool:
    """Whether there is a server that answers at this address."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 (it is http)
            return True
    except (urllib.error.URLError, OSError):
        return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server, by closing the pipe that it lives by."""
    assert server.stdin is not None
    server.stdin.close()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextmanager
def silence_prefect(log: Path, form: LogFormat, url: str | None = None) -> Iterator[None]:
    """Send what Prefect would print to the file; with `url`, use the server there."""
    # Prefect sets its logging up when it is imported in earnest, which is what the flow does.
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    import onrecord_flows.flow.etl  # noqa: F401

    file = open_log_handler(log, form)
    _move_console_to(file)
    logging.captureWarnings(True)
    # A server that is there for longer tells from the heartbeat that a run was killed; ours goes with the run.
    settings = {PREFECT_API_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None} if url else {}
    with temporary_settings(settings):
        try:
            yield
        finally:
            from prefect.events.worker import EventsWorker

            APILogWorker.drain_all(timeout=5)
            EventsWorker.drain_all(timeout=5)


_moved: list[logging.Handler] = []
"""Kept alive: Prefect looks its handlers up by name and would make new ones for those that are gone."""


def _move_console_to(file: logging.Handler) -> None:
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    for name in [None, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if isinstance(handler, logging.StreamHandler) and getattr(handler, "stream", None) in console:
                logger.removeHandler(handler)
                logger.addHandler(file)
                _moved.append(handler)
    ours = logging.getLogger("onrecord")
    ours.setLevel(logging.INFO)
    # Prefect gives the root logger a console too, which by now is the same file.
    ours.propagate = False
    if file not in ours.handlers:
        ours.addHandler(file)
