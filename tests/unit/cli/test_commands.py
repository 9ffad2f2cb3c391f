"""The commands as a whole: each has a module, none loads more than it needs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from onrecord.cli import cli
from onrecord.testing import Sandbox

NAMES = [
    "backfill", "backup", "diff", "export", "maintain", "plan", "plugins", "quarantine", "report", "restore", "run",
    "show", "sql", "status", "tables", "try", "up",
]  # fmt: skip

CHILD = """
import json, sys
from click.testing import CliRunner
from onrecord.cli import cli
ended = {}
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    done = CliRunner().invoke(cli, words)
    ended[" ".join(words)] = (done.exit_code, done.output)
print(json.dumps({"ended": ended, "modules": sorted(sys.modules)}))
"""


def started(folder: Path, *commands: str) -> tuple[dict[str, tuple[int, str]], set[str]]:
    """How these commands end in a process of their own, and the modules that are imported by then."""
    words = json.dumps([shlex.split(command) for command in commands])
    done = subprocess.run([sys.executable, "-c", CHILD, words], cwd=folder, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found["ended"], set(found["modules"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration and a published warehouse."""
    Sandbox(tmp_path / "warehouse", documents={"a": "Three short words."}).run()
    (tmp_path / "inbox").mkdir()
    (tmp_path / "onrecord.toml").write_text('[plugins.files]\npaths = ["inbox"]\n')
    return tmp_path


def test_the_commands_of_onrecord_are_known_without_any_plugin() -> None:
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in NAMES}
    assert {name: command and command.name for name, command in commands.items()} == {name: name for name in NAMES}


def test_commands_that_only_read_import_neither_prefect_nor_spacy(folder: Path) -> None:
    ended, modules = started(
        folder, "--help", "run --help", "up --help", "status", "sql 'from article'", "show", "report", "tables",
        "quarantine", "plugins", "plan",
    )  # fmt: skip

    assert {command: told for command, (status, told) in ended.items() if status and command != "status"} == {}
    assert {"prefect", "spacy"} & modules == set()
    assert {name for name in NAMES if f"\n  {name} " not in ended["--help"][1]} == set()


def test_a_command_that_needs_no_plugin_loads_none(folder: Path) -> None:
    ended, modules = started(folder, "run --help", "up --help", "status", "sql 'from article'", "report", "quarantine")

    assert {status for status, _ in ended.values()} <= {0, 1}
    assert {name.split(".")[0] for name in modules if name.startswith("onrecord_")} == {"onrecord_flows"}
