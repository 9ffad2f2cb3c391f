"""What several of these files need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.stages.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Bench:
    return Bench(tmp_path / "warehouse", plugin_of)
