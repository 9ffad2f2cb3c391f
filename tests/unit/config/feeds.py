"""Settings of a component, and the errors of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from onrecord import Config, ConfiguredPath
from onrecord.config.loading import component_settings, load_settings
from onrecord.errors import ConfigError


def mistake(file: Path, text: str) -> str:
    """What is said of a configuration file with that text, less the file's name, which must be said first."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    return said.removeprefix(f"{file}: ")


class Feeds(Config):
    """Settings of a component that is called `feeds`."""

    class Feed(Config):
        url: str
        pause: float = 1.0

    paths: list[str] = Field(default=[])
    inbox: ConfiguredPath = Path("inbox")
    limit: int = 10
    first: Feed = Feed(url="https://example.org")
    by_name: dict[str, Feed] = Field(default={})
    others: list[Feed] = Field(default=[])
    last: Feed | None = None


def feeds(file: Path, text: str = "") -> Any:
    file.write_text(text)
    return component_settings(Feeds, "feeds", load_settings(file))


def mistake_in_feeds(file: Path, text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        feeds(file, text)
    return str(caught.value).removeprefix(f"{file}: ")
