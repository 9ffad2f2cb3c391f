"""`onrecord plugins`: list plugins, and remove a component's tables."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from uuid import uuid4

import click
from rich.markup import escape

from ..model.bookkeeping import Run
from ..model.tables import STANDARD_TABLES
from ..reporting.layout import make_table
from ..sql import quote_identifier
from ..warehouse import Warehouse
from ..warehouse.loading import insert_rows
from ..warehouse.lock import lock_warehouse
from .options import config_options, open_plugins, resolve_settings
from .terminal import console


@click.group(invoke_without_command=True)
@config_options
@click.option("--strict", is_flag=True, default=None, help="Make a plugin that cannot be loaded an error.")
@click.pass_context
def plugins_command(ctx: click.Context, config: Path | None, warehouse: Path | None, strict: bool | None) -> None:
    """List plugins: version, origin, what each registers, and why one was skipped."""
    if ctx.invoked_subcommand:
        return
    plugins = open_plugins(config, warehouse, strict=strict)
    table = make_table(("plugin", "version", "from", "state", "registers"))
    for info in plugins.infos:
        registers = "\n".join(info.registers) if info.state == "loaded" else info.reason
        style = {"loaded": "", "disabled": "dim"}.get(info.state, "red")
        cells = (info.name, info.version or "–", info.distribution, info.state, registers)
        table.add_row(*map(escape, cells), style=style)
    console.print(table)


@plugins_command.command("remove")
@config_options
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_command(config: Path | None, warehouse: Path | None, name: str, yes: bool) -> None:
    """Drop the tables of the component NAME, and delete its ledger and quarantine.

    The plugin itself stays: to keep the next run from filling the tables again, uninstall or disable it.
    """
    settings = resolve_settings(config, warehouse)
    live = Warehouse(settings.warehouse)
    with live.reading() as connection:
        rows = connection.execute(
            """
            -- Which tables has the component ever filled?
            select distinct unnest(writes)
            from component_version
            where component = $name and stage in ('annotate', 'aggregate')
            """,
            {"name": name},
        ).fetchall()
    tables = sorted(table for (table,) in rows)
    if not tables:
        raise click.UsageError(f"no annotator or aggregator called {name} has ever worked on {live.directory}")
    if not yes:
        click.confirm(f"drop {', '.join(tables)} from {live.directory}?", abort=True)
    with lock_warehouse(live.directory, wait=True), live.writing() as connection:
        for table in tables:
            # Views need the standard tables, so these are only emptied.
            verb = "delete from" if table in STANDARD_TABLES else "drop table if exists"
            connection.execute(f"{verb} {quote_identifier(table)}")
        for table in ("ledger", "quarantine", "component_version"):
            connection.execute(f"delete from {table} where component = $name", {"name": name})
        # Recorded as a run: the next run publishes the changes of runs that are not published yet.
        now = datetime.now(UTC)
        removal = Run(
            run_id=uuid4(),
            started_at=now,
            finished_at=now,
            status="completed",
            message=f"removed {name}",
            changed=True,
            onrecord_version=metadata.version("onrecord"),
            config=str(settings.file or ""),
        )
        insert_rows(connection, [removal], removal.run_id)
    console.print(f"dropped {', '.join(tables)}; the published database follows with the next run")
