"""What several of these files need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.backfill.world import World


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    made = World(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of)
    made.run()
    return made.directory


@pytest.fixture
def world(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> World:
    """A world of which the first run is over, and in which names has come to be of version 2."""
    made = World(Path(shutil.copytree(filled, tmp_path / "warehouse")), plugin_of)
    made.parts["names"].version = "2"
    return made
