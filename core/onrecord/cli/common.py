"""Shared parts of the commands: options, the terminal and exit statuses."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console

from ..config.loading import DEFAULT_FILE, load_settings, parse_settings
from ..config.settings import Settings
from ..plugins.registry import Plugins

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

console = Console(highlight=False)

COULD_NOT_START = 2
"""The exit status of a command that could not start its work."""

FAILED = 1
"""The exit status of a command that failed in part."""


def leave(status: int) -> NoReturn:
    """End the program at once.

    Otherwise threads that wait for dead workers would delay the exit, and DuckDB's binding would complain about
    connections in the tracebacks of errors that were already reported.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


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


@contextmanager
def hold_warnings() -> Iterator[list[logging.LogRecord]]:
    """Collect the log records of the block in a list, instead of logging them."""
    held: list[logging.LogRecord] = []

    def hold(record: logging.LogRecord) -> bool:
        held.append(record)
        return False

    logger = logging.getLogger("onrecord")
    logger.addFilter(hold)
    try:
        yield held
    finally:
        logger.removeFilter(hold)
