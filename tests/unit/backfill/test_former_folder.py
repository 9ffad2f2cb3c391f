"""A staged version that an earlier version of onrecord left can be resumed, compared, promoted and dropped.

`data/warehouse_before_0002.tar.xz` was written by the version before migration 0002: a run of the plugins in `world`
with names 1, then a backfill of names 2 over the articles of the outlet Post. The staged version was called a
candidate, its folder `candidates`, and its `selection.json` had the key `plugins`.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from onrecord.backfill import drop, find_staged_version, list_staged_versions
from onrecord.backfill.comparison import compare
from onrecord.warehouse.lock import lock_warehouse
from tests.unit.backfill.world import World

BEFORE = Path(__file__).parent / "data" / "warehouse_before_0002.tar.xz"


@pytest.fixture
def world(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> World:
    """The earlier version's warehouse; names has come to be of version 2."""
    with tarfile.open(BEFORE) as archive:
        archive.extractall(tmp_path / "warehouse", filter="data")
    made = World(tmp_path / "warehouse", plugin_of)
    made.parts["names"].version = "2"
    made.settings["run"]["stale"] = "leave"
    return made


def test_it_is_found_in_its_new_folder(world: World) -> None:
    for _ in range(2):
        (staged,) = list_staged_versions(world.directory)
        assert (staged.name, str(staged.selection)) == ("names", "articles of Post")
        assert staged.directory == world.directory / "staged" / "names"
    assert not (world.directory / "candidates").exists()


def test_after_a_run_it_is_compared_and_promoted(world: World) -> None:
    world.run()
    plugins = world.sandbox.plugins
    comparison = compare(plugins, find_staged_version(world.directory, "names", plugins), "names", examples=1)
    assert (comparison.outcomes, comparison.versions_before) == ({"done": 2}, {"1": 2})
    assert comparison.tables[0].counts == {"changes": 0, "appears": 0, "vanishes": 2}
    world.promote("names")
    assert {row["name"] for row in world.rows()["name"]} == {"Anna", "Bert", "Cora", "Hello", "Dora,", "Nobody"}
    assert list_staged_versions(world.directory) == []


def test_after_a_run_it_is_resumed_and_nothing_is_done_twice(world: World) -> None:
    world.run()
    assert world.backfill("names") == []


def test_it_can_be_dropped(world: World) -> None:
    drop(find_staged_version(world.directory, "names"))
    assert list_staged_versions(world.directory) == []
    assert not (world.directory / "candidates").exists()


def test_while_another_process_fills_it_it_stays_where_it_is(world: World) -> None:
    folder = world.directory / "candidates" / "names"
    with lock_warehouse(folder, wait=False):
        assert list_staged_versions(world.directory) == []
    assert [staged.name for staged in list_staged_versions(world.directory)] == ["names"]
