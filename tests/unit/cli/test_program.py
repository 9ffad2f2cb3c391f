"""The program: help, errors, exit statuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import Ended


def test_help_lists_every_command(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("--help")
    assert ended.status == 0
    commands = (
        "backfill", "backup", "diff", "export", "maintain", "plan", "plugins", "quarantine", "report", "restore",
        "show", "sql", "status", "tables", "try",
    )  # fmt: skip
    for command in commands:
        assert f"\n  {command} " in ended.out


def test_a_command_that_there_is_not_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("pln")
    assert ended.status == 2
    assert "No such command 'pln'" in ended.err


@pytest.mark.parametrize("command", [["plan"], ["plugins"], ["status"], ["sql", "select 1"], ["show"], ["quarantine"]])
def test_without_a_configuration_a_command_says_so_in_a_sentence_and_ends_with_2(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, onrecord: Callable[..., Ended]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = onrecord(*command)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err == (
        f"onrecord: {tmp_path / 'onrecord.toml'}: no such file here; name one with -c FILE, or start one (see README)\n"
    )


@pytest.mark.parametrize("command", [["sql", "select 1"], ["show"]])
def test_before_anything_is_published_a_query_says_what_to_do_and_ends_with_2(
    command: list[str], tmp_path: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord(*command, "-w", tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "nothing is published yet: onrecord run fills and publishes it" in ended.err


def test_it_is_a_program_with_a_status_of_its_own(project: Path) -> None:
    called = subprocess.run(
        [sys.executable, "-c", "from onrecord.cli import main; main()", "sql", "select nonsense"],
        capture_output=True, text=True, cwd=project, check=False,
    )  # fmt: skip
    assert called.returncode == 1
    assert called.stdout == ""
    assert called.stderr.startswith("onrecord: Binder Error")
    assert "Traceback" not in called.stderr
