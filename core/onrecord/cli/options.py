"""The options --config and --warehouse, and what they name: settings, a folder, plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config.loading import DEFAULT_FILE, load_settings, parse_settings
from ..config.settings import Settings
from ..plugins.registry import Plugins

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def config_options(function: AnyFunction) -> AnyFunction:
    """Add the options --config and --warehouse to a command."""
    config = click.option(
        "-c", "--config", type=click.Path(path_type=Path), envvar="ONRECORD_CONFIG", metavar="FILE",
        help="The configuration; onrecord.toml in this folder by default.", callback=_or_from_parent,
    )  # fmt: skip
    warehouse = click.option(
        "-w", "--warehouse", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
        help="The warehouse's folder, in place of the one that the configuration names.", callback=_or_from_parent,
    )  # fmt: skip
    return config(warehouse(function))


def _or_from_parent(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Return a command's own option or its parent's: `quarantine -w FOLDER show ID`."""
    name = parameter.name or ""
    parent_value: Path | None = ctx.parent.params.get(name) if ctx.parent else None
    is_explicit = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    return value if is_explicit or parent_value is None else parent_value


def resolve_settings(
    config: Path | None, warehouse: Path | None, *, strict: bool | None = None, optional: bool = False
) -> Settings:
    """Return the settings; with `optional`, --warehouse needs no configuration."""
    directory = warehouse.resolve() if warehouse else None
    if optional and config is None and warehouse is not None and not DEFAULT_FILE.exists():
        settings = parse_settings({})
    else:
        settings = load_settings(config)
    return settings.override(warehouse=directory, strict=strict)


def resolve_warehouse(config: Path | None, warehouse: Path | None) -> Path:
    """Return the warehouse's folder; with --warehouse no configuration is read."""
    return warehouse.resolve() if warehouse else load_settings(config).warehouse


def open_plugins(config: Path | None, warehouse: Path | None, *, strict: bool | None = None) -> Plugins:
    """Load the plugins of the configuration that the options name."""
    return Plugins(resolve_settings(config, warehouse, strict=strict))
