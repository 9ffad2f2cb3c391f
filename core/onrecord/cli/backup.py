"""`onrecord backup`: copy the warehouse into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.backup import backup
from .options import config_options, resolve_warehouse
from .terminal import console


@click.command()
@config_options
@click.argument("into", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(min=1), metavar="N",
              help="Remove all but the latest N backups of this warehouse in INTO.")  # fmt: skip
def backup_command(config: Path | None, warehouse: Path | None, into: Path, keep: int | None) -> None:
    """Copy the warehouse into a new folder in INTO, named by the time.

    This is safe during a run. `onrecord restore` puts a backup back; the next run then does what was not done when the
    backup was made, and nothing twice.
    """
    made = backup(resolve_warehouse(config, warehouse), into.resolve(), keep=keep)
    for older in made.removed:
        console.print(f"removed {older}", soft_wrap=True)
    console.print(f"{made.folder}: {made.manifest['articles']:,} articles, {made.size / 1e6:.1f} MB", soft_wrap=True)
