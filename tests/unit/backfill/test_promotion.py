"""Promoting: the rows of a backfill become those of the warehouse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onrecord.backfill import list_staged_versions, promotion
from onrecord.errors import CheckError, OnrecordError
from onrecord.run.engine import RunFailed
from onrecord.warehouse import Warehouse
from tests.unit.backfill.world import TABLES, Total, Totals, Vowels, World, document


def test_a_promoted_backfill_is_row_for_row_what_a_run_makes(world: World) -> None:
    recomputed = world.twin()
    recomputed.run()

    world.backfill("names")
    report = world.promote("names")

    assert world.rows() == recomputed.rows()
    assert world.to_do() == recomputed.to_do() == {"names": {"current": 3, "quarantined": 1},
                                                   "greetings": {"current": 3, "blocked": 1}}  # fmt: skip
    assert not report.failed
    assert world.sandbox.sql("select message from run order by started_at desc limit 1") == [
        {"message": "promoted names: all articles"}
    ]


def test_after_a_promotion_the_staged_version_is_gone_and_the_next_run_has_nothing_to_do(world: World) -> None:
    world.backfill("names")
    world.promote("names")
    assert [file.name for file in (world.directory / "staged").iterdir()] == [".lock"]
    assert not any(step.subjects for step in world.run().steps)


def test_the_rest_of_a_selection_stays_stale(world: World) -> None:
    world.backfill("names", outlets=("Post",))
    world.promote("names")
    assert world.to_do() == {
        "names": {"current": 2, "version": 2}, "greetings": {"current": 2, "requirement": 2},
    }  # fmt: skip


def test_an_article_that_has_changed_since_is_left_to_the_next_run(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    world.backfill("names")
    world.documents["a"] = document("Hello Gus.", "Post")
    # The run that saw the change was broken off before it annotated.
    world.parts["totals"].queries = {Total: "select nonsense"}
    assert world.sandbox.run().failed
    world.parts["totals"].queries = Totals.queries
    with Warehouse(world.directory).writing() as connection:
        connection.execute("delete from ledger where component in ('names', 'greetings') and input_hash in "
                           "(select content_hash from article where body like '%Gus%')")  # fmt: skip
        connection.execute("delete from name where name = 'Gus'")
        connection.execute("delete from greeting where whom = 'Dear Gus'")

    world.promote("names")

    assert "Anna" not in {row["name"] for row in world.rows()["name"]}
    assert world.to_do()["names"]["new"] == 1
    world.run()
    assert "Gus" in {row["name"] for row in world.rows()["name"]}


def test_rows_that_the_next_run_would_recompute_are_not_promoted(world: World) -> None:
    world.backfill("names")
    before = world.rows()
    world.parts["names"].version = "3"
    with pytest.raises(OnrecordError, match=r"names on 3 articles \(made by version 2, now 3\)"):
        world.promote("names")
    assert world.rows() == before


def test_a_backfill_that_is_not_finished_is_promoted_only_on_request(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.backfill("names", most=2)
    with pytest.raises(OnrecordError, match=r"is not finished: its last run was interrupted .by the operator."):
        world.promote("names")
    world.promote("names", incomplete=True)
    states = world.to_do()["names"]
    assert states.pop("version") == 2
    assert sum(states.values()) == 2


def test_a_promotion_that_breaks_a_check_changes_nothing_and_keeps_the_staged_version(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    before = world.rows()
    world.parts["names"].checks = {"somebody says hello": "select 1 where 'Hello' not in (select name from name)"}
    world.backfill("names")
    with pytest.raises(CheckError, match="somebody says hello"):
        world.promote("names")
    assert world.rows() == before
    assert [staged.name for staged in list_staged_versions(world.directory)] == ["names"]
    # The runs after it publish as if it had not been.
    world.documents["e"] = document("Hello Eve.", "Post")
    world.run()
    assert {row["name"] for row in world.rows()["name"]} == {row["name"] for row in before["name"]} | {"Eve"}


def test_a_promotion_that_is_broken_off_changes_nothing_and_can_be_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.backfill("names")
    before = contents(world)
    # What one that was killed has left is in nobody's way.
    for name in ("live.promoting", "live.promoting.wal"):
        (world.directory / name).write_bytes(b"scrap")

    def interrupted(connection: Any, plugins: Any, number: int) -> Any:
        if number == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(connection, plugins, number)

    real = promotion._build_result
    monkeypatch.setattr(promotion, "_build_result", interrupted)
    monkeypatch.setattr("onrecord.backfill.staging._CHUNK_SIZE", 1)
    with pytest.raises(KeyboardInterrupt):
        world.promote("names")
    monkeypatch.undo()

    assert contents(world) == before
    with Warehouse(world.directory).reading() as connection:
        query = "select status, changed from run order by started_at desc limit 1"
        assert connection.execute(query).fetchall() == [("interrupted", False)]
    assert not list(world.directory.glob("live.promoting*"))
    world.promote("names")
    assert "Hello" not in {row["name"] for row in world.rows()["name"]}


KILLED_PROMOTION = """
import os, signal, sys
from pathlib import Path

from onrecord.run.engine import ActiveRun
from tests.unit.backfill.world import Vowels, World
from tests.unit.conftest import make_plugin

warehouse, moment = sys.argv[1:]

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(ActiveRun, moment, die)
world = World(Path(warehouse), make_plugin)
world.parts["vowels"] = Vowels()
world.promote("vowels")
"""


@pytest.mark.parametrize("moment", ["load", "check"])
def test_a_killed_promotion_leaves_the_live_database_as_it_was(world: World, moment: str) -> None:
    world.parts["names"].version = "1"
    world.parts["vowels"] = Vowels()
    world.backfill("vowels")
    before = contents(world), definitions(world)

    root = Path(__file__).parents[3]
    process = subprocess.run(
        [sys.executable, "-c", KILLED_PROMOTION, str(world.directory), moment],
        cwd=root, capture_output=True, check=False,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()

    assert (contents(world), definitions(world)) == before
    del world.parts["vowels"]
    assert not any(step.subjects for step in world.run().steps)
    with Warehouse(world.directory).reading() as connection:
        assert [run for (run,) in connection.execute("select status from run order by started_at").fetchall()] == [
            "completed", "killed", "completed",
        ]  # fmt: skip
    world.parts["vowels"] = Vowels()
    world.promote("vowels")
    assert len(world.rows("vowel")["vowel"]) == 4


def definitions(world: World) -> list[Any]:
    """The tables and columns of the live database."""
    with Warehouse(world.directory).reading() as connection:
        query = "select table_name, column_name, data_type from duckdb_columns() where not internal order by all"
        return connection.execute(query).fetchall()


def contents(world: World) -> dict[str, list[Any]]:
    """The rows of the live database, except those about runs."""
    tables = (*TABLES, "component_version")
    with Warehouse(world.directory).reading() as connection:
        return {table: connection.execute(f"from {table} order by all").fetchall() for table in tables}


def test_an_aggregator_that_fails_does_not_keep_rows_from_being_promoted(world: World) -> None:
    world.backfill("names")
    world.parts["totals"].queries = {Total: "select nonsense"}
    with pytest.raises(RunFailed, match="totals"):
        world.promote("names")
    assert "Hello" not in {row["name"] for row in world.rows()["name"]}
    assert list_staged_versions(world.directory) == []


def test_a_new_plugin_can_be_backfilled_too(world: World) -> None:
    world.parts["vowels"] = Vowels()
    world.backfill("vowels")
    world.promote("vowels")
    assert world.to_do().keys() == {"names", "greetings", "totals"} - {"totals"}
    assert len(world.rows("vowel")["vowel"]) == 4
