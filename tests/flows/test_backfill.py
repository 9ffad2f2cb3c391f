"""Backfills as processes, beside runs, killed, resumed and promoted; and as a Prefect flow."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins
from onrecord.warehouse import Warehouse

from .conftest import Project, contents, wait_until

COUNTS = '''
import time
from pathlib import Path
from onrecord import Aggregator, Annotator, Row, hookimpl


class Length(Row):
    """How long each article is."""

    count: int


class Total(Row, key=("count",)):
    """How long all articles are."""

    count: int


class Measures(Annotator):
    name, version, writes = "measures", "VERSION", [Length]

    def annotate(self, article):
        # Version 2 waits half-way for a file.
        while self.version == "2" and "number 20 " in article.body and not Path("GO").exists():
            time.sleep(0.01)
        yield Length(count=len(article.body.split()) if self.version == "1" else len(article.body))


class Sum(Aggregator):
    name, version, writes, requires = "sum", "1", [Total], ["measures"]
    queries = {Total: "select sum(count)::bigint as count from length"}


@hookimpl
def register_annotators(register):
    register(Measures())


@hookimpl
def register_aggregators(register):
    register(Sum())
'''
MANY = 24
CONFIGURATION = """
[run]
batch_size = 4
stale = "leave"
[workers]
processes = 0
"""
ALONE = 'disable = ["claims", "entities", "language", "resolution", "tally"]\n'


@pytest.fixture
def measured(tmp_path: Path) -> Project:
    """A project after a run, whose plugin has changed since. It needs no Prefect server."""
    project = Project(tmp_path)
    project.environment.pop("PREFECT_API_URL", None)
    project.inbox.mkdir()
    settings = f'{ALONE}[plugins.files]\npaths = ["inbox"]\n{CONFIGURATION}'
    (project.root / "onrecord.toml").write_text(settings)
    for n in range(MANY):
        write(project, f"{n:02}", f"Bridge number {n} opens in May.")
    source = COUNTS.replace("GO", str(project.root / "go"))
    project.plugin("measures", source.replace("VERSION", "1"))
    run_here(project)
    project.plugin("measures", source.replace("VERSION", "2"))
    return project


def write(project: Project, name: str, text: str) -> None:
    (project.inbox / f"{name}.txt").write_text(f"{text}\n")


def run_here(project: Project) -> None:
    """Run the project in this process."""
    report = run_plugins(Plugins(load_settings(project.root / "onrecord.toml")))
    assert not report.failed, report.run.message


def release(project: Project) -> None:
    (project.root / "go").touch()


def equals_a_new_warehouse(project: Project) -> bool:
    """Whether the published database equals one made by the current plugin only."""
    gone = project.inbox / "01.txt"
    settings = load_settings(project.root / "onrecord.toml").override(warehouse=project.root / "afresh")
    gone.write_text("Bridge number 1 opens in May.\n")
    assert not run_plugins(Plugins(settings)).failed
    gone.unlink()
    assert not run_plugins(Plugins(settings)).failed
    ours, theirs = (contents(folder / "onrecord.duckdb") for folder in (project.warehouse, project.root / "afresh"))
    return all(ours[name] == theirs[name] for name in ("article", "length", "total", "quarantine"))


def count_done(project: Project) -> int:
    """Count the articles of the staged version."""
    staged = Warehouse(project.warehouse / "staged" / "measures")
    if not staged.live.exists():
        return 0
    with staged.reading() as connection:
        if not connection.execute("from duckdb_tables() where table_name = 'ledger'").fetchall():
            return 0
        return int(connection.execute("select count(*) from ledger").fetchall()[0][0])


def test_a_killed_backfill_beside_a_run_gives_the_rows_of_a_recomputation(
    measured: Project,
) -> None:
    process = measured.start("measures", command="backfill")
    wait_until(lambda: count_done(measured) >= 8 or process.poll() is not None, "eight articles")

    # A run in between: one article is new, one is another, one is gone.
    write(measured, "new", "A tunnel.")
    write(measured, "00", "Bridge number 0 never opens.")
    (measured.inbox / "01.txt").unlink()
    run_here(measured)
    assert process.poll() is None, process.communicate()
    lengths = dict(measured.sql("select count, count(*) from length group by all"))
    assert lengths == {6: MANY - 1, len("A tunnel."): 1, len("Bridge number 0 never opens."): 1}

    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = count_done(measured)
    assert 8 <= before < MANY

    release(measured)
    again = measured.run("measures", command="backfill")
    assert again.returncode == 0, again.stderr
    # Less the one that the run has done meanwhile, if it had not been done before.
    assert re.search(rf" ({MANY - before}|{MANY - before - 1})/\1 ", again.stdout), again.stdout
    assert measured.run(command="backfill").stdout.split()[-1] == "finished"

    diff = json.loads(measured.run("measures", "--json", command="diff").stdout)
    assert diff["tables"][0]["counts"] == {"changes": MANY - 1, "appears": 0, "vanishes": 0}

    promoted = measured.run("measures", "--promote", command="backfill")
    assert promoted.returncode == 0, promoted.stderr
    assert equals_a_new_warehouse(measured)
    assert [file.name for file in (measured.warehouse / "staged").iterdir()] == [".lock"]


def test_an_interrupted_backfill_says_that_the_same_command_does_the_rest(measured: Project) -> None:
    process = measured.start("measures", command="backfill")
    wait_until(lambda: count_done(measured) >= 4 or process.poll() is not None, "four articles")
    os.killpg(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert err.strip() == "interrupted; the staged rows are kept, and the same command does the rest"
    assert measured.run(command="backfill").stdout.split()[-1] == "interrupted"


def test_a_backfill_has_low_priority(measured: Project) -> None:
    process = measured.start("measures", command="backfill")
    wait_until(lambda: count_done(measured) >= 4 or process.poll() is not None, "four articles")
    group = [pid for pid in pids() if in_group(pid, process.pid)]
    nice = [os.getpriority(os.PRIO_PROCESS, pid) for pid in group]
    process.kill()
    process.wait()
    assert len(group) >= 2
    assert set(nice) == {max(10, os.nice(0))}


def pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except ProcessLookupError:
        return False


@pytest.mark.usefixtures("prefect_url")
def test_the_flow_fills_the_staged_version_that_the_command_promotes(
    measured: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onrecord_flows.flow.backfill import backfill

    # This process must keep its priority.
    monkeypatch.setattr("onrecord_flows.flow.backfill.yield_to_others", lambda: None)
    release(measured)
    backfill(str(measured.root / "onrecord.toml"), ["measures"], where="word_count < 100", processes=1)

    assert count_done(measured) == MANY
    assert measured.run("measures", "--promote", command="backfill").returncode == 0
    assert measured.sql("select count(*) from length where count > 20") == [(MANY,)]


@pytest.mark.usefixtures("prefect_url")
def test_with_stale_leave_a_run_recomputes_stale_rows_only_on_demand(measured: Project) -> None:
    measured.environment |= os.environ
    release(measured)
    measured.flow()
    assert measured.sql("select count(*) from length where count > 20") == [(0,)]
    assert measured.run("--stale", "recompute").returncode == 0
    assert measured.sql("select count(*) from length where count > 20") == [(MANY,)]
