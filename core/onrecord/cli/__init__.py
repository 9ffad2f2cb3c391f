"""The `onrecord` program. Each command is a module of this package; plugins may add more."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import duckdb
from rich.console import Console

from ..config.loading import DEFAULT_FILE, load_settings, parse_settings
from ..config.settings import Settings
from ..errors import OnrecordError
from ..plugins.registry import Plugins

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

console = Console(highlight=False)

COULD_NOT_START = 2
"""The exit status when a command could not begin its work."""

FAILED = 1
"""The exit status when a part failed."""

_COMMANDS = {
    "backfill": "backfill",
    "backup": "backup",
    "diff": "diff",
    "export": "export",
    "maintain": "maintain",
    "plan": "plan",
    "plugins": "plugins",
    "quarantine": "quarantine",
    "report": "report",
    "restore": "restore",
    "show": "show",
    "sql": "sql",
    "status": "status",
    "tables": "tables",
    "try": "try_",
}
"""Command and module. A command is imported when it is called, so that each starts as fast as it can."""


class Commands(click.Group):
    """The commands of the core, and after them those of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, for the help page."""
        self._add_plugin_commands()
        return sorted({*_COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by name; plugins are only loaded for one that the core does not have."""
        if name in _COMMANDS:
            command: click.Command = importlib.import_module(f".{_COMMANDS[name]}", __name__).command
            return command
        self._add_plugin_commands()
        return super().get_command(ctx, name)

    def _add_plugin_commands(self) -> None:
        # Whatever is wrong with a plugin is told by the command itself.
        with unheard():
            try:
                file = _config_in(sys.argv[1:])
                Plugins(load_settings(file) if file else parse_settings({})).add_commands(self)
            except OnrecordError:
                Plugins(parse_settings({})).add_commands(self)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="onrecord", prog_name="onrecord")
def cli() -> None:
    """Read news and work out who is on record saying what."""


def main() -> None:
    """Run the program; errors that a person can act on are told in a sentence, with exit status 2."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("onrecord: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("onrecord").addHandler(handler)
    failure = None
    try:
        cli(prog_name="onrecord")
    except (OnrecordError, OSError, duckdb.Error) as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has seen enough, as `head` does.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            failure = str(error)
    if failure is not None:
        click.echo(f"onrecord: {failure}", err=True)
        leave(COULD_NOT_START)


def leave(status: int) -> NoReturn:
    """End the program at once.

    Otherwise threads that wait for workers which are gone would hold it up, and DuckDB's binding would complain at
    length about connections in the tracebacks of errors that have been told already.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def options(function: AnyFunction) -> AnyFunction:
    """The options that say which configuration and which warehouse a command is about."""
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
    """What was given to the command itself, or else before it: `quarantine -w FOLDER show ID`."""
    name = parameter.name or ""
    above: Path | None = ctx.parent.params.get(name) if ctx.parent else None
    given = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    return value if given or above is None else above


def configured(config: Path | None, warehouse: Path | None, *, strict: bool | None = None) -> Settings:
    """The configuration that the options name."""
    folder = warehouse.resolve() if warehouse else None
    return load_settings(config).override(warehouse=folder, strict=strict)


def configured_or_default(config: Path | None, warehouse: Path | None) -> Settings:
    """The configuration that the options name; with --warehouse alone that of somebody who has none will do."""
    if config is None and warehouse is not None and not DEFAULT_FILE.exists():
        return parse_settings({}).override(warehouse=warehouse.resolve())
    return configured(config, warehouse)


def opened(config: Path | None, warehouse: Path | None, *, strict: bool | None = None) -> tuple[Settings, Plugins]:
    """The configuration that the options name, and its plugins."""
    settings = configured(config, warehouse, strict=strict)
    return settings, Plugins(settings)


@contextmanager
def unheard() -> Iterator[None]:
    """Keep warnings to oneself: they are about to be given again, in a better place."""
    logger = logging.getLogger("onrecord")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def folder(config: Path | None, warehouse: Path | None) -> Path:
    """The warehouse that the options name; with --warehouse no configuration is needed."""
    return warehouse.resolve() if warehouse else load_settings(config).warehouse


def _config_in(arguments: list[str]) -> Path | None:
    for index, argument in enumerate(arguments):
        if argument in ("-c", "--config") and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if argument.startswith("--config="):
            return Path(argument.partition("=")[2])
    default = Path(os.environ.get("ONRECORD_CONFIG", "onrecord.toml"))
    return default if default.exists() else None
