"""A backup during a run, JSON logs, and maintenance as a flow."""

from __future__ import annotations

import json
import subprocess
import sys

from onrecord.operations.backup import backup, restore
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

from .conftest import Project, contents, wait_until

SLOW = '''
import time
from pathlib import Path
from onrecord import Annotator, Row, hookimpl


class Length(Row):
    """How long each article is."""

    words: int


class Slowly(Annotator):
    name, version, writes = "slowly", "1", [Length]
    done = 0

    def annotate(self, article):
        # After ten articles it waits for a file.
        Slowly.done += 1
        while Slowly.done > 10 and not Path("go").exists():
            time.sleep(0.05)
        yield Length(words=len(article.body.split()))


@hookimpl
def register_annotators(register):
    register(Slowly())
'''


def test_a_backup_during_a_run_has_the_completed_loads_and_a_run_after_restore_does_the_rest(project: Project) -> None:
    project.configure("\n[run]\nbatch_size = 5\n[workers]\nprocesses = 1\n")
    project.plugin("slow", SLOW)
    for n in range(40):
        (project.inbox / f"{n:02}.txt").write_text(f"Anna Smith said that bridge number {n} would open in May.\n")
    running = project.start()
    try:
        wait_until(lambda: "loaded stage=annotate number=1" in project.log(), "the second batch of annotations", 200)
        made = backup(project.warehouse, project.root / "backups")
    finally:
        (project.root / "go").touch()
    out, err = running.communicate(timeout=240)
    # The run is not affected.
    assert running.returncode == 0, out + err
    restore(made.folder, project.root / "elsewhere")

    # The rest is pending in the backup.
    plan = project.run("-w", "elsewhere", command="plan").stdout.splitlines()
    lines = {line.split()[0]: line.split() for line in plan if line.startswith(("ingest", "clean"))}
    assert [lines[stage][2 if stage == "ingest" else 1] for stage in ("ingest", "clean")] == ["·", "·"]
    left = next(int(line.split()[2]) for line in plan if "slowly" in line)
    assert 30 <= left < 40
    done = project.run("-w", "elsewhere")
    assert done.returncode == 0, done.stderr
    row = next(line.split() for line in done.stdout.splitlines() if "slowly" in line)
    assert int(row[2]) == left
    assert contents(project.root / "elsewhere" / "onrecord.duckdb") == contents(project.warehouse / "onrecord.duckdb")


def test_the_log_of_a_run_is_json_if_configured_also_from_workers(project: Project) -> None:
    (project.inbox / "a.txt").write_text("Anna Smith said that the bridge would open in May.\n")
    (project.root / "onrecord.toml").write_text(
        'disable = ["claims", "entities", "resolution", "tally"]\n'
        + '[log]\nformat = "json"\n[workers]\nprocesses = 1\n'
        '[plugins.files]\npaths = ["inbox"]\n'
    )
    project.plugin("slow", SLOW.replace("Slowly.done += 1", "import logging; logging.getLogger('slow').warning('ah')"))

    assert project.run().returncode == 0
    lines = [json.loads(line) for line in project.log().splitlines()]
    said = next(line for line in lines if line["logger"] == "slow")
    run_id = str(project.sql("select run_id from run")[0][0])
    assert (said["run"], said["stage"], said["component"], said["batch"]) == (run_id, "annotate", "slowly", 0)


def test_maintenance_is_a_flow_too(project: Project) -> None:
    project.configure("\n[maintain]\nversions = 0\n")
    script = (
        "from onrecord_flows.flow.maintenance import maintain\n"
        "print(maintain(config='onrecord.toml', return_state=True))"
    )
    scheduled = {**project.environment, "PREFECT__RUNTIME__DEPLOYMENT__ID": "some"}
    early = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, env=scheduled, capture_output=True, text=True
    )
    assert "Skipped" in early.stdout, early.stderr

    for month in ("May", "June"):
        Sandbox(project.warehouse, documents={"a": f"The bridge opens in {month}."}).run()

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.root,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "removed 1 versions of documents" in done.stdout + done.stderr
    with Warehouse(project.warehouse).reading() as connection:
        assert connection.execute("select content::varchar from document").fetchall() == [
            ("The bridge opens in June.",)
        ]
