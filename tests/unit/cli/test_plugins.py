"""`onrecord plugins`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import CONFIG, Ended, run_again


def test_plugins_lists_what_was_found_what_it_registers_and_why_it_was_skipped(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plugins")
    assert ended.status == 0
    assert "measure 0.7" in ended.words
    for component in ("ingestor folder 1", "annotator lengths 1", "annotator doubles 1"):
        assert component in ended.words
    assert "skipped ImportError: no module [/nowhere] in [here]" in ended.words
    assert "disabled named in `disable`" in ended.words


def test_plugins_strict_makes_a_skipped_plugin_an_error(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plugins", "--strict")
    assert ended.status == 2
    assert "plugin `broken`: ImportError: no module [/nowhere] in [here] (an error because of --strict)" in ended.err


def tables(project: Path) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", "import sys, duckdb; print(*(t for (t,) in duckdb.connect(sys.argv[1], read_only=True)"
         ".execute('select table_name from duckdb_tables()').fetchall()))",
         str(project / "warehouse/onrecord.duckdb")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ended.stdout.split()


def test_plugins_remove_drops_the_tables_and_the_next_run_publishes_that(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert "twice" in tables(project)
    ended = onrecord("plugins", "remove", "doubles", "--yes")
    assert ended.status == 0
    assert ended.out == "dropped twice; the published database follows with the next run\n"

    (project / "onrecord.toml").write_text(CONFIG.replace('disable = ["', 'disable = ["doubles", "'))
    run_again(project)

    assert "twice" not in tables(project)
    assert "length" in tables(project)


def test_what_was_removed_is_filled_again_if_its_plugin_is_still_there(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    onrecord("plugins", "remove", "lengths", "--yes")
    run_again(project)
    assert json.loads(onrecord("sql", "select words from length", "--json").out) == [{"words": 3}]


def test_plugins_remove_asks_first(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plugins", "remove", "doubles", stdin="n\n")
    assert ended.status == 1
    assert f"drop twice from {project / 'warehouse'}?" in ended.words
    assert json.loads(
        onrecord("sql", "select count(*) as n from ledger where component = 'doubles'", "--json").out
    ) == [{"n": 1}]


@pytest.mark.parametrize("name", ["nobody", "folder", "clean"])
def test_plugins_remove_of_what_fills_no_table_of_its_own_ends_with_2(
    name: str, project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plugins", "remove", name, "--yes")
    assert ended.status == 2
    assert f"no annotator or aggregator called {name} has ever worked on {project / 'warehouse'}" in ended.words


def test_options_before_a_subcommand_count_for_it(project: Path, onrecord: Callable[..., Ended]) -> None:
    """`plugins -w OTHER remove` must not drop the tables of the warehouse that the configuration names."""
    ended = onrecord("plugins", "-w", project / "another", "remove", "doubles", "--yes")
    assert ended.status == 2
    assert f"has ever worked on {project / 'another'}" in ended.words
    assert "nothing in the quarantine fits" in onrecord("quarantine", "-w", project / "another", "show", "0").words
