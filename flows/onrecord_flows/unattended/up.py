"""`onrecord up`: a Prefect server, the schedules and a worker, supervised."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from filelock import FileLock, Timeout
from rich.markup import escape
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from onrecord.cli.options import config_options, open_plugins
from onrecord.cli.terminal import console
from onrecord.config.schedule import Schedule
from onrecord.config.settings import Settings
from onrecord.errors import ConfigError, OnrecordError
from onrecord.logs import LogFormat, make_formatter, open_log_handler
from onrecord.run import signals
from onrecord.run.engine import select_ingestors

from . import server
from .supervision import Supervised

if TYPE_CHECKING:
    from .watchdog import Watchdog

log = logging.getLogger("onrecord")

_CHECK_SECONDS = 3.0
"""Seconds between two queries for runs that were missed or killed."""
_SILENT_SECONDS = 180.0
"""Seconds without an answer after which our server is restarted; also the time limit of registering the schedules."""
_STOP_SECONDS = 75.0
"""Seconds that each process has to end before it is killed: longer than the worker gives a run."""
_ALIVE = "up.alive"
"""A file in the warehouse's folder: touched when the server answers, deleted when `onrecord up` ends."""
_QUERY_SECONDS = "2"
"""Seconds between two queries of the worker for due runs: the longest delay of a scheduled run."""


@click.command()
@config_options
@click.option("--port", type=click.IntRange(1, 65535), help="The server's port, in place of the configured one.")
def up_command(config: Path | None, warehouse: Path | None, port: int | None) -> None:
    """Run the schedules of the configuration until Ctrl-C or SIGTERM.

    Starts a Prefect server and a worker, and restarts them if they die. If PREFECT_API_URL or your Prefect profile
    names a server, uses that one. Exit status: 0 after Ctrl-C or SIGTERM, 2 if it could not start.
    """
    plugins = open_plugins(config, warehouse)
    settings = plugins.settings
    if not settings.schedule:
        hint = 'there is no schedule to run; e.g. [[schedule]] with cron = "*/10 * * * *"'
        raise ConfigError(settings.file, "schedule", "", hint)
    for each in settings.schedule:
        try:
            select_ingestors(plugins, each.sources)
        except OnrecordError as error:
            raise ConfigError(settings.file, f"schedule {each.name}", "sources", str(error)) from None
    for name, value in server.ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    log.handlers[:], log.propagate = [_TerminalHandler(settings.log.format)], False
    log.setLevel(logging.INFO)
    with signals.install_signal_handlers(), _lock_up(settings.warehouse):
        try:
            _run_until_stopped(settings, port or settings.up.port)
        except KeyboardInterrupt:
            log.info("stopped; what was loaded is kept")


def _run_until_stopped(settings: Settings, port: int) -> None:
    directory = settings.warehouse
    logs, home = directory / "logs", directory / "prefect"
    logs.mkdir(parents=True, exist_ok=True)
    ours = not server.is_server_configured()
    if ours:
        _check_password()
    environment = {**os.environ, "PREFECT_WORKER_QUERY_SECONDS": _QUERY_SECONDS}
    parts: list[Supervised] = []
    try:
        url = None
        if ours:
            url = f"http://127.0.0.1:{port}/api"
            _check_free(port)
            home.mkdir(parents=True, exist_ok=True)
            parts.append(Supervised("Prefect server", *server.server_command(home, port), logs / "server.log"))
            log.info("starting Prefect (half a minute the first time)")
            parts[0].start()
            environment |= {"PREFECT_API_URL": url, "PREFECT_HOME": str(home)}
            _wait_for_server(parts[0], url)
        command = [sys.executable, "-m", "onrecord_flows.unattended.worker", settings.up.pool]
        worker = Supervised("worker", command, environment, logs / "worker.log")
        quiet = server.silence_prefect(open_log_handler(logs / "up.log", settings.log.format), url)
        with quiet, _open_watchdog(settings, own=ours) as watchdog:
            worker.start()
            parts.insert(0, worker)
            _show_summary(settings, home if ours else None)
            _supervise(parts, worker, watchdog, url, directory / _ALIVE)
    finally:
        # The worker first, so that the current run can still report its end to the server.
        for part in parts:
            part.stop(_STOP_SECONDS)


def _supervise(
    parts: Sequence[Supervised], worker: Supervised, watchdog: Watchdog, url: str | None, alive: Path
) -> None:
    alive.touch()
    checked = answered = time.monotonic()
    failing = False
    while True:
        for part in parts:
            if part.restart_if_dead():
                log.info("the %s was restarted", part.name)
        now = time.monotonic()
        if now - checked >= _CHECK_SECONDS:
            checked = now
            try:
                watchdog.drop_missed()
                watchdog.mark_dead(worker.started_at)
                answered, failing = time.monotonic(), False
                # If that fails, the file grows old, which health checks notice.
                with suppress(OSError):
                    alive.touch()
            except Exception as error:
                # Any error here is the server's, and passes when the server is back.
                if not failing:
                    log.warning("the Prefect server cannot be asked: %s: %s", type(error).__name__, error)
                failing = True
                silent = time.monotonic() - answered
                if url and min(silent, parts[-1].age) > _SILENT_SECONDS:
                    log.warning("the Prefect server does not answer; it is restarted")
                    parts[-1].stop(_STOP_SECONDS)
        signals.raise_if_interrupted()
        time.sleep(0.25)


@contextmanager
def _open_watchdog(settings: Settings, *, own: bool) -> Iterator[Watchdog]:
    """Register the schedules, drop missed ticks, and yield the watchdog of the runs."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    from .schedules import register_schedules
    from .watchdog import Watchdog

    # The client's own retries take a minute, in which a dead worker would not be restarted.
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(sync_client=True, httpx_settings={"timeout": 10}) as client,
    ):
        watchdog = Watchdog(client, settings.up.pool)
        # A server that has just started is busy, and some requests fail.
        retrying = Retrying(
            retry=retry_if_exception(
                lambda error: not isinstance(error, OnrecordError) and not _is_unauthorized(error)
            ),
            wait=wait_exponential(max=10),
            stop=stop_after_delay(_SILENT_SECONDS),
            before_sleep=_log_failed_attempt,
            reraise=True,
        )
        try:
            retrying(register_schedules, client, settings, own=own)
            missed = retrying(watchdog.drop_missed)
        except OnrecordError:
            raise
        except Exception as error:
            if _is_unauthorized(error):
                raise OnrecordError(
                    f"the Prefect server at {client.api_url} rejects the password, or needs one: set "
                    "PREFECT_API_AUTH_STRING to the NAME:PASSWORD that the server has as PREFECT_SERVER_API_AUTH_STRING"
                ) from error
            raise OnrecordError(
                f"the schedules could not be registered at {client.api_url}: {type(error).__name__}: {error}"
            ) from error
        if missed:
            log.info("%s missed tick(s) dropped: one run does the work of all", missed)
        yield watchdog


@contextmanager
def _lock_up(directory: Path) -> Iterator[None]:
    """Hold the lock of `onrecord up` on a warehouse. Raises OnrecordError if another one holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise OnrecordError(f"another `onrecord up` runs the schedules of {directory}; stop it first") from None
    # A killed one leaves it behind.
    (directory / _ALIVE).unlink(missing_ok=True)
    try:
        yield
    finally:
        (directory / _ALIVE).unlink(missing_ok=True)
        lock.release()


def _check_password() -> None:
    """Raise OnrecordError if our server would require a password that its clients do not send."""
    required, sent = (os.environ.get(f"PREFECT_{side}API_AUTH_STRING") for side in ("SERVER_", ""))
    if required and required != sent:
        raise OnrecordError(
            "PREFECT_SERVER_API_AUTH_STRING makes the Prefect server require a password, and PREFECT_API_AUTH_STRING, "
            f"which its clients send, {'differs' if sent else 'is not set'}: set both to the same NAME:PASSWORD"
        )


def _check_free(port: int) -> None:
    """Raise OnrecordError if no server can listen on the port."""
    # A server whose parent was killed takes some seconds to end.
    for _ in range(100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                reason = error.strerror
                time.sleep(0.1)
            else:
                return
    raise OnrecordError(
        f"port {port} cannot be used ({reason}). To use a Prefect server that answers there, set "
        f"PREFECT_API_URL=http://127.0.0.1:{port}/api; otherwise choose another port with `port` in [up], or --port"
    )


def _wait_for_server(part: Supervised, url: str) -> None:
    deadline = time.monotonic() + server.START_SECONDS
    while not server.is_answering(url):
        if part.poll() is not None or time.monotonic() > deadline:
            raise OnrecordError(f"the Prefect server did not start; see {part.output}")
        time.sleep(0.1)


def _is_unauthorized(error: BaseException) -> bool:
    from httpx import HTTPStatusError

    return isinstance(error, HTTPStatusError) and error.response.status_code == 401


def _log_failed_attempt(attempt: RetryCallState) -> None:
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning("the schedules could not be registered yet, retrying: %s", error)


def _show_summary(settings: Settings, home: Path | None) -> None:
    from prefect.settings import get_current_settings

    from .schedules import deployment_name

    api = get_current_settings().api.url or ""
    lines = [
        ("warehouse", str(settings.warehouse)),
        ("Prefect", api.removesuffix("/api") + (f" (its database: {home / 'prefect.db'})" if home else "")),
        ("logs", str(settings.warehouse / "logs")),
    ]
    for each in settings.schedule:
        name = deployment_name(settings.up.pool, each.name)
        lines.append(("schedule", f"{name}: {each.describe()}; {_describe_next(each.when)}"))
    for label, words in lines:
        if settings.log.format == "json":
            log.info("%s: %s", label, words)
        else:
            console.print(f"[dim]{label:>10}[/dim]  {escape(words)}", soft_wrap=True)
    log.info("up; Ctrl-C stops it")


def _describe_next(schedule: Schedule) -> str:
    due = schedule.next(datetime.now(UTC))
    if due is None:
        return "it is never due again"
    local = due.astimezone()
    seconds = round((due - datetime.now(UTC)).total_seconds())
    return f"next {local:%Y-%m-%d %H:%M:%S %Z}, in {seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


class _TerminalHandler(logging.Handler):
    """Prints log records to the terminal, as text or as JSON."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._form = form
        self.setFormatter(make_formatter(form))

    def emit(self, record: logging.LogRecord) -> None:
        if self._form == "json":
            click.echo(self.format(record))
            return
        at = datetime.fromtimestamp(record.created).astimezone()
        console.print(f"[dim]{at:%Y-%m-%d %H:%M:%S}[/dim]  {escape(record.getMessage())}", soft_wrap=True)
