"""`onrecord plan`: what a run would do, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pyarrow as pa
from rich.markup import escape
from rich.table import Table

from ..errors import PLUGIN_FAILURES
from ..planning import ledger
from ..planning.versions import component_versions
from ..stages import discover
from ..stages.ingest import ITEM_SCHEMA
from ..warehouse import Warehouse, source_items
from ..warehouse.runs import find_changed_sources
from .common import config_options, console, open_plugins

_STATES = {
    "new": "new",
    "stale": "stale",
    "left": "left",
    "retry": "retry",
    "quarantined": "quarantined",
    "blocked": "waiting",
    "no pipeline": "no pipeline",
    "current": "up to date",
}
_ALWAYS = ("new", "stale", "quarantined", "current")
"""The states that are shown also where no subject is in them."""


@click.command()
@config_options
def plan_command(config: Path | None, warehouse: Path | None) -> None:
    """Show what a run would do, and why; nothing is run.

    Work that a stage makes for the next one (an article that is cleaned anew is annotated anew) shows in the line
    of the first one only.
    """
    plugins = open_plugins(config, warehouse)
    wanted = component_versions(plugins)
    listed: dict[str, pa.Table] = {}
    for name, ingestor in plugins.ingestors.items():
        try:
            listed[name] = discover(ingestor)
        except PLUGIN_FAILURES as error:
            click.echo(f"onrecord: {name} cannot list its documents: {error}", err=True)
    live = Warehouse(plugins.settings.warehouse)
    items = ITEM_SCHEMA.empty_table()
    with live.reading() as connection:
        for name, found in listed.items():
            own, _ = source_items.select_own(connection, name, found, items, plugins.ingestors.keys())
            items = pa.concat_tables([items, own])
        lines = ledger.plan(connection, wanted, items)
        gone, back = ledger.moves(connection, items, [plugins.ingestors[name] for name in listed])
        warnings = list(find_changed_sources(connection, wanted))

    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("stage", "component"):
        table.add_column(heading)
    shown = [state for state in _STATES if state in _ALWAYS or any(line.states.get(state) for line in lines)]
    for state in shown:
        table.add_column(_STATES[state], justify="right")
    table.add_column("stale because of")
    for line in lines:
        states = {**line.states, "stale": sum(line.stale.values())}
        why = ", ".join(f"{reason} {count:,}" for reason, count in line.stale.items())
        name = "" if line.component == line.stage else line.component
        table.add_row(line.stage, name, *(f"{states.get(state, 0) or '·'}" for state in shown), why)
    console.print(table)
    for message in warnings:
        console.print(f"[yellow]warning[/yellow] {escape(message)}")
    if gone:
        console.print(f"{gone:,} document(s) are gone from their source: their articles will be marked as deleted")
    if back:
        console.print(f"{back:,} document(s) are back at their source: their articles will no longer be marked")
    if left := sum(line.states.get(ledger.LEFT, 0) for line in lines):
        console.print(
            f'{left:,} stale and left as they are, because of `stale = "leave"`: `onrecord backfill` recomputes what '
            "annotators made, `onrecord run --stale recompute` everything",
            soft_wrap=True,
        )
    to_do = sum(line.to_do for line in lines)
    if to_do or gone or back:
        console.print(f"{to_do:,} to do")
    else:
        console.print("nothing to do" if left else "nothing to do: everything is up to date")
    if len(listed) < len(plugins.ingestors):
        console.print("some sources could not be listed: what is there is not known")
        sys.exit(1)
