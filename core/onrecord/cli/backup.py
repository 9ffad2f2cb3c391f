"""`onrecord backup`: the warehouse as it is now, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.backup import backup
from .common import config_options, console, resolve_warehouse


@click.command()
@config_options
@click.argument("into", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(min=1), metavar="N",
              help="Remove all but the latest N backups of this warehouse in INTO.")  # fmt: skip
def backup_command(config: Path | None, warehouse: Path | None, into: Path, keep: int | None) -> None:
    """Copy the warehouse into a new folder in INTO, named by the time.

    It may be done while a run goes on. `onrecord restore` puts a backup back; a run after that does what had not been
    done by then, and nothing twice.
    """
    made = backup(resolve_warehouse(config, warehouse), into.resolve(), keep=keep)
    for older in made.removed:
        console.print(f"removed {older}", soft_wrap=True)
    console.print(f"{made.folder}: {made.manifest['articles']:,} articles, {made.size / 1e6:.1f} MB", soft_wrap=True)
