"""Runs on a cluster: real schedulers and worker processes, on this machine."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from onrecord.config.loading import parse_settings
from onrecord.config.settings import RunSettings
from onrecord.model.bookkeeping import ComponentVersion
from onrecord.plugins.registry import Plugins
from onrecord.stages import Batch, BatchResult
from onrecord.workers import Workers
from onrecord.workers.remote import Setup
from tests.clusters import Dask

from .conftest import Project, contents, wait_until
from .test_failure import latest

MANY = 30

WORKING = """
import os, pathlib, time
from onrecord import Annotator, Row, hookimpl


class Length(Row):
    '''How long each article is.'''

    words: int
    worker: int


class Slowly(Annotator):
    name, version, writes = "slowly", os.environ.get("SLOWLY_VERSION", "1"), [Length]

    def annotate(self, article):
        DEED
        yield Length(words=len(article.body.split()), worker=WORKER)


@hookimpl
def register_annotators(register):
    register(Slowly())


with (pathlib.Path(__file__).parent / "loads").open("a") as loads:
    loads.write(f"{os.getpid()}\\n")
"""


def working(deed: str = "pass", worker: str = "0") -> str:
    return WORKING.replace("DEED", deed).replace("WORKER", worker)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    pytest.importorskip("distributed", reason="needs onrecord[dask]")
    with Dask(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture
def many(project: Project) -> Project:
    """A project with enough small articles for half a dozen batches per stage."""
    for n in range(MANY):
        text = f"Anna Smith said on Monday that bridge number {n} would open in May.\n\n“It is safe,” Smith said.\n"
        (project.inbox / f"{n:02}.txt").write_text(text)
    return project


def on(dask: Dask, batch_size: int = 5) -> str:
    return f'\n[run]\nbatch_size = {batch_size}\n[workers]\nrunner = "dask"\naddress = "{dask.address}"\n'


def test_a_run_on_two_dask_workers_gives_the_tables_of_a_run_on_this_machine(many: Project, dask: Dask) -> None:
    del many.environment["ONRECORD_DISABLE"]
    many.plugin("working", working())
    assert many.run("-w", str(many.root / "local")).returncode == 0
    many.configure(on(dask))
    done = many.run()

    assert done.returncode == 0, done.stderr + many.log()
    assert done.stderr == ""
    here, there = many.root / "local" / "onrecord.duckdb", many.warehouse / "onrecord.duckdb"
    assert contents(there) == contents(here)
    assert len(contents(there)["length"]) == MANY


def test_workers_load_plugins_once_and_the_batch_of_a_lost_worker_is_run_again(many: Project, dask: Dask) -> None:
    many.plugin("working", working("time.sleep(0.05)", worker="os.getpid()"))
    many.configure(on(dask))
    wait_until(lambda: len(dask.processes()) == 2, "two workers")
    before = set(dask.processes())
    process = many.start()
    wait_until(lambda: "loaded stage=annotate number=0" in latest(many, process), "annotations", 150)
    os.kill(min(before), signal.SIGKILL)
    _, err = process.communicate(timeout=120)

    assert process.returncode == 0, err
    assert many.sql("select count(*) from length") == [(MANY,)]
    assert many.sql("select count(*) from quarantine") == [(0,)]
    wait_until(lambda: len(dask.processes()) == 2, "the worker to be back")
    used = {worker for (worker,) in many.sql("select distinct worker from length")}
    assert max(before) in used
    assert used <= before | set(dask.processes()), "all was done by the workers of the cluster"
    loads = (many.root / "plugins" / "loads").read_text().split()
    assert {loads.count(str(worker)) for worker in used} == {1}


@pytest.mark.slow
def test_an_article_that_kills_workers_is_quarantined_and_the_cluster_recovers(many: Project, dask: Dask) -> None:
    deadly = 'if "number 13 " in article.body: os.kill(os.getpid(), 9)'
    many.plugin("working", working(deadly))
    many.configure(on(dask, batch_size=2))
    done = many.run()

    assert done.returncode == 0, done.stderr
    assert re.search(r"annotate slowly \d+: the worker process died.* it is run again", many.log())
    assert many.sql("select count(*) from length") == [(MANY - 1,)]
    ((uri, component, error),) = many.sql("select uri, component, error from quarantine")
    assert (Path(uri).name, component) == ("13.txt", "slowly")
    assert "the worker process died of this subject" in error
    wait_until(lambda: dask.workers() == 2, "both workers to be back")


@pytest.mark.slow
def test_ctrl_c_frees_the_cluster_and_the_next_run_does_the_rest(many: Project, dask: Dask) -> None:
    many.plugin("working", working("time.sleep(0.05)"))
    many.configure(on(dask))
    process = many.start()
    wait_until(
        lambda: "loaded stage=annotate number=1" in latest(many, process), "the second batch of annotations", 150
    )
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert err.strip() == "interrupted; what was loaded is kept, and the next run does the rest"
    assert dask.workers() == 2
    assert many.run().returncode == 0
    assert many.sql("select count(*) from length") == [(MANY,)]


def test_workers_that_would_make_other_rows_are_an_error_before_anything_is_done(many: Project, dask: Dask) -> None:
    many.plugin("working", working())
    many.configure(on(dask))
    many.environment["SLOWLY_VERSION"] = "2"
    done = many.run()

    assert done.returncode == 2
    assert "would not do the same work as this run: `slowly`: its version is '1' there and '2' here" in done.stderr
    assert "Install the same versions of onrecord and its plugins there" in done.stderr
    assert live(many, "select count(*) from document") == [(0,)]


def test_a_run_does_not_wait_for_busy_workers(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, Event

    from onrecord_flows.clusters import dask as dask_module

    def batch_of_another_run() -> None:
        from distributed import Event

        from onrecord.workers import remote as cluster

        with cluster._one_at_a_time:
            Event("begun").set()
            Event("over").wait()

    monkeypatch.setattr(dask_module, "CHECK_SECONDS", 0.5)
    with Client(dask.address, set_as_default=False) as client:
        busy = client.submit(batch_of_another_run, pure=False)
        assert Event("begun", client=client).wait(60)
        with closing(dask_module.DaskRunner(dask.address, Setup.of(Plugins(parse_settings({}))))) as team:
            assert team.processes == 2
        # The worker is still connected.
        Event("over", client=client).set()
        assert busy.result(60) is None


@pytest.mark.slow
def test_a_backfill_may_work_on_the_cluster(many: Project, dask: Dask) -> None:
    plugin = working(worker="os.getpid()")
    many.plugin("working", plugin)
    assert many.run().returncode == 0
    many.plugin("working", plugin.replace('"SLOWLY_VERSION", "1"', '"SLOWLY_VERSION", "2"'))
    many.configure(on(dask))
    script = "from onrecord_flows.flow.backfill import backfill as b; b('onrecord.toml', ['slowly'], processes=None)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=many.root, env=many.environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert many.run("slowly", "--promote", command="backfill").returncode == 0
    used = {worker for (worker,) in many.sql("select distinct worker from length")}
    assert used <= set(dask.processes())
    assert many.sql("select count(*) from length") == [(MANY,)]


def test_a_cluster_out_of_reach_is_an_error_before_anything_is_done(many: Project) -> None:
    pytest.importorskip("distributed", reason="needs onrecord[dask]")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    many.configure(f'\n[workers]\nrunner = "dask"\naddress = "{address}"\n')
    done = many.run()

    assert done.returncode == 2
    assert f"[workers] address: no Dask scheduler answers at {address}" in done.stderr
    assert "start one with `dask scheduler`" in done.stderr
    assert live(many, "select count(*) from document") == [(0,)]
    assert live(many, "select status from run") == [("failed",)]


@pytest.mark.slow
def test_a_lost_scheduler_ends_the_run_and_what_was_loaded_is_kept(many: Project, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs onrecord[dask]")
    many.plugin("working", working("time.sleep(0.05)"))
    with Dask(tmp_path) as own:
        many.configure(on(own))
        process = many.start()
        wait_until(lambda: "loaded stage=annotate number=0" in latest(many, process), "annotations", 150)
        own.scheduler.kill()
        _, err = process.communicate(timeout=120)

    assert process.returncode == 2
    assert f"the Dask scheduler at {own.address} no longer answers" in err
    assert live(many, "select count(*) >= 5 from length") == [(True,)]
    many.configure()
    assert many.run().returncode == 0
    assert many.sql("select count(*) from length") == [(MANY,)]


class Counting:
    """A cluster of two workers that counts the batches in progress."""

    processes = 2

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at_a_time, self.most = 0, 0

    def run(self, batch: Batch, seconds: float) -> BatchResult:
        with self.lock:
            self.at_a_time += 1
            self.most = max(self.most, self.at_a_time)
        time.sleep(0.01)
        with self.lock:
            self.at_a_time -= 1
        return BatchResult(batch.stage, batch.number)

    def close(self) -> None:
        pass


def test_slow_loading_bounds_the_batches_in_progress(prefect_url: str) -> None:
    from prefect import flow
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from onrecord_flows.flow.tasks import imap_tasks

    made: list[int] = []
    ahead: list[int] = []
    cluster = Counting()
    nothing = pa.table({"subject_id": pa.array([], pa.uuid())})
    versions = {"clean": ComponentVersion.model_construct(component="clean", fingerprint="f", version="1")}

    def batches() -> Iterator[Batch]:
        for number in range(20):
            made.append(number)
            yield Batch("clean", number, versions, nothing)

    @flow(persist_result=False)
    def load_slowly() -> list[int]:
        loaded = []
        with Workers(Plugins(parse_settings({}), installed=False), cluster) as team:
            for outcome in imap_tasks(team, batches(), RunSettings()):
                time.sleep(0.02)
                loaded.append(outcome.number)
                ahead.append(len(made) - len(loaded))
        return loaded

    # Prefect reads the environment on import, which may have been before there was a server.
    with temporary_settings({PREFECT_API_URL: prefect_url}):
        assert load_slowly() == list(range(20))
    # Two for each worker, and the next one.
    assert max(ahead) == 2 * cluster.processes
    assert cluster.most <= 2 * cluster.processes


def live(project: Project, query: str) -> list[tuple]:
    with duckdb.connect(project.warehouse / "live.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_a_run_on_ray_gives_the_tables_of_a_run_on_this_machine_even_if_workers_die(many: Project) -> None:
    pytest.importorskip("ray", reason="needs onrecord[ray]")
    deadly = 'if "number 13 " in article.body: os.kill(os.getpid(), 9)'
    many.plugin("working", working(deadly))
    many.configure("\n[run]\nbatch_size = 2\n")
    assert many.run("-w", str(many.root / "local")).returncode == 0
    many.configure('\n[run]\nbatch_size = 2\n[workers]\nrunner = "ray"\naddress = "local"\n')
    done = many.run()

    assert done.returncode == 0, done.stderr + many.log()
    here, there = many.root / "local" / "onrecord.duckdb", many.warehouse / "onrecord.duckdb"
    assert contents(there) == contents(here)
    assert many.sql("select count(*) from length") == [(MANY - 1,)]
    assert many.sql("select count(distinct uri) from quarantine") == [(1,)]
