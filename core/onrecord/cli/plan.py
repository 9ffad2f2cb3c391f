"""`onrecord plan`: show what a run would do, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from ..errors import PLUGIN_FAILURES
from ..planning.plan import Plan, PlanLine
from ..reporting.layout import make_table
from ..stages import discover
from ..warehouse import Warehouse
from .options import config_options, open_plugins
from .terminal import console

_STATES = {
    "new": "new",
    "stale": "stale",
    "deferred": "deferred",
    "retry": "retry",
    "quarantined": "quarantined",
    "blocked": "waiting",
    "no pipeline": "no pipeline",
    "current": "up to date",
}
_ALWAYS = ("new", "stale", "quarantined", "current")
"""The states that are shown even if no subject is in them."""


@click.command()
@config_options
def plan_command(config: Path | None, warehouse: Path | None) -> None:
    """Show what a run would do, and why; nothing is run.

    Work that a stage makes for the next one shows in the line of the first one only: an article that is cleaned again
    is annotated again.
    """
    plugins = open_plugins(config, warehouse)
    plan = Plan(plugins, Warehouse(plugins.settings.warehouse))
    listed_all = True
    for name, ingestor in plugins.ingestors.items():
        try:
            items = discover(ingestor)
        except PLUGIN_FAILURES as error:
            click.echo(f"onrecord: {name} cannot list its documents: {error}", err=True)
            listed_all = False
        else:
            with plan.warehouse.reading() as connection:
                plan.add_items(connection, name, items)
    lines = plan.lines()
    console.print(_make_plan_table(lines))
    for message in plan.find_changed_sources():
        console.print(f"[yellow]warning[/yellow] {escape(message)}")
    for message in _summarize(lines, *plan.count_source_changes()):
        console.print(message, soft_wrap=True)
    conflicts = plan.find_conflicts()
    for conflict in conflicts:
        console.print(f"[red]a run is refused[/red]: {escape(str(conflict))}", soft_wrap=True)
    refused = plan.find_refused_reads()
    for refusal in refused:
        console.print(f"[red]an aggregator will fail[/red]: {escape(str(refusal))}", soft_wrap=True)
    if not listed_all:
        console.print("some sources could not be listed: their new documents are not counted")
    if conflicts or refused or not listed_all:
        sys.exit(1)


def _make_plan_table(lines: list[PlanLine]) -> Table:
    shown = [state for state in _STATES if state in _ALWAYS or any(line.states.get(state) for line in lines)]
    numbers = [_STATES[state] for state in shown]
    table = make_table(("stage", "component", *numbers, "stale because of"), right=numbers)
    for line in lines:
        states = {**line.states, "stale": line.stale}
        why = "; ".join(f"{change}: {count:,}" for change, count in line.changes.items())
        name = "" if line.component == line.stage else line.component
        table.add_row(line.stage, name, *(f"{states.get(state, 0) or '·'}" for state in shown), escape(why))
    return table


def _summarize(lines: list[PlanLine], gone: int, back: int) -> Iterator[str]:
    if gone:
        yield f"{gone:,} document(s) are no longer at their source: their articles will be marked as deleted"
    if back:
        yield f"{back:,} document(s) are back at their source: their articles will no longer be marked"
    totals = {state: sum(line.states.get(state, 0) for line in lines) for state in _STATES}
    if totals["deferred"]:
        yield (
            f'{totals["deferred"]:,} stale and deferred, because of `stale = "leave"`: `onrecord backfill` recomputes '
            "what annotators made, `onrecord run --stale recompute` everything"
        )
    if to_do := sum(line.to_do for line in lines):
        yield f"{to_do:,} to do"
    if to_do or gone or back:
        return
    rest = [f"{count:,} {_STATES[state]}" for state, count in totals.items() if count and state != "current"]
    yield f"nothing to do: {', '.join(rest) or 'everything is up to date'}"
