"""The `onrecord` program: a module for each command, and the commands of plugins."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from pathlib import Path

import click
import duckdb

from ..config.loading import load_settings, parse_settings
from ..errors import OnrecordError
from ..logs import hold_warnings
from ..plugins.registry import Plugins
from .terminal import COULD_NOT_START, leave

_COMMANDS = {
    "backfill": "onrecord.cli.backfill",
    "backup": "onrecord.cli.backup",
    "check": "onrecord.cli.check",
    "diff": "onrecord.cli.diff",
    "export": "onrecord.cli.export",
    "maintain": "onrecord.cli.maintain",
    "plan": "onrecord.cli.plan",
    "plugins": "onrecord.cli.plugins",
    "quarantine": "onrecord.cli.quarantine",
    "report": "onrecord.cli.report",
    "restore": "onrecord.cli.restore",
    "run": "onrecord_flows.run",
    "show": "onrecord.cli.show",
    "sql": "onrecord.cli.sql",
    "status": "onrecord.cli.status",
    "tables": "onrecord.cli.tables",
    "try": "onrecord.cli.try_",
    "up": "onrecord_flows.unattended.up",
    "verify": "onrecord.cli.verify",
}
"""The module of each command, which has it as the function NAME_command.

A module is imported when its command is called, so that other commands start fast and core does not import the flows.
"""


class Commands(click.Group):
    """The commands of onrecord and those of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all commands, for the help page."""
        self._add_plugin_commands(ctx)
        return sorted({*_COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name; plugins are loaded only for unknown names."""
        if name in _COMMANDS:
            command: click.Command = getattr(importlib.import_module(_COMMANDS[name]), f"{name}_command")
            return command
        self._add_plugin_commands(ctx)
        return super().get_command(ctx, name)

    def _add_plugin_commands(self, ctx: click.Context) -> None:
        if ctx.meta.get(__name__):
            return
        ctx.meta[__name__] = True
        # The command itself reports problems with plugins.
        with hold_warnings():
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
    """Run the program; errors that users can act on are printed, with exit status 2."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("onrecord: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("onrecord").addHandler(handler)
    try:
        cli(prog_name="onrecord")
    except BrokenPipeError:
        # The reader of the output has closed it, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OnrecordError, OSError, duckdb.Error) as error:
        click.echo(f"onrecord: {error}", err=True)
        leave(COULD_NOT_START)


def _config_in(arguments: list[str]) -> Path | None:
    for index, argument in enumerate(arguments):
        if argument in ("-c", "--config") and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if argument.startswith("--config="):
            return Path(argument.partition("=")[2])
    default = Path(os.environ.get("ONRECORD_CONFIG", "onrecord.toml"))
    return default if default.exists() else None
