"""`onrecord export`: write the published database as Parquet files."""

from __future__ import annotations

from pathlib import Path

import click

from ..operations.export import CURRENT, export
from .options import config_options, resolve_warehouse
from .terminal import console


@click.command()
@config_options
@click.argument("lake", type=click.Path(path_type=Path, file_okay=False))
def export_command(config: Path | None, warehouse: Path | None, lake: Path) -> None:
    """Write the published database as Parquet files into the folder LAKE.

    LAKE/current leads to the latest export. It is switched when all files are written, and readers of the one before
    may finish. Files of earlier exports that have not changed are not written again.
    """
    done = export(resolve_warehouse(config, warehouse), lake.resolve())
    tables = done.manifest["tables"].values()
    files = [file for table in tables for file in table["files"]]
    size = sum(file["bytes"] for file in files)
    console.print(
        f"{lake / CURRENT}: {len(tables)} tables, {sum(table['rows'] for table in tables):,} rows, {len(files):,} "
        f"files, {size / 1e6:.1f} MB" + ("" if done.new else " (as before: nothing new is published)"),
        soft_wrap=True,
    )
