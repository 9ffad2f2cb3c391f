"""`onrecord quarantine`: list failures, show their tracebacks, and retry them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from rich.markup import escape

from ..reporting.layout import make_table
from ..warehouse import Reader, Warehouse
from ..warehouse.lock import lock_warehouse
from .options import config_options, resolve_warehouse
from .terminal import console


@click.group(invoke_without_command=True)
@config_options
@click.option("--component", help="Only what this component failed on.")
@click.pass_context
def quarantine_command(ctx: click.Context, config: Path | None, warehouse: Path | None, component: str | None) -> None:
    """List the subjects that a component failed on.

    Each is retried automatically when the subject or the component changes.
    """
    if ctx.invoked_subcommand:
        return
    rows = _read_failures(resolve_warehouse(config, warehouse), component, None)
    if not rows:
        console.print("the quarantine is empty")
        return
    table = make_table(("id", "stage", "component", "version", "document", "error", "since"))
    for row in rows:
        retried = " (to be tried again)" if row["released"] or row["transient"] else ""
        cells = (row[name] for name in ("stage", "component", "version", "uri", "error"))
        table.add_row(str(row["subject_id"])[:8], *map(escape, cells), f"{row['failed_at']:%Y-%m-%d %H:%M}{retried}")
    console.print(table)
    console.print(f"{len(rows)} in quarantine; `onrecord quarantine show ID` has the traceback")


@quarantine_command.command("show")
@config_options
@click.argument("id_")
def show_failure_command(config: Path | None, warehouse: Path | None, id_: str) -> None:
    """Show a failure with its traceback; ID is the beginning of an id in the list."""
    for row in _select_failures(resolve_warehouse(config, warehouse), None, id_):
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
    """Retry failures in the next run: one, those of a component, or all."""
    if not (id_ or component or all_):
        raise click.UsageError("say what to try again: an ID from the list, --component NAME, or --all")
    directory = resolve_warehouse(config, warehouse)
    rows = _select_failures(directory, component, id_)
    subjects = pa.array([row["subject_id"] for row in rows], pa.uuid())
    selected = pa.table({"component": [row["component"] for row in rows], "subject_id": subjects})
    with lock_warehouse(directory, wait=True), Warehouse(directory).writing() as connection:
        connection.register("_selected", selected)
        connection.execute(
            """
            update quarantine q set released = true
            from _selected s where q.component = s.component and q.subject_id = s.subject_id
            """
        )
    console.print(f"{selected.num_rows} will be tried again by the next run")


def _read_failures(directory: Path, component: str | None, id_: str | None) -> list[dict[str, Any]]:
    with Warehouse(directory).reading() as connection:
        result = Reader(connection).sql(
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
    rows: list[dict[str, Any]] = result.to_pylist()
    return rows


def _select_failures(directory: Path, component: str | None, id_: str | None) -> list[dict[str, Any]]:
    rows = _read_failures(directory, component, id_)
    if not rows:
        raise click.UsageError("nothing in the quarantine fits; `onrecord quarantine` lists what there is")
    return rows
