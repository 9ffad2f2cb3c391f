"""The Prefect flows, and the commands that start them.

Importing this package must stay cheap and free of Prefect: worker processes load it like any other plugin.
"""

from __future__ import annotations

import click

from onrecord import hookimpl


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `onrecord run` and `onrecord up`."""
    from .command import run
    from .unattended.up import up

    cli.add_command(run)
    cli.add_command(up)
