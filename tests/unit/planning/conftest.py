"""What several of these files need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.planning.world import World


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    """A warehouse as the first run of a world leaves it."""
    made = World(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of)
    made.run()
    return made.directory


@pytest.fixture
def world(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> World:
    """A world of which the first run is over."""
    return World(Path(shutil.copytree(filled, tmp_path / "warehouse")), plugin_of)
