"""What several of these files need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from onrecord.testing import Sandbox
from tests.unit.warehouse.measured import DOCUMENTS, Lengths


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    made = Sandbox(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of(Lengths()), documents=DOCUMENTS)
    made.run()
    return made.directory


@pytest.fixture
def sandbox(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> Sandbox:
    """A sandbox of which the first run is over."""
    directory = Path(shutil.copytree(filled, tmp_path / "warehouse"))
    return Sandbox(directory, plugin_of(Lengths()), documents=DOCUMENTS)
