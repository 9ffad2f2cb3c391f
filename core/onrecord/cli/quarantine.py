"""`onrecord quarantine`: what failed, why, and how to have it tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from rich.markup import escape
from rich.table import Table

from ..warehouse import Reader, Warehouse
from ..warehouse.lock import locked
from . import console, folder, options


@click.group(invoke_without_command=True)
@options
@click.option("--plugin", help="Only what this component failed on.")
@click.pass_context
def command(ctx: click.Context, config: Path | None, warehouse: Path | None, plugin: str | None) -> None:
    """List the subjects that a plugin failed on.

    They are tried again by themselves when the subject or the plugin changes.
    """
    if ctx.invoked_subcommand:
        return
    found = _rows(folder(config, warehouse), plugin, None)
    if not found:
        console.print("the quarantine is empty")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("id", "stage", "plugin", "version", "document", "error", "since"):
        table.add_column(heading, overflow="fold")
    for row in found:
        since = f"{row['failed_at']:%Y-%m-%d %H:%M}" + (
            " (to be tried again)" if row["released"] or row["transient"] else ""
        )
        cells = (
            str(row["subject_id"])[:8],
            row["stage"],
            row["plugin"],
            row["version"],
            row["uri"],
            row["error"],
            since,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print(f"{len(found)} in quarantine; `onrecord quarantine show ID` has the traceback")


@command.command()
@options
@click.argument("id_")
def show(config: Path | None, warehouse: Path | None, id_: str) -> None:
    """Show all that is known of a failure; ID is the beginning of an id in the list."""
    for row in _chosen(folder(config, warehouse), None, id_):
        for key in ("plugin", "version", "stage", "uri", "subject_id", "failed_at", "error"):
            click.echo(f"{key:>12}  {row[key]}")
        click.echo(row["traceback"])


@command.command()
@options
@click.argument("id_", required=False)
@click.option("--plugin", help="All that this component failed on.")
@click.option("--all", "all_", is_flag=True, help="Everything.")
def retry(config: Path | None, warehouse: Path | None, id_: str | None, plugin: str | None, all_: bool) -> None:
    """Have failures tried again by the next run: one, those of a plugin, or all."""
    if not (id_ or plugin or all_):
        raise click.UsageError("say what to try again: an ID from the list, --plugin NAME, or --all")
    directory = folder(config, warehouse)
    chosen = [(row["plugin"], str(row["subject_id"])) for row in _chosen(directory, plugin, id_)]
    with locked(directory, wait=True), Warehouse(directory).writing() as connection:
        plugins, subjects = zip(*chosen, strict=True)
        connection.register("chosen", pa.table({"plugin": plugins, "subject_id": subjects}))
        connection.execute(
            """
            update quarantine q set released = true
            from chosen c where q.plugin = c.plugin and q.subject_id = c.subject_id::uuid
            """
        )
    console.print(f"{len(chosen)} will be tried again by the next run")


def _rows(directory: Path, plugin: str | None, id_: str | None) -> list[dict[str, Any]]:
    with Warehouse(directory).reading() as connection:
        found = Reader(connection).sql(
            """
            select *
            from quarantine
            where ($plugin is null or plugin = $plugin)
                and ($id is null or starts_with(subject_id::varchar, $id))
            order by failed_at, plugin, uri
            """,
            plugin=plugin,
            id=id_,
        )
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _chosen(directory: Path, plugin: str | None, id_: str | None) -> list[dict[str, Any]]:
    found = _rows(directory, plugin, id_)
    if not found:
        raise click.UsageError("nothing in the quarantine fits; `onrecord quarantine` lists what there is")
    return found
