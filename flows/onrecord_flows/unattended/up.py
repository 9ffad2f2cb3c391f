"""`onrecord up`: a Prefect server, the schedules, a worker, and somebody who looks after them."""

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

from onrecord.cli.common import config_options, console, open_plugins
from onrecord.config.schedule import Schedule
from onrecord.config.settings import Settings
from onrecord.errors import ConfigError, OnrecordError
from onrecord.logs import LogFormat, make_formatter
from onrecord.run import signals
from onrecord.run.engine import select_ingestors

from . import server
from .supervision import Supervised

if TYPE_CHECKING:
    from .watchdog import Watchdog

log = logging.getLogger("onrecord")

_LOOK_SECONDS = 3.0
"""How often the server is asked for runs that were missed or killed."""
_SILENT_SECONDS = 180.0
"""A server of ours that says nothing for so long, or takes so long to come up, is ended and started again."""
_STOP_SECONDS = 75.0
"""How long each part has to end before it is made to: longer than the worker gives a run."""
_ALIVE = "up.alive"
"""A file in the warehouse's folder that is as old as the last answer of the server; gone when nothing is kept up."""
_QUERY_SECONDS = "2"
"""How often the worker asks for runs that are due: what a tick waits for at most."""


@click.command()
@config_options
@click.option("--port", type=click.IntRange(1, 65535), help="The server's port, in place of the configured one.")
def up_command(config: Path | None, warehouse: Path | None, port: int | None) -> None:
    """Run the schedules of the configuration until told to stop (Ctrl-C, SIGTERM).

    Starts a Prefect server and a worker and keeps both alive. Uses the server that PREFECT_API_URL or your Prefect
    profile names, if any does. Exit status: 0 when it was told to stop, 2 when it could not start.
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
    log.handlers[:], log.propagate = [_Shown(settings.log.format)], False
    log.setLevel(logging.INFO)
    with signals.install_signal_handlers(), _alone(settings.warehouse):
        try:
            _keep_up(settings, port or settings.up.port)
        except KeyboardInterrupt:
            log.info("stopped; all that was loaded is kept")


def _keep_up(settings: Settings, port: int) -> None:
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
            parts.append(Supervised("Prefect server", *server.keep_server(home, port), logs / "server.log"))
            log.info("starting Prefect (half a minute the first time)")
            parts[0].start()
            environment |= {"PREFECT_API_URL": url, "PREFECT_HOME": str(home)}
            _wait_for(parts[0], url)
        command = [sys.executable, "-m", "onrecord_flows.unattended.worker", settings.up.pool]
        worker = Supervised("worker", command, environment, logs / "worker.log")
        quiet = server.silence_prefect(logs / "up.log", settings.log.format, url)
        with quiet, _watchdog(settings, own=ours) as watchdog:
            worker.start()
            parts.insert(0, worker)
            _show(settings, home if ours else None)
            _look_after(parts, worker, watchdog, url, directory / _ALIVE)
    finally:
        # The worker first, so that the run in progress can still tell the server how it ended.
        for part in parts:
            part.stop(_STOP_SECONDS)


def _look_after(
    parts: Sequence[Supervised], worker: Supervised, watchdog: Watchdog, url: str | None, alive: Path
) -> None:
    alive.touch()
    looked = answered = time.monotonic()
    failing = False
    while True:
        for part in parts:
            if part.tend():
                log.info("the %s was started again", part.name)
        now = time.monotonic()
        if now - looked >= _LOOK_SECONDS:
            looked = now
            try:
                watchdog.drop_missed()
                watchdog.mark_dead(worker.started_at)
                answered, failing = time.monotonic(), False
                # Where that cannot be done, it grows old, and whoever looks at it will find so.
                with suppress(OSError):
                    alive.touch()
            except Exception as error:
                # Whatever it is, it is the server's, and passes when the server is back.
                if not failing:
                    log.warning("the Prefect server cannot be asked: %s: %s", type(error).__name__, error)
                failing = True
                silent = time.monotonic() - answered
                if url and min(silent, parts[-1].age) > _SILENT_SECONDS:
                    log.warning("the Prefect server does not answer; it is started again")
                    parts[-1].stop(_STOP_SECONDS)
        signals.raise_if_interrupted()
        time.sleep(0.25)


@contextmanager
def _watchdog(settings: Settings, *, own: bool) -> Iterator[Watchdog]:
    """Register the schedules, drop the ticks that were missed, and get what looks after the runs from then on."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    from .schedules import register
    from .watchdog import Watchdog

    # Its own patience, of a minute, would be spent while a worker lies dead.
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(sync_client=True, httpx_settings={"timeout": 10}) as client,
    ):
        watchdog = Watchdog(client, settings.up.pool)
        # A server that has just come up has much to do, and not all it is asked for gets done.
        patiently = Retrying(
            retry=retry_if_exception(lambda error: not isinstance(error, OnrecordError) and not _wants_password(error)),
            wait=wait_exponential(max=10),
            stop=stop_after_delay(_SILENT_SECONDS),
            before_sleep=_tell_of_failure,
            reraise=True,
        )
        try:
            patiently(register, client, settings, own=own)
            missed = patiently(watchdog.drop_missed)
        except OnrecordError:
            raise
        except Exception as error:
            if _wants_password(error):
                raise OnrecordError(
                    f"the Prefect server at {client.api_url} wants a password, and not the one that it was shown: set "
                    "PREFECT_API_AUTH_STRING to the NAME:PASSWORD that it was given as PREFECT_SERVER_API_AUTH_STRING"
                ) from error
            raise OnrecordError(
                f"the schedules could not be registered at {client.api_url}: {type(error).__name__}: {error}"
            ) from error
        if missed:
            log.info("%s missed tick(s) are dropped: one run does the work of all", missed)
        yield watchdog


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Be the only one that keeps this warehouse up."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise OnrecordError(f"another `onrecord up` runs the schedules of {directory}; stop it first") from None
    # What one that was killed has left.
    (directory / _ALIVE).unlink(missing_ok=True)
    try:
        yield
    finally:
        (directory / _ALIVE).unlink(missing_ok=True)
        lock.release()


def _check_password() -> None:
    """Raise OnrecordError where our server would ask for a password that nobody here has."""
    asked, shown = (os.environ.get(f"PREFECT_{who}API_AUTH_STRING") for who in ("SERVER_", ""))
    if asked and asked != shown:
        raise OnrecordError(
            "PREFECT_SERVER_API_AUTH_STRING has the Prefect server ask for a password, and PREFECT_API_AUTH_STRING, "
            f"with which it is shown, is {'another one' if shown else 'not set'}: set both to the same NAME:PASSWORD"
        )


def _check_free(port: int) -> None:
    """Raise OnrecordError unless a server can be started on that port."""
    # What was killed together with its parent takes some seconds to end.
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
        f"port {port} cannot be used ({reason}). If a Prefect server answers there that is to be used, say so with "
        f"PREFECT_API_URL=http://127.0.0.1:{port}/api; otherwise choose another one with `port` in [up], or --port"
    )


def _wait_for(part: Supervised, url: str) -> None:
    deadline = time.monotonic() + server.START_SECONDS
    while not server.answers(url):
        if part.ended() is not None or time.monotonic() > deadline:
            raise OnrecordError(f"the Prefect server did not start; see {part.output}")
        time.sleep(0.1)


def _wants_password(error: BaseException) -> bool:
    from httpx import HTTPStatusError

    return isinstance(error, HTTPStatusError) and error.response.status_code == 401


def _tell_of_failure(attempt: RetryCallState) -> None:
    error = attempt.outcome.exception() if attempt.outcome else None
    log.warning("the Prefect server does not take the schedules yet, tried again: %s", error)


def _show(settings: Settings, home: Path | None) -> None:
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
        return "over: it is never due again"
    local = due.astimezone()
    seconds = round((due - datetime.now(UTC)).total_seconds())
    return f"next {local:%Y-%m-%d %H:%M:%S %Z}, in {seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


class _Shown(logging.Handler):
    """Shows in the terminal what is logged, or hands it as JSON to whoever collects it from there."""

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
