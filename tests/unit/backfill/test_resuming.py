"""A backfill that goes on: after an interruption, after a run, with another one."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import onrecord.backfill
from onrecord import Row
from onrecord.backfill import drop, find_staged_version
from onrecord.errors import LockedError, OnrecordError, SchemaError
from onrecord.warehouse import Warehouse
from onrecord.warehouse.lock import lock_warehouse
from tests.unit.backfill.world import Lengths, World, document


def test_a_backfill_that_was_broken_off_does_the_rest_of_the_same_selection(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.backfill("names", where="word_count > 2", most=1)
    # Without naming the articles again.
    assert len(world.backfill("names")) == 2
    assert world.backfill("names") == []


def test_a_backfill_of_other_articles_is_refused_while_there_is_a_staged_version(world: World) -> None:
    world.backfill("names", outlets=("Post",))
    with pytest.raises(OnrecordError, match="has articles of Post, not articles of Times"):
        world.backfill("names", outlets=("Times",))
    assert world.backfill("names", outlets=("Post",)) == []


def test_a_backfill_of_plugins_of_another_staged_version_is_refused(world: World) -> None:
    world.backfill("names")
    with pytest.raises(OnrecordError, match="the staged version of names has rows of the same components"):
        world.backfill("greetings")


def test_a_staged_version_has_one_writer(world: World) -> None:
    world.backfill("names")
    with lock_warehouse(world.directory / "staged" / "names", wait=False):
        for attempt in (lambda: world.backfill("names"), lambda: world.promote("names"),
                        lambda: drop(find_staged_version(world.directory, "names"))):  # fmt: skip
            with pytest.raises(LockedError):
                attempt()


def test_of_two_that_begin_at_the_same_time_one_has_its_selection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[Exception] = []

    def other() -> None:
        try:
            world.backfill("names", outlets=("Times",))
        except (OnrecordError, OSError) as error:
            errors.append(error)

    thread = threading.Thread(target=other)

    def begun(*arguments: Any) -> Any:
        monkeypatch.setattr("onrecord.backfill._find_or_create", real)
        found = real(*arguments)
        thread.start()
        # It gets on as far as it can.
        thread.join(0.5)
        return found

    real = onrecord.backfill._find_or_create
    monkeypatch.setattr("onrecord.backfill._find_or_create", begun)
    assert len(world.backfill("names", outlets=("Post",))) == 2
    thread.join()
    assert "not articles of Times" in str(errors) or isinstance(errors[0], LockedError)
    assert find_staged_version(world.directory, "names").selection.outlets == ("Post",)


def test_an_article_that_a_run_changes_in_between_is_done_again_and_one_that_it_did_is_not(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    world.backfill("names", where="word_count < 4")
    world.documents["b"] = document("Hello Eve.", "Post")
    world.documents["e"] = document("Hello Fay.", "Post")
    world.run()
    # The run has done b and e, with the new version.
    assert world.backfill("names") == []
    world.promote("names")
    assert {row["name"] for row in world.rows()["name"]} >= {"Eve", "Fay"}
    assert "Cora" not in {row["name"] for row in world.rows()["name"]}


def test_a_staged_version_of_a_version_that_is_no_more_is_brought_up_to_date(world: World) -> None:
    world.backfill("names")
    world.parts["names"].version = "3"
    assert world.backfill("names") == [f"names+greetings {letter}" for letter in "abcd"]


def test_what_failed_is_not_tried_again_before_something_changes(world: World) -> None:
    assert "names+greetings c" in world.backfill("names")
    assert world.backfill("names") == []


def test_what_somebody_wants_tried_again_is_tried_once(world: World) -> None:
    world.run()
    with Warehouse(world.directory).writing() as connection:
        connection.execute("update quarantine set released = true")
    Warehouse(world.directory).publish()
    assert world.backfill("names") == ["names+greetings c"]
    assert world.backfill("names") == []


def test_a_table_that_changed_too_much_for_its_staged_version_says_to_drop_it(world: World) -> None:
    class Length(Row):
        words: str

    world.parts["lengths"].version = "2"
    world.backfill("lengths")
    world.parts["lengths"] = type("Lengths", (Lengths,), {"version": "3", "writes": [Length]})()
    with pytest.raises(SchemaError, match="onrecord backfill --drop lengths"):
        world.backfill("lengths")
