"""`onrecord up`: real servers, workers and runs, some of which are killed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from onrecord_flows.unattended import server
from onrecord_flows.unattended.supervision import Supervised

from .conftest import Project, cached_database, wait_until

# ── Errors before the start ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "key `schedule`|table [schedule]: there is no schedule to run"),
        (
            '[schedule]\ninterval = 60\nsources = ["feed"]',
            "key `sources`: there is no source `feed`",
        ),
        ('[schedule]\ncron = "soon"', "key `cron`: is no cron expression"),
    ],
)
def test_an_invalid_schedule_is_an_error_before_anything_is_started(project: Project, table: str, message: str) -> None:
    project.configure(f"\n{table}\n")
    done = project.run(command="up")

    assert done.returncode == 2
    assert any(words in done.stderr for words in message.split("|"))
    assert not project.warehouse.exists()


def test_a_used_port_is_an_error_that_says_what_to_do(project: Project) -> None:
    project.environment.pop("PREFECT_API_URL")
    project.environment["PREFECT_HOME"] = str(project.root / "home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.configure(f"\n[schedule]\ninterval = 60\n[up]\nport = {port}\n")
        done = project.run(command="up")

    assert done.returncode == 2
    assert f"port {port} cannot be used" in done.stderr
    assert f"PREFECT_API_URL=http://127.0.0.1:{port}/api" in done.stderr


def test_messages_are_json_if_configured(capsys: pytest.CaptureFixture[str]) -> None:
    from onrecord_flows.unattended.up import _TerminalHandler

    for form in ("json", "text"):
        _TerminalHandler(form).handle(
            logging.makeLogRecord({"name": "onrecord", "levelname": "INFO", "msg": "up [again]"})
        )
    said, plain = capsys.readouterr().out.splitlines()
    assert json.loads(said)["message"] == "up [again]"
    assert plain.endswith("  up [again]")


def test_a_password_that_only_the_server_has_is_an_error(project: Project) -> None:
    project.environment.pop("PREFECT_API_URL")
    project.environment |= {"PREFECT_HOME": str(project.root / "home"), "PREFECT_SERVER_API_AUTH_STRING": "anna:secret"}
    project.configure("\n[schedule]\ninterval = 60\n")
    done = project.run(command="up")

    assert done.returncode == 2
    assert "PREFECT_API_AUTH_STRING, which its clients send, is not set: set both to the same" in done.stderr
    assert "secret" not in done.stderr


# ── The server ───────────────────────────────────────────────────────────────────────────────────


def test_the_server_writes_to_its_own_folder_and_rejects_pages_of_other_sites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_SERVER_UI_STATIC_DIRECTORY", raising=False)
    _, environment = server.server_command(tmp_path, 4200)
    assert environment["PREFECT_SERVER_UI_STATIC_DIRECTORY"] == str(tmp_path / "ui")
    assert environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200,http://localhost:4200"

    monkeypatch.setenv("PREFECT_SERVER_UI_STATIC_DIRECTORY", "/tmp/ui")
    assert server.server_command(tmp_path, 4200)[1]["PREFECT_SERVER_UI_STATIC_DIRECTORY"] == "/tmp/ui"


# ── Supervision ──────────────────────────────────────────────────────────────────────────────────

FAMILY = """
import os, subprocess, sys
child = subprocess.Popen(["sleep", "600"])
print("parent", os.getpid(), "child", child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Supervised]:
    """A supervised process with a child; its output has the ids of both."""
    made = Supervised("family", [sys.executable, "-c", FAMILY], os.environ, tmp_path / "family.log")
    made.start()
    yield made
    made.stop(5)


def members(family: Supervised, number: int = 1) -> tuple[int, int]:
    """Return the parent and the child after the first, second, … start."""
    wait_until(lambda: family.output.exists() and family.output.read_text().count("\n") >= number, "the family")
    words = family.output.read_text().splitlines()[number - 1].split()
    return int(words[1]), int(words[3])


def is_gone(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_that_dies_is_restarted_and_its_children_are_ended(family: Supervised) -> None:
    parent, child = members(family)
    assert family.restart_if_dead() is False
    os.kill(parent, signal.SIGKILL)
    wait_until(family.restart_if_dead, "the restart")

    assert is_gone(child)
    again, _ = members(family, 2)
    assert again != parent
    assert not is_gone(again)


def test_the_pause_before_a_restart_grows(family: Supervised, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 2, 3):
        os.kill(members(family, number)[0], signal.SIGKILL)
        wait_until(family.restart_if_dead, "the restart")

    pauses = [message.partition("restarted in ")[2].split()[0] for message in caplog.messages]
    assert pauses == ["1", "2", "4"]
    assert "the family was ended by signal 9 (SIGKILL)" in caplog.text


def test_stopping_ends_the_whole_group(family: Supervised) -> None:
    pids = members(family)
    family.stop(5)
    assert all(map(is_gone, pids))


ORPHANS = """
import ctypes, os, sys, time
from onrecord_flows.unattended.supervision import Supervised

# As the first process of a container, it becomes the parent of those whose parent has ended.
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
family = Supervised("family", [sys.executable, "-c", sys.argv[1]], os.environ, __import__("pathlib").Path(sys.argv[2]))
family.start()
while not family.output.exists() or "child" not in family.output.read_text():
    time.sleep(0.01)
parent, child = family.output.read_text().split()[1::2]
os.kill(int(parent), 9)
while family.poll() is None:
    time.sleep(0.01)
family.restart_if_dead()
print(os.path.exists(f"/proc/{child}"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a Linux machine")
def test_orphans_are_reaped_in_a_container(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHANS, FAMILY, str(tmp_path / "family.log")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.stdout == "False\n", done.stderr


# ── Unattended ───────────────────────────────────────────────────────────────────────────────────


class Reader(threading.Thread):
    """Reads the published database all the time, and collects errors."""

    def __init__(self, published: Path) -> None:
        super().__init__(daemon=True)
        self.published, self.wrong, self.times, self.over = published, [], 0, threading.Event()

    def run(self) -> None:
        while not self.published.exists() and not self.over.is_set():
            time.sleep(0.05)
        while not self.over.wait(0.1):
            try:
                with duckdb.connect(self.published, read_only=True) as connection:
                    self._look(connection)
                self.times += 1
            except Exception as error:
                self.wrong.append(repr(error))

    def _look(self, connection: duckdb.DuckDBPyConnection) -> None:
        for what, query in {
            "an article twice": "select count(*) - count(distinct article_id) from article",
            "a source item twice": "select count(*) - count(distinct uri) from source_item",
            "an article without its document": "select count(*) from article anti join document using (document_id)",
            "a mention without its article": "select count(*) from mention anti join article using (article_id)",
            "a claim without its article": "select count(*) from claim anti join article using (article_id)",
            "a mention that is not in the text": "select count(*) from mention m join article a using (article_id) "
            "where substring(a.body, m.start_char + 1, m.end_char - m.start_char) <> m.text",
        }.items():
            if (count := connection.execute(query).fetchall()[0][0]) != 0:
                self.wrong.append(f"{what}: {count}")


class Inbox:
    """A folder that keeps receiving articles, some of which are changed or deleted later."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.there: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.changes = 0

    def write(self, name: str) -> None:
        self.changes += 1
        number = self.chance.randrange(10**9)
        self.there[name] = f"Anna Smith said on Monday that bridge number {number} would open in May."
        draft = self.folder.parent / "draft"
        draft.write_text(self.there[name] + "\n")
        draft.replace(self.folder / name)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()
        del self.there[name]
        self.deleted.add(name)

    def step(self) -> None:
        kind = self.chance.random()
        if kind < 0.6 or len(self.there) < 4:
            self.write(f"{len(self.there) + len(self.deleted):03}.txt")
        elif kind < 0.85:
            self.write(self.chance.choice(sorted(self.there)))
        else:
            self.delete(self.chance.choice(sorted(self.there)))

    def is_published(self, project: Project) -> bool:
        """Whether the published database has each article once, as it is now, and the others as deleted."""
        rows = project.sql("select uri, body, deleted_at is not null from source_item join article using (article_id)")
        names = [(uri.rpartition("/")[2], body, gone) for uri, body, gone in rows]
        assert len(names) == len({name for name, _, _ in names}), "every article once"
        there, gone = {n: body for n, body, gone in names if not gone}, {n for n, _, gone in names if gone}
        # One that came and went between two runs was never seen.
        return there == self.there and "000.txt" in gone and gone <= self.deleted


def status_of(url: str, body: bytes | None = None) -> int:
    """Return the HTTP status of a request without a password."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def processes_of(up: int) -> dict[str, list[int]]:
    """Return the process ids of the server, the worker and the runs of `onrecord up`, from /proc."""
    marks = {"server": b"create_app", "worker": b"onrecord_flows.unattended.worker", "run": b"prefect.engine"}
    found: dict[str, list[int]] = {kind: [] for kind in marks}
    parents = {up}
    for _ in range(2):
        children = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                ppid = int(stat.read_text().rpartition(")")[2].split()[1])
                line = (stat.parent / "cmdline").read_bytes()
            except OSError:
                continue
            if ppid not in parents:
                continue
            children.add(int(stat.parent.name))
            for kind, mark in marks.items():
                if mark in line:
                    found[kind].append(int(stat.parent.name))
        parents = children
    return found


def find_processes(up: int, kinds: list[str]) -> list[tuple[str, int]]:
    """Wait until each of `kinds` is at work: a run ends, and what was killed is restarted; return their processes."""
    found: dict[str, list[int]] = {}

    def are_all_at_work() -> bool:
        found.update(processes_of(up))
        return all(found[kind] for kind in kinds)

    wait_until(are_all_at_work, f"{kinds} to be at work", 180)
    return [(kind, pid) for kind in kinds for pid in found[kind]]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_articles_runs_and_readers_survive_killed_servers_workers_and_runs(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    project = Project.create(tmp_path)
    project.environment.pop("PREFECT_API_URL", None)
    project.environment["PREFECT_HOME"] = str(project.root / "home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    project.environment |= dict.fromkeys(("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"), "anna:a word")
    project.configure(f'\n[workers]\nprocesses = 1\n[up]\nport = {port}\n[[schedule]]\ninterval = "10s"\n')
    # Other tests may have created the database; otherwise the server does, which takes half a minute.
    if (database := cached_database(request)).exists():
        (project.warehouse / "prefect").mkdir(parents=True)
        shutil.copyfile(database, project.warehouse / "prefect" / "prefect.db")
    chance = random.Random(5)
    inbox = Inbox(project.inbox, chance)
    reader = Reader(project.warehouse / "onrecord.duckdb")
    printed = (project.root / "printed").open("w+")

    def start_up() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "onrecord", "up"],
            cwd=project.root, env=project.environment, stdout=printed, stderr=printed, start_new_session=True,
        )  # fmt: skip

    up = start_up()
    reader.start()
    killed: Counter[str] = Counter()
    try:
        for _ in range(4):
            inbox.step()
        wait_until(lambda: reader.published.exists() or up.poll() is not None, "the first run to be published", 300)
        assert up.poll() is None, (project.root / "printed").read_text()
        assert status_of(f"http://127.0.0.1:{port}/") == 200, "the user interface"
        assert status_of(f"http://127.0.0.1:{port}/api/admin/version") == 401, "it requires a password"
        assert status_of(f"http://127.0.0.1:{port}/api/work_pools/filter", b"{}") == 403, "it rejects other sites"
        inbox.delete("000.txt")
        next_kill = time.monotonic() + 20
        kills = [["server"], ["worker"], ["run"], ["worker", "run"], ["server", "worker", "run"]]
        chance.shuffle(kills)
        while kills:
            inbox.step()
            if time.monotonic() > next_kill:
                kinds = kills.pop()
                for kind, pid in find_processes(up.pid, kinds):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed[kind] += 1
                next_kill = time.monotonic() + chance.uniform(15, 40)
            time.sleep(chance.uniform(0.5, 3))
        find_processes(up.pid, ["run"])
        left = [pid for pids in processes_of(up.pid).values() for pid in pids]
        up.kill()
        up.wait()
        wait_until(lambda: all(map(is_gone, left)), "all of it to end", 90)
        up = start_up()
        wait_until(lambda: inbox.is_published(project), "all of it to be published", 400)
    finally:
        up.terminate()
        status = up.wait(120)
        reader.over.set()
        reader.join()
        printed.seek(0)
        print(printed.read())
        print(f"{killed=} {inbox.changes=} {len(inbox.there)=} {len(inbox.deleted)=} {reader.times=}")

    assert status == 0
    assert not (project.warehouse / "up.alive").exists()
    assert reader.wrong == []
    assert reader.times > 100
    assert set(killed) == {"server", "worker", "run"}
    with duckdb.connect(project.warehouse / "live.duckdb", read_only=True) as live:
        runs = live.execute("select started_at, finished_at, status from run order by started_at").fetchall()
    print(Counter(status for _, _, status in runs))
    ended = [(began, finished) for began, finished, _ in runs]
    overlaps = [(before, after) for before, after in pairwise(ended) if before[1] and before[1] > after[0]]
    assert overlaps == []
    assert {status for _, _, status in runs} <= {"completed", "killed", "interrupted"}
    assert len(runs) > 2
    with sqlite3.connect(project.warehouse / "prefect" / "prefect.db") as database:
        states = database.execute("select state_name, count(*) from flow_run group by 1").fetchall()
    print(states)
    assert not {"Running", "Pending", "Cancelling"} & {name for name, _ in states}, "the server knows how each ended"
    assert not any(processes_of(up.pid).values())
