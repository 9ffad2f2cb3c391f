"""Rows of a new version, made beside those that are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onrecord.backfill import Selection, list_staged_versions
from onrecord.errors import OnrecordError, WarehouseError
from tests.unit.backfill.world import World

# ── Making rows beside those that are published ──────────────────────────────────────────────────


def test_a_backfill_leaves_the_live_and_the_published_database_as_they_are(world: World) -> None:
    files = [world.directory / "live.duckdb", world.directory / "onrecord.duckdb"]
    before = [file.read_bytes() for file in files]
    world.backfill("names")
    assert [file.read_bytes() for file in files] == before
    assert [staged.name for staged in list_staged_versions(world.directory)] == ["names"]


def test_it_makes_the_rows_of_the_chosen_plugin_and_of_those_that_read_them(world: World) -> None:
    world.parts["lengths"].version = "2"
    # In the other order: lengths is stale too, and not meant.
    assert world.backfill("names") == [f"names+greetings {letter}" for letter in "abcd"]
    assert world.backfill("lengths") == [f"lengths {letter}" for letter in "abcd"]


def test_it_reads_the_published_rows_of_what_a_plugin_requires_where_they_are_up_to_date(world: World) -> None:
    world.parts["names"].version = "1"
    world.parts["greetings"].version = "2"
    assert world.backfill("greetings") == [f"greetings {letter}" for letter in "abcd"]
    world.promote("greetings")
    assert [row["whom"] for row in world.rows()["greeting"]].count("Dear Anna") == 1


def test_it_makes_the_rows_of_what_a_plugin_requires_where_they_are_stale(world: World) -> None:
    assert world.backfill("greetings") == [f"names+greetings {letter}" for letter in "abcd"]


def test_where_everything_is_up_to_date_there_is_nothing_to_do(world: World) -> None:
    assert world.backfill("lengths") == []
    assert list_staged_versions(world.directory) == []


@pytest.mark.parametrize(
    ("selection", "letters"),
    [
        ({}, "abcd"),
        ({"since": date(2016, 5, 2)}, "bc"),
        ({"until": date(2016, 5, 31)}, "ab"),
        ({"until": date(9999, 12, 31)}, "abc"),
        ({"since": date(2016, 5, 31), "until": date(2016, 5, 31)}, "b"),
        ({"outlets": ("times",)}, "cd"),
        ({"outlets": ("Post", "Times"), "until": date(2016, 5, 1)}, "a"),
        ({"where": "word_count > 3 -- of four words or more"}, "ac"),
        ({"where": "article_id in (select article_id from name where name = 'Cora')"}, "b"),
    ],
)
def test_only_the_selected_articles_are_done(selection: dict[str, Any], letters: str, world: World) -> None:
    assert world.backfill("names", **selection) == [f"names+greetings {letter}" for letter in letters]


@pytest.mark.parametrize(
    "where", ["colour = 'red'", "1 = 1); drop table article; select (1", "word_count >", "('", "body::int > 1"]
)
def test_a_condition_that_is_none_is_an_error_and_leaves_no_staged_version(where: str, world: World) -> None:
    with pytest.raises(OnrecordError, match="`where` must be a condition on the columns of `article`"):
        world.backfill("names", where=where)
    assert list_staged_versions(world.directory) == []


def test_a_selection_of_nothing_is_an_error_and_leaves_no_staged_version(world: World) -> None:
    with pytest.raises(OnrecordError, match=r"no published article: articles of Tines\. .* shows what can be selected"):
        world.backfill("names", outlets=("Tines",))
    assert list_staged_versions(world.directory) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("totals", "totals cannot be backfilled: it is an aggregator"),
        ("reads", "reads cannot be backfilled: it is a cleaner"),
        ("documents", "documents cannot be backfilled: it is an ingestor"),
        ("nobody", "it is not loaded. The annotators are: "),
    ],
)
def test_what_is_no_annotator_cannot_be_backfilled(name: str, reason: str, world: World) -> None:
    with pytest.raises(OnrecordError, match=reason):
        world.backfill(name)


def test_before_anything_is_published_there_is_nothing_to_backfill(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        World(tmp_path / "new", plugin_of).backfill("names")


# ── Dropping ─────────────────────────────────────────────────────────────────────────────────────


def test_a_selection_says_what_it_is() -> None:
    assert str(Selection(components=("a",))) == "all articles"
    chosen = Selection(components=("a",), since=date(2016, 5, 1), outlets=("Post", "Times"), where="word_count > 9")
    assert str(chosen) == "articles since 2016-05-01 of Post or Times where word_count > 9"
    assert Selection.model_validate_json(chosen.model_dump_json()) == chosen
