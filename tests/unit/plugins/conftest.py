"""What several of these files need."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from tests.unit.plugins.loading import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The plugins of a folder with the given files, and nothing else; `settings` are an onrecord.toml's."""

    def made(settings: dict[str, Any] | None = None, *, installed: bool = False, **sources: str) -> Plugins:
        directory = tmp_path / "plugins"
        directory.mkdir(exist_ok=True)
        for name, source in sources.items():
            (directory / f"{name}.py").write_text(textwrap.dedent(source))
        return Plugins(parse_settings({"plugins_dir": str(directory)} | (settings or {})), installed=installed)

    return made
