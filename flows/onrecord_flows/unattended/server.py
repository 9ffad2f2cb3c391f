"""Start a Prefect server if none is configured: for one run, or for `onrecord up`.

Prefect's own temporary server survives a `kill -9` of the run, and Ctrl-C ends it before the run, which then hangs.
Ours is in its own session and ends when the pipe from its parent closes.
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

START_SECONDS = 180
"""Seconds that a server may take to start; the first start, which creates its database, takes about 30."""

ENVIRONMENT = {
    # No calls home, and no long tracebacks when there is no network for them.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Show our log records in the UI, beside Prefect's.
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
def open_prefect(file: logging.FileHandler) -> Iterator[None]:
    """Use the configured Prefect server, or start one for the block; log to the handler's file.

    Enter it before Prefect is imported, because Prefect reads the environment on import.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if is_server_configured():
        with silence_prefect(file):
            yield
        return
    log = Path(file.baseFilename)
    # Two first runs at the same time must not both create Prefect's database.
    prefect_home().mkdir(parents=True, exist_ok=True)
    starting = FileLock(prefect_home() / "onrecord-start.lock")
    starting.acquire()
    server, url = start_server(log)
    try:
        # Import while the server starts: each takes about as long.
        import onrecord_flows.flow.etl  # noqa: F401

        wait_for_server(server, url, log)
        starting.release()
        with silence_prefect(file, url):
            yield
    finally:
        starting.release()
        stop_server(server)


def prefect_home() -> Path:
    """Return the folder of Prefect's database and profiles."""
    return Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))


def is_server_configured() -> bool:
    """Return whether the environment or a Prefect profile names a server."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    if not Path(os.environ.get("PREFECT_PROFILES_PATH", prefect_home() / "profiles.toml")).exists():
        return False
    from prefect.settings import get_current_settings

    return get_current_settings().api.url is not None


def server_command(prefect_home: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a lasting server with its database in `prefect_home`."""
    return [sys.executable, "-c", _CHILD, str(port)], {
        **os.environ,
        "PREFECT_HOME": str(prefect_home),
        "PREFECT_API_URL": "",
        "PREFECT_SERVER_API_PORT": str(port),
        # Each start writes the user interface there, with its address. Prefect's default is its installation folder,
        # which users often cannot write to; there would be no user interface then.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": os.environ.get("PREFECT_SERVER_UI_STATIC_DIRECTORY")
        or str(prefect_home / "ui"),
        # Pages of other sites must neither read from the server nor write to it.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": os.environ.get("PREFECT_SERVER_CORS_ALLOWED_ORIGINS")
        or f"http://127.0.0.1:{port},http://localhost:{port}",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": os.environ.get("PREFECT_SERVER_CSRF_PROTECTION_ENABLED") or "true",
        # On a machine that is busy with a run, Prefect's five seconds are too few for SQLite.
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
        # Old runs can be deleted from this database: the warehouse has its own record of them.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    }


def start_server(log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on a free port of this machine; returns the process and the address of its API."""
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


def wait_for_server(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server answers. Raises OnrecordError if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise OnrecordError(f"the Prefect server did not start (exit status {server.returncode}); see {log}")
        if is_answering(url):
            return
        time.sleep(0.1)
    raise OnrecordError(f"the Prefect server was not ready within {START_SECONDS} seconds; see {log}")


def is_answering(url: str) -> bool:
    """Return whether a server answers at this address."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 (it is http)
            return True
    except (urllib.error.URLError, OSError):
        return False


def stop_server(server: subprocess.Popen[bytes]) -> None:
    """End a server by closing its pipe; kill it if that takes more than ten seconds."""
    assert server.stdin is not None
    server.stdin.close()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextmanager
def silence_prefect(file: logging.Handler, url: str | None = None) -> Iterator[None]:
    """Redirect Prefect's console output to a file; with `url`, use the server there."""
    # Importing a flow makes Prefect set up its logging.
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    import onrecord_flows.flow.etl  # noqa: F401

    move_console_to(file)
    logging.captureWarnings(True)
    # By the heartbeat, a lasting server notices that a run was killed; ours ends with the run.
    settings = {PREFECT_API_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None} if url else {}
    with temporary_settings(settings):
        try:
            yield
        finally:
            from prefect.events.worker import EventsWorker

            APILogWorker.drain_all(timeout=5)
            EventsWorker.drain_all(timeout=5)


_replaced_handlers: list[logging.Handler] = []
"""Keeps Prefect's handlers alive: it looks them up by name, and would create deleted ones again."""


def move_console_to(file: logging.Handler) -> None:
    """Send what any logger prints to the console, and all that we log, to a file instead."""
    console = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    for name in [None, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if isinstance(handler, logging.StreamHandler) and getattr(handler, "stream", None) in console:
                logger.removeHandler(handler)
                logger.addHandler(file)
                _replaced_handlers.append(handler)
    ours = logging.getLogger("onrecord")
    ours.setLevel(logging.INFO)
    logging.root.addHandler(file)
    # The root logger has the same file.
    ours.propagate = False
    ours.addHandler(file)
