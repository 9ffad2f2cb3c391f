"""What a command imports: Prefect and spaCy only if it has work for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins

CALLED = """
import json, os, pathlib, sys
from onrecord.cli import main
os._exit = sys.exit
sys.argv = ["onrecord", *json.loads(sys.argv[1])]
try:
    main()
finally:
    pathlib.Path("modules.json").write_text(json.dumps([*sys.modules]))
"""

HOOK = """
from pathlib import Path
from onrecord import hookimpl


@hookimpl
def run_finished(run):
    with Path("finished.txt").open("a") as file:
        file.write(f"{run.run.status}\\n")
"""

HEAVY = {"prefect", "spacy"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all plugins that is up to date."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "inbox").mkdir()
    (folder / "inbox/a.txt").write_text("Anna Smith said on Monday that the bridge would open in May.\n")
    (folder / "plugins").mkdir()
    (folder / "plugins/finished.py").write_text(HOOK)
    (folder / "onrecord.toml").write_text(
        '[plugins.files]\npaths = ["inbox"]\n[workers]\nprocesses = 0\n[run]\nretries = 0\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert not run_plugins(Plugins(load_settings(folder / "onrecord.toml"))).failed
    return folder


def modules_of(project: Path, *arguments: str, status: int = 0, error: str = "") -> set[str]:
    """Run a command; returns the modules that it has imported."""
    (project / "modules.json").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", CALLED, json.dumps(arguments)], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert error in done.stderr
    return set(json.loads((project / "modules.json").read_text()))


def runs_of(project: Path) -> list[tuple[str, bool]]:
    with duckdb.connect(project / "warehouse/live.duckdb", read_only=True) as connection:
        return connection.execute("select status, changed from run order by started_at").fetchall()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["plan"], ["plugins"], ["quarantine"], ["report"], ["show"], ["sql", "from claim"],
        ["status"], ["tables"],
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_commands_that_read_import_neither_prefect_nor_spacy(project: Path, arguments: list[str]) -> None:
    assert not HEAVY & modules_of(project, *arguments)


def test_a_run_with_nothing_to_do_imports_neither_and_is_recorded_all_the_same(project: Path) -> None:
    before, published = runs_of(project), (project / "warehouse/onrecord.duckdb").stat().st_mtime_ns

    assert not HEAVY & modules_of(project, "run")

    assert runs_of(project) == [*before, ("completed", False)]
    assert (project / "finished.txt").read_text().splitlines() == ["completed"] * len(runs_of(project))
    assert (project / "warehouse/onrecord.duckdb").stat().st_mtime_ns == published


def test_a_run_whose_source_cannot_be_listed_fails_without_prefect(project: Path) -> None:
    inbox = project / "inbox"
    inbox.rename(project / "elsewhere")
    try:
        assert not HEAVY & modules_of(project, "run", status=1)
    finally:
        (project / "elsewhere").rename(inbox)

    assert runs_of(project)[-1] == ("failed", False)


def test_a_run_that_is_refused_is_refused_before_prefect_is_imported(project: Path) -> None:
    table = (
        'from onrecord import Aggregator, Row, hookimpl\n\nclass Total(Row, table="total", key=("n",)):\n    n: {}\n'
    )
    rest = (
        '\nclass Sum(Aggregator):\n    name, version, writes = "sum", "1", [Total]\n'
        '    queries = {Total: "select 1 as n"}\n\n'
        "@hookimpl\ndef register_aggregators(register):\n    register(Sum())\n"
    )
    plugin = project / "plugins/total.py"
    plugin.write_text(table.format("int") + rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        run_plugins(Plugins(load_settings(project / "onrecord.toml")))
    plugin.write_text(table.format("str") + rest)
    before = runs_of(project)
    refused = "table `total`, column `n`: is BIGINT in the warehouse"
    try:
        assert not HEAVY & modules_of(project, "run", status=2, error=refused)
    finally:
        plugin.unlink()

    assert runs_of(project) == before
