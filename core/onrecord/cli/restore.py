"""`onrecord restore`: replace the warehouse by a backup."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.backup import restore
from .options import config_options, resolve_warehouse
from .terminal import console


@click.command()
@config_options
@click.argument("backup", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Replace an existing warehouse.")
def restore_command(config: Path | None, warehouse: Path | None, backup: Path, force: bool) -> None:
    """Replace the warehouse by BACKUP, a folder that `onrecord backup` has made.

    Nothing is replaced unless the backup is complete and this version can read it.
    """
    directory = resolve_warehouse(config, warehouse)
    done = restore(backup.resolve(), directory, force=force)
    console.print(
        f"{directory}: {done.manifest['articles']:,} articles, as of {done.manifest['created'][:19]}", soft_wrap=True
    )
