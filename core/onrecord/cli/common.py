"""What the commands share: the options that name a configuration, the terminal, and exit statuses."""

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
"""The exit status when a command could not begin its work."""

FAILED = 1
"""The exit status when a part failed."""


def leave(status: int) -> NoReturn:
    """End the program at once.

    Otherwise threads that wait for workers which are gone would hold it up, and DuckDB's binding would complain at
    length about connections in the tracebacks of errors that have been told already.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def config_options(function: AnyFunction) -> AnyFunction:
    """Add the options --config and --warehouse to a command."""
    config = click.option(
        "-c", "--config", type=click.Path(path_type=Path), envvar="ONRECORD_CONFIG", metavar="FILE",
        help="The configuration; onrecord.toml in this folder by default.", callback=_or_above,
    )  # fmt: skip
    warehouse = click.option(
        "-w", "--warehouse", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
        help="The warehouse's folder, in place of the one that the configuration names.", callback=_or_above,
    )  # fmt: skip
    return config(warehouse(function))


def _or_above(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Return what was given to the command itself, or else before it: `quarantine -w FOLDER show ID`."""
    name = parameter.name or ""
    above: Path | None = ctx.parent.params.get(name) if ctx.parent else None
    given = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    return value if given or above is None else above


def resolve_settings(
    config: Path | None, warehouse: Path | None, *, strict: bool | None = None, optional: bool = False
) -> Settings:
    """Return the settings that the options name; with `optional`, --warehouse alone needs no configuration."""
    directory = warehouse.resolve() if warehouse else None
    if optional and config is None and warehouse is not None and not DEFAULT_FILE.exists():
        settings = parse_settings({})
    else:
        settings = load_settings(config)
    return settings.override(warehouse=directory, strict=strict)


def resolve_warehouse(config: Path | None, warehouse: Path | None) -> Path:
    """Return the folder of the warehouse that the options name; with --warehouse no configuration is read."""
    return warehouse.resolve() if warehouse else load_settings(config).warehouse


def open_plugins(config: Path | None, warehouse: Path | None, *, strict: bool | None = None) -> Plugins:
    """Load the plugins of the configuration that the options name."""
    return Plugins(resolve_settings(config, warehouse, strict=strict))


@contextmanager
def hold_warnings() -> Iterator[list[logging.LogRecord]]:
    """Hold back what is logged in the block, in a list: to be logged later, or never."""
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
