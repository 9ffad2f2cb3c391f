"""`onrecord restore`: a backup as the warehouse."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.backup import restore
from .common import config_options, console, resolve_warehouse


@click.command()
@config_options
@click.argument("backup", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Replace the warehouse that is there.")
def restore_command(config: Path | None, warehouse: Path | None, backup: Path, force: bool) -> None:
    """Make BACKUP, a folder that `onrecord backup` has made, the warehouse.

    Nothing is replaced before the backup has been found whole and readable by this version.
    """
    directory = resolve_warehouse(config, warehouse)
    done = restore(backup.resolve(), directory, force=force)
    console.print(
        f"{directory}: {done.manifest['articles']:,} articles, as of {done.manifest['created'][:19]}", soft_wrap=True
    )
