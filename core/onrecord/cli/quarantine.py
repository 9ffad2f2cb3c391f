"""`onrecord quarantine`: what failed, why, and how to have it tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from rich.markup import escape
from rich.table import Table

from ..warehouse import Reader, Warehouse
from ..warehouse.lock import lock_warehouse
from .common import config_options, console, resolve_warehouse


@click.group(invoke_without_command=True)
@config_options
@click.option("--component", help="Only what this component failed on.")
@click.pass_context
def quarantine_command(ctx: click.Context, config: Path | None, warehouse: Path | None, component: str | None) -> None:
    """List the subjects that a component failed on.

    They are tried again by themselves when the subject or the component changes.
    """
    if ctx.invoked_subcommand:
        return
    found = _rows(resolve_warehouse(config, warehouse), component, None)
    if not found:
        console.print("the quarantine is empty")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("id", "stage", "component", "version", "document", "error", "since"):
        table.add_column(heading, overflow="fold")
    for row in found:
        since = f"{row['failed_at']:%Y-%m-%d %H:%M}" + (
            " (to be tried again)" if row["released"] or row["transient"] else ""
        )
        cells = (
            str(row["subject_id"])[:8],
            row["stage"],
            row["component"],
            row["version"],
            row["uri"],
            row["error"],
            since,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print(f"{len(found)} in quarantine; `onrecord quarantine show ID` has the traceback")


@quarantine_command.command("show")
@config_options
@click.argument("id_")
def show_failure_command(config: Path | None, warehouse: Path | None, id_: str) -> None:
    """Show all that is known of a failure; ID is the beginning of an id in the list."""
    for row in _chosen(resolve_warehouse(config, warehouse), None, id_):
        for key in ("component", "version", "stage", "uri", "subject_id", "failed_at", "error"):
            click.echo(f"{key:>12}  {row[key]}")
        click.echo(row["traceback"])


@quarantine_command.command("retry")
@config_options
@click.argument("id_", required=False)
@click.option("--component", help="All that this component failed on.")
@click.option("--all", "all_", is_flag=True, help="Everything.")
def retry_command(
    config: Path | None, warehouse: Path | None, id_: str | None, component: str | None, all_: bool
) -> None:
    """Have failures tried again by the next run: one, those of a component, or all."""
    if not (id_ or component or all_):
        raise click.UsageError("say what to try again: an ID from the list, --component NAME, or --all")
    directory = resolve_warehouse(config, warehouse)
    chosen = [(row["component"], row["subject_id"]) for row in _chosen(directory, component, id_)]
    with lock_warehouse(directory, wait=True), Warehouse(directory).writing() as connection:
        plugins, subjects = zip(*chosen, strict=True)
        connection.register("_chosen", pa.table({"component": plugins, "subject_id": pa.array(subjects, pa.uuid())}))
        connection.execute(
            """
            update quarantine q set released = true
            from _chosen c where q.component = c.component and q.subject_id = c.subject_id
            """
        )
    console.print(f"{len(chosen)} will be tried again by the next run")


def _rows(directory: Path, component: str | None, id_: str | None) -> list[dict[str, Any]]:
    with Warehouse(directory).reading() as connection:
        found = Reader(connection).sql(
            """
            select *
            from quarantine
            where ($component is null or component = $component)
                and ($id is null or starts_with(subject_id::varchar, $id))
            order by failed_at, component, uri
            """,
            component=component,
            id=id_,
        )
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _chosen(directory: Path, component: str | None, id_: str | None) -> list[dict[str, Any]]:
    found = _rows(directory, component, id_)
    if not found:
        raise click.UsageError("nothing in the quarantine fits; `onrecord quarantine` lists what there is")
    return found
