"""A real Prefect server for the tests of the flows, and runs as real processes against it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from onrecord_flows.unattended import server

from .commands import Command, Starter

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server with its own database, one for each test process.

    Creating that database takes half a minute, so it is kept for other processes and later sessions.
    """
    home = tmp_path_factory.mktemp("prefect")
    os.environ |= server.ENVIRONMENT | {"PREFECT_HOME": str(home)}
    os.environ.pop("PREFECT_API_URL", None)
    kept = cached_database(request)
    creation_lock = FileLock(f"{kept}.lock")
    with creation_lock:
        if kept.exists():
            creation_lock.release()
            shutil.copyfile(kept, home / "prefect.db")
        process, url = server.start_server(home / "server.log")
        try:
            server.wait_for_server(process, url, home / "server.log")
            if not kept.exists():
                copy_database(home / "prefect.db", kept)
        except BaseException:
            server.stop_server(process)
            raise
    try:
        os.environ["PREFECT_API_URL"] = url
        yield url
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.stop_server(process)


@pytest.fixture(scope="session")
def starter(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Starts commands that use the session's Prefect server."""
    running = Starter(tmp_path_factory.mktemp("commands"), {**os.environ, "COLUMNS": "200"})
    yield running
    running.stop()


def cached_database(request: pytest.FixtureRequest) -> Path:
    """Return where the database of a newly started server is kept."""
    return Path(request.config.cache.mkdir("prefect")) / f"prefect-{version('prefect')}.db"


def copy_database(database: Path, kept: Path) -> None:
    """Copy the database of a running server; the copy is complete or absent."""
    unfinished = kept.with_suffix(".unfinished")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.replace(kept)


@dataclass
class Project:
    """A folder with a configuration, plugins, documents and a warehouse, and runs of it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {**os.environ, "COLUMNS": "200"})
    starter: Starter | None = None
    """Starts commands in a fraction of the time; without it each imports everything first."""

    @classmethod
    def create(cls, root: Path) -> Project:
        """Create an empty project."""
        made = cls(root)
        made.inbox.mkdir()
        made.configure()
        return made

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    def configure(self, text: str = "") -> None:
        settings = f'[plugins.files]\npaths = ["inbox"]\n{text}'
        (self.root / "onrecord.toml").write_text(settings)

    def plugin(self, name: str, source: str) -> None:
        (self.root / "plugins").mkdir(exist_ok=True)
        (self.root / "plugins" / f"{name}.py").write_text(source)

    def start(self, *arguments: str, command: str = "run") -> subprocess.Popen[str] | Command:
        """Start a command in a process group of its own, as a shell does."""
        if self.starter and prefect_settings(self.environment) == prefect_settings(self.starter.environment):
            return self.starter.start([command, *arguments], self.root, self.environment)
        return subprocess.Popen(
            [sys.executable, "-m", "onrecord", command, *arguments],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, command: str = "run") -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, command=command)
        out, err = process.communicate(timeout=200)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def flow(self, **parameters: Any) -> None:
        """Run the flow in this process, for tests that are not about processes. Raises what the flow raises."""
        from prefect.settings import PREFECT_API_URL, temporary_settings

        from onrecord_flows.flow.etl import etl

        own = {name: value for name, value in self.environment.items() if name.startswith("ONRECORD_")}
        with pytest.MonkeyPatch.context() as environment:
            for name, value in own.items():
                environment.setenv(name, value)
            environment.setenv("ONRECORD_WORKERS__PROCESSES", "0")
            # Prefect read the environment when it was imported, which may have been before there was a server.
            with temporary_settings({PREFECT_API_URL: self.environment["PREFECT_API_URL"]}):
                etl(str(self.root / "onrecord.toml"), **parameters)

    def log(self) -> str:
        """Return the log of the latest run so far."""
        logs = self.logs()
        return logs[-1].read_text() if logs else ""

    def logs(self) -> list[Path]:
        """Return the log files of its runs, the latest last."""
        return sorted((self.warehouse / "logs").glob("run-*.log"), key=lambda file: file.stat().st_mtime)

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect(self.warehouse / "onrecord.duckdb", read_only=True) as connection:
            return connection.execute(query).fetchall()


def prefect_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that Prefect reads on import."""
    return {name: value for name, value in environment.items() if name.startswith("PREFECT_")}


@pytest.fixture
def project(tmp_path: Path, starter: Starter) -> Project:
    """An empty project that uses the session's Prefect server, without the plugins that take seconds to load."""
    made = Project.create(tmp_path)
    made.starter = starter
    made.environment["ONRECORD_DISABLE"] = '["claims", "entities", "language", "resolution", "tally"]'
    return made


@pytest.fixture
def seeds(project: Project) -> Project:
    """A project with the five seed articles, and all plugins."""
    del project.environment["ONRECORD_DISABLE"]
    for file in SEEDS.glob("*.txt"):
        shutil.copy(file, project.inbox)
    return project


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for an action of another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} seconds")
        time.sleep(0.01)


VOLATILE = {"run_id", "fetched_at", "failed_at", "deleted_at", "traceback"}
"""Columns about the writing of a row: they differ between equal runs."""


def contents(database: Path) -> Mapping[str, list[tuple]]:
    """Return the rows of all tables except those about runs, in a fixed order."""
    with duckdb.connect(database, read_only=True) as connection:
        tables = connection.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where schema_name = 'main' and table_name in (select table_name from duckdb_tables()) "
            "and table_name not in ('run', 'step', 'migration') group by all order by all"
        ).fetchall()
        return {
            name: connection.execute(
                f"select {', '.join(repr(c).replace(chr(39), chr(34)) for c in columns if c not in VOLATILE)} "
                f'from "{name}" order by all'
            ).fetchall()
            for name, columns in tables
        }
