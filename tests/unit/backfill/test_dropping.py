"""Dropping a backfill."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.backfill import drop, find_staged_version, list_staged_versions
from onrecord.errors import OnrecordError, WarehouseError
from tests.unit.backfill.world import World


def test_a_dropped_staged_version_leaves_nothing(world: World) -> None:
    before = world.rows()
    world.backfill("names")
    # By the name of one that reads its rows, too.
    drop(find_staged_version(world.directory, "greetings", world.sandbox.plugins))
    assert list_staged_versions(world.directory) == []
    assert world.rows() == before
    with pytest.raises(OnrecordError, match="there is no staged version of names"):
        world.promote("names")


def test_a_staged_version_of_which_only_a_part_could_be_deleted_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.backfill("names", outlets=("Post",))

    def killed(folder: Path) -> None:
        (folder / "selection.json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr("onrecord.backfill.staging.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        drop(find_staged_version(world.directory, "names"))
    monkeypatch.undo()

    assert list_staged_versions(world.directory) == []
    assert len(world.backfill("names")) == 4
    assert [folder.name for folder in (world.directory / "staged").iterdir() if folder.is_dir()] == ["names"]


def test_the_staged_version_of_a_plugin_that_is_gone_can_be_dropped(world: World) -> None:
    world.parts["lengths"].version = "2"
    world.backfill("lengths")
    del world.parts["lengths"]
    drop(find_staged_version(world.directory, "lengths", world.sandbox.plugins))
    assert list_staged_versions(world.directory) == []


def test_a_staged_version_whose_selection_cannot_be_read_says_where_it_is(world: World) -> None:
    world.backfill("names")
    file = world.directory / "staged" / "names" / "selection.json"
    file.write_text("{")
    with pytest.raises(WarehouseError, match=r"names/selection.json: cannot be read; delete .*staged/names"):
        list_staged_versions(world.directory)
