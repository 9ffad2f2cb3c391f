"""Runs that are killed, interrupted or concurrent, and sources that are out of reach."""

from __future__ import annotations

import http.server
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from .conftest import Project, contents, wait_until

SLOW = '''
import time
from pathlib import Path
from onrecord import Aggregator, Annotator, Row, hookimpl


class Length(Row):
    """How long each article is."""

    words: int


class Total(Row, key=("words",)):
    """How long all articles are."""

    words: int


class Slowly(Annotator):
    name, version, writes = "slowly", "1", [Length]

    def annotate(self, article):
        time.sleep(0.02)
        while Path("hold").exists():
            time.sleep(0.02)
        yield Length(words=len(article.body.split()))


class Sum(Aggregator):
    name, version, writes, requires = "sum", "1", [Total], ["slowly"]

    def aggregate(self, warehouse):
        time.sleep(0.3)
        yield Total(words=warehouse.sql("select sum(words)::bigint as words from length").to_pylist()[0]["words"])


@hookimpl
def register_annotators(register):
    register(Slowly())


@hookimpl
def register_aggregators(register):
    register(Sum())
'''

MANY = 60


@pytest.fixture
def many(project: Project) -> Project:
    """A project with enough small articles for a dozen batches per stage, and slow plugins."""
    project.configure("\n[run]\nbatch_size = 5\n[workers]\nprocesses = 2\n")
    project.plugin("slow", SLOW)
    for n in range(MANY):
        text = f"Anna Smith said on Monday that bridge number {n} would open in May.\n\n“It is safe,” Smith said.\n"
        (project.inbox / f"{n:02}.txt").write_text(text)
    return project


def test_killed_and_repeated_runs_give_the_warehouse_of_an_undisturbed_run(many: Project) -> None:
    undisturbed = Project(many.root, many.environment)
    assert undisturbed.run("-w", str(many.root / "undisturbed")).returncode == 0

    for moment in (
        "loaded stage=clean number=3",
        "loaded stage=annotate number=4",
        "stage stage=aggregate total=1 component=sum",
        "stage stage=publish",
    ):
        process = many.start()
        wait_until(lambda moment=moment, p=process: moment in latest(many, p) or p.poll() is not None, moment)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, f"the run was over before {moment!r} could be seen"

    assert many.run().returncode == 0
    killed, whole = many.warehouse / "onrecord.duckdb", many.root / "undisturbed" / "onrecord.duckdb"
    assert contents(killed) == contents(whole)
    assert len(contents(killed)["length"]) == MANY
    *before, publishing, last = (status for (status,) in many.sql("select status from run order by started_at"))
    assert (before, last) == (["killed"] * 3, "completed")
    # A run ends before it publishes, so that the copy says how it went.
    assert publishing in ("killed", "completed")


def test_ctrl_c_keeps_what_was_loaded_and_the_next_run_does_the_rest(many: Project) -> None:
    process = many.start()
    wait_until(lambda: "loaded stage=annotate number=1" in latest(many, process), "the second batch of annotations")
    # As a terminal does: to the whole process group.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert err.strip() == "interrupted; what was loaded is kept, and the next run does the rest"
    wait_until(lambda: not children_of(process.pid), "the workers to end")
    plan = many.run(command="plan").stdout
    assert "slowly" in plan
    assert "nothing to do" not in plan

    assert many.run().returncode == 0
    assert many.sql("select count(*) from length") == [(MANY,)]
    assert many.sql("select status from run order by started_at") == [("interrupted",), ("completed",)]


SURVIVING = """
import pathlib, time
from onrecord import Aggregator, Row, hookimpl


class Total(Row, key=("words",)):
    '''How long all articles are.'''

    words: int


class Deaf(Aggregator):
    name, version, writes = "deaf", "1", [Total]

    def aggregate(self, warehouse):
        pathlib.Path("deaf").touch()
        try:
            time.sleep(30)
        except BaseException:
            pass
        yield Total(words=1)


@hookimpl
def register_aggregators(register):
    register(Deaf())
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_even_if_a_plugin_ignores_it(project: Project, number: signal.Signals, status: int) -> None:
    project.plugin("deaf", SURVIVING)
    (project.inbox / "a.txt").write_text("Anna Smith said on Monday that the bridge would open in May.\n")
    process = project.start()
    wait_until((project.root / "deaf").exists, "the plugin to be at work")
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=25)

    assert (process.returncode, err.strip()) == (
        status,
        "interrupted; what was loaded is kept, and the next run does the rest",
    )
    with duckdb.connect(project.warehouse / "live.duckdb", read_only=True) as live:
        assert live.sql("select status from run").fetchall() == [("interrupted",)]
    assert not (project.warehouse / "onrecord.duckdb").exists()


def test_a_second_run_waits_for_the_first_and_says_so(many: Project) -> None:
    (many.root / "hold").touch()
    first = many.start()
    wait_until(lambda: "stage stage=clean" in latest(many, first), "the first run to be at work")
    second = many.start()
    refused = many.run("--no-wait")
    wait_until(lambda: "waiting: " in "".join(log.read_text() for log in many.logs()), "the second one to wait")
    (many.root / "hold").unlink()
    first.communicate(timeout=60)
    out, _ = second.communicate(timeout=60)

    assert refused.returncode == 2
    assert f"process {first.pid} on" in refused.stderr
    assert "is writing to this warehouse" in refused.stderr
    assert first.returncode == second.returncode == 0
    assert f"waiting: process {first.pid} on" in " ".join(out.split())
    assert "nothing was new, nothing recomputed" in out


def test_the_batch_of_a_killed_worker_is_run_again(many: Project) -> None:
    process = many.start()
    wait_until(lambda: "loaded stage=annotate number=0" in latest(many, process), "annotations")
    os.kill(min(workers_of(process.pid)), signal.SIGKILL)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert "the worker process died (signal 9); it is run again" in " ".join(out.split())
    assert many.sql("select count(*) from length") == [(MANY,)]
    assert many.sql("select count(*) from quarantine") == [(0,)]


class Flaky(http.server.BaseHTTPRequestHandler):
    """Serves pages; /busy answers 503 to the first two requests, /gone always 503."""

    requests: Counter[str] = Counter()

    def do_GET(self) -> None:
        Flaky.requests[self.path] += 1
        busy = self.path == "/gone" or (self.path == "/busy" and Flaky.requests[self.path] <= 2)
        self.send_response(503 if busy else 200)
        self.end_headers()
        if not busy:
            self.wfile.write(f"Anna Smith said that the page {self.path} was there.".encode())

    def log_message(self, *arguments: object) -> None:
        pass


FETCH = """
import urllib.error, urllib.request
from onrecord import Fetched, Ingestor, Item, TransientError, hookimpl


class Pages(Ingestor):
    name, version, schemes = "pages", "1", ("http",)

    def discover(self):
        return [Item(f"http://127.0.0.1:PORT/{page}", "1") for page in ("fine", "busy", "gone")]

    def fetch(self, item):
        try:
            return Fetched(urllib.request.urlopen(item.uri).read(), "text/plain")
        except urllib.error.HTTPError as error:
            raise TransientError(f"{item.uri}: {error}") from error


class Unreachable(Ingestor):
    name, version = "unreachable", "1"

    def discover(self):
        raise ConnectionError("no route to the source")


@hookimpl
def register_ingestors(register):
    register(Pages())
    register(Unreachable())
"""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flaky)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_transient_failures_are_retried_with_pauses(project: Project, port: int) -> None:
    project.configure("\n[run]\nretries = 3\nretry_seconds = 0.05\n")
    project.plugin("fetch", FETCH.replace("PORT", str(port)))

    done = project.run()

    assert Flaky.requests == {"/fine": 1, "/busy": 3, "/gone": 4}
    assert project.sql("select count(*) from article") == [(2,)]
    assert project.sql("select component, uri, transient from quarantine") == [
        ("pages", f"http://127.0.0.1:{port}/gone", True)
    ]
    # An ingestor that cannot list its documents fails the run, but does not affect other ingestors.
    assert done.returncode == 1
    assert "unreachable: could not list its documents: ConnectionError: no route to the source" in done.stderr

    # The failure is transient, so the next run tries it again.
    Flaky.requests.clear()
    project.run()
    assert Flaky.requests == {"/gone": 4}


def latest(project: Project, process: object) -> str:
    """Return the log of that process's run; a log belongs to the run that started last."""
    marks = project.warehouse / "lock.json"
    try:
        return project.log() if str(process.pid) in marks.read_text() else ""  # type: ignore[attr-defined]
    except OSError:
        return ""


def children_of(pid: int) -> list[int]:
    """Return the child processes, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def workers_of(pid: int) -> list[int]:
    """Return the worker processes of a run."""
    return [c for c in children_of(pid) if b"onrecord.workers" in (Path("/proc") / str(c) / "cmdline").read_bytes()]
