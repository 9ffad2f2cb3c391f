"""PostgreSQL, a Prefect server on it, and runs, as in the compose and Kubernetes files but without containers.

The server and the runs are started by the same commands and with the same variables as there.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
import pytest
import yaml

from onrecord.cli import cli
from onrecord_flows.unattended import server

from . import DEPLOY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PASSWORD = "a/pass:word@with%odd+characters"
AUTH = "onrecord:another one"
BIN = Path(sys.executable).parent
PROGRAMS = ("initdb", "pg_ctl", "createdb", "psql")


def tools() -> Path | None:
    """Return the folder of PostgreSQL's programs, which Debian does not put on the path."""
    on_path = [Path(found).resolve().parent] if (found := shutil.which("pg_ctl")) else []
    folders = [*on_path, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return next((each for each in folders if all((each / program).exists() for program in PROGRAMS)), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server of our own."""

    folder: Path
    port: int

    def ask(self, query: str) -> list[str]:
        done = subprocess.run(
            [tools() / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "prefect", "-Atc", query, "prefect"],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    programs = tools()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    # PostgreSQL refuses to run as root, and the path of its socket may not be long.
    folder, port = Path(tempfile.mkdtemp(prefix="onrecord-")), free_port()
    other: dict = {}
    if os.geteuid() == 0:
        other = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    (folder / "password").write_text(PASSWORD)

    def do(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        # To a file: what pg_ctl leaves running would keep a pipe open.
        with (folder / "output").open("ab") as output:
            subprocess.run(command, cwd=folder, stdout=output, stderr=output, check=True, **other)

    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        do("initdb", "-U", "prefect", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8")
        do("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        made = Database(folder, port)
        subprocess.run(
            [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "prefect"],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=True,
        )
        yield made
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            do("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def service(name: str) -> dict:
    return yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text())["services"][name]


def with_secrets(folder: Path, **secrets: str) -> list[str]:
    """The image's entry point, with a folder of secrets."""
    folder.mkdir()
    for name, value in secrets.items():
        (folder / name).write_text(value + "\n")
    return ["env", f"CREDENTIALS_DIRECTORY={folder}", str(DEPLOY / "with-secrets.sh")]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment with its programs on the path, but without Prefect's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "ONRECORD_"))}
    return {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", "PREFECT_HOME": str(home), **more}


@pytest.fixture(scope="module")
def prefect(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The compose file's Prefect server, on our database and a free port."""
    home, port = tmp_path_factory.mktemp("server"), free_port()
    described = service("prefect")
    command = described["command"]
    command[command.index("--host") + 1] = "127.0.0.1"
    variables = {name: str(value) for name, value in described["environment"].items()}
    variables |= {
        "PREFECT_SERVER_DATABASE_HOST": "127.0.0.1",
        "PREFECT_SERVER_DATABASE_PORT": str(database.port),
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
        "PREFECT_SERVER_API_PORT": str(port),
    }
    secrets = with_secrets(
        home / "secrets", PREFECT_SERVER_DATABASE_PASSWORD=PASSWORD, PREFECT_SERVER_API_AUTH_STRING=AUTH
    )
    with (home / "log").open("ab") as output:
        process = subprocess.Popen(
            [*secrets, *command], cwd=home, env=environment(home, **variables), stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}/api"
    try:
        server.wait_for_server(process, url, home / "log")
        yield url
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with three articles and a configuration."""
    (tmp_path / "inbox").mkdir()
    for name, said in {
        "Anna Smith": "the bridge is safe",
        "Sam Jones": "it would rain",
        "Ida Moor": "taxes rose",
    }.items():
        article = (
            f"A word from the town\n\n“We know that {said}”, {name} said on Monday. {name} spoke in the town hall.\n"
        )
        (tmp_path / "inbox" / f"{name.split()[0]}.txt").write_text(article)
    (tmp_path / "onrecord.toml").write_text('[plugins.files]\npaths = ["inbox"]\n')
    return tmp_path


def articles(project: Path) -> int:
    """Count the published articles."""
    published = project / "warehouse" / "onrecord.duckdb"
    if not published.exists():
        return 0
    with duckdb.connect(published, read_only=True) as connection:
        return connection.execute("select count(*) from article").fetchall()[0][0]


def onrecord(project: Path, url: str, *arguments: str, auth: str = AUTH) -> subprocess.CompletedProcess[str]:
    folder = project / f"secrets-{len(list(project.glob('secrets-*')))}"
    return subprocess.run(
        [*with_secrets(folder, PREFECT_API_AUTH_STRING=auth), "onrecord", *arguments],
        cwd=project,
        env=environment(project / "prefect", PREFECT_API_URL=url),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_run_is_recorded_by_a_server_on_postgresql(database: Database, prefect: str, project: Path) -> None:
    done = onrecord(project, prefect, "run")

    assert done.returncode == 0, done.stderr
    assert articles(project) == 3
    assert database.ask("select state_type from flow_run") == ["COMPLETED"]
    assert int(database.ask("select count(*) from task_run where state_type = 'COMPLETED'")[0]) > 0
    # If Prefect misunderstands the settings of the database, it creates one in its folder.
    assert not list(project.rglob("prefect.db"))


def test_the_server_rejects_requests_without_the_password(prefect: str, project: Path) -> None:
    done = onrecord(project, prefect, "run", auth="onrecord:guessed")

    # The run has begun, and looked for work, when it turns to the server: it is recorded as failed.
    assert done.returncode == 1
    assert "401 Unauthorized" in done.stderr

    with (project / "onrecord.toml").open("a") as file:
        file.write("[[schedule]]\ninterval = 60\n")
    done = onrecord(project, prefect, "up", auth="onrecord:guessed")

    assert done.returncode == 2
    assert "rejects the password, or needs one: set PREFECT_API_AUTH_STRING" in done.stderr


def test_onrecord_up_runs_schedules_with_it(
    database: Database, prefect: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["onrecord"])
    if cli.get_command(click.Context(cli), "up") is None:
        pytest.skip("`onrecord up` is yet to come")
    with (project / "onrecord.toml").open("a") as file:
        file.write('[[schedule]]\nname = "often"\ninterval = "5s"\n')
    command = [*with_secrets(project / "secrets", PREFECT_API_AUTH_STRING=AUTH), "onrecord", "up"]
    variables = environment(project / "prefect", PREFECT_API_URL=prefect)
    with (project / "output").open("ab") as output:
        up = subprocess.Popen(command, cwd=project, env=variables, stdout=output, stderr=output)
    try:
        while articles(project) < 3:
            assert up.poll() is None, (project / "output").read_text()
            time.sleep(0.2)
    finally:
        up.send_signal(signal.SIGTERM)
        status = up.wait(120)

    assert status == 0, (project / "output").read_text()
    # Whether completed or interrupted: the run that published may have got the signal before it ended.
    scheduled = "select count(*) from flow_run where auto_scheduled and state_type <> 'SCHEDULED'"
    assert int(database.ask(scheduled)[0]) > 0
    assert [name for name in database.ask("select name from deployment") if name.endswith("often")]
    assert not list(project.rglob("prefect.db"))
