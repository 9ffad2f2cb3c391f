"""A real Prefect server for all tests of the flow, and runs as real processes against it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest

from onrecord_flows.unattended import server

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server with a database of its own.

    Making that database takes half a minute, so it is kept for the next session.
    """
    home = tmp_path_factory.mktemp("prefect")
    kept = kept_database(request)
    if kept.exists():
        shutil.copyfile(kept, home / "prefect.db")
    os.environ |= server.ENVIRONMENT | {"PREFECT_HOME": str(home)}
    os.environ.pop("PREFECT_API_URL", None)
    process, url = server.start_server(home / "server.log")
    try:
        server.wait_for(process, url, home / "server.log")
        if not kept.exists():
            source, copy = (sqlite3.connect(path) for path in (home / "prefect.db", kept))
            source.backup(copy)
            source.close()
            copy.close()
        os.environ["PREFECT_API_URL"] = url
        yield url
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.stop(process)


def kept_database(request: pytest.FixtureRequest) -> Path:
    """Where the database of a server that has only just been started is kept."""
    return Path(request.config.cache.mkdir("prefect")) / f"prefect-{version('prefect')}.db"


@dataclass
class Project:
    """A folder with a configuration, plugins, documents and a warehouse, and runs of it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {**os.environ, "COLUMNS": "200"})

    @classmethod
    def made_in(cls, root: Path) -> Project:
        """An empty one."""
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

    def start(self, *arguments: str, command: str = "run") -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a shell does."""
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

    def log(self) -> str:
        """What the latest run has logged so far."""
        logs = self.logs()
        return logs[-1].read_text() if logs else ""

    def logs(self) -> list[Path]:
        """The logs of its runs, the latest last."""
        return sorted((self.warehouse / "logs").glob("run-*.log"), key=lambda file: file.stat().st_mtime)

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect(self.warehouse / "onrecord.duckdb", read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def project(tmp_path: Path, prefect_url: str) -> Project:
    """An empty project that uses the session's Prefect server, without the plugins that take seconds to load."""
    made = Project.made_in(tmp_path)
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
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} seconds in vain for {what}")
        time.sleep(0.01)


VOLATILE = {"run_id", "fetched_at", "failed_at", "deleted_at", "traceback"}
"""Columns that say when and by whom a row was written, not what it says."""


def contents(database: Path) -> Mapping[str, list[tuple]]:
    """Every table of a database but those that tell of its runs, in an order that does not depend on them."""
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
