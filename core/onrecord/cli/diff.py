"""`onrecord diff`: show what the promotion of a staged version would change."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.padding import Padding
from rich.text import Text

from ..backfill import find_staged_version
from ..backfill.comparison import KINDS, Comparison, Difference, Example, Kind, compare
from ..reporting.layout import make_grid, make_table
from .options import config_options, open_plugins
from .terminal import console

_MANY: dict[Kind, str] = {"changes": "change", "appears": "appear", "vanishes": "vanish"}
_STYLES: dict[Kind, str] = {"changes": "yellow", "appears": "green", "vanishes": "red"}
_LONGEST = 160
"""The number of characters after which a value is cut."""


@click.command()
@config_options
@click.argument("component")
@click.option("--examples", type=click.IntRange(0), default=3, show_default=True, metavar="N",
              help="Examples of each kind in each table.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
def diff_command(config: Path | None, warehouse: Path | None, component: str, examples: int, as_json: bool) -> None:
    """Show which rows a promotion of COMPONENT would add, delete and change.

    Compares the articles that `onrecord backfill COMPONENT` has done. Two rows are the same if their keys are equal,
    else if they have the same place in the text. A row changes if a column other than ids and ordinals does.
    """
    plugins = open_plugins(config, warehouse)
    staged = find_staged_version(plugins.settings.warehouse, component, plugins)
    comparison = compare(plugins, staged, component, examples)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(comparison), default=str, ensure_ascii=False, indent=2))
        return
    _print_summary(comparison)
    for difference in comparison.tables:
        for kind in KINDS:
            examples_of_kind = [example for example in difference.examples if example.kind == kind]
            if examples_of_kind:
                _print_heading(difference, kind)
                for example in examples_of_kind:
                    _print_example(difference, example)


def _print_summary(comparison: Comparison) -> None:
    before = ", ".join(f"{version} on {count:,}" for version, count in comparison.versions_before.items()) or "none"
    articles = sum(comparison.outcomes.values())
    console.print(
        f"{comparison.component} {comparison.version} in the staged version of {comparison.staged_version}, "
        f"{comparison.selection}: {articles:,} article(s); published: {before}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for outcome, what in (("failed", "it failed on"), ("blocked", "a component that it requires failed on")):
        if count := comparison.outcomes.get(outcome):
            console.print(f"{what} {count:,} of them, whose rows would vanish", style="red")
    if not articles:
        console.print("nothing to compare: the published rows are up to date")
        return
    numbers = ("same", *_MANY.values())
    table = make_table(("table", *numbers, "changed columns"), right=numbers)
    for difference in comparison.tables:
        by_count = sorted(difference.columns.items(), key=lambda item: -item[1])
        columns = ", ".join(f"{name} {count:,}" for name, count in by_count)
        counts = (f"{difference.counts[kind]:,}" for kind in KINDS)
        table.add_row(difference.table, f"{difference.same:,}", *counts, columns)
    console.print(table)


def _print_heading(difference: Difference, kind: Kind) -> None:
    shown = sum(example.kind == kind for example in difference.examples)
    verb = kind if difference.counts[kind] == 1 else _MANY[kind]
    words = f"\n{difference.table}: {difference.counts[kind]:,} {verb}"
    console.print(Text(words + (f", {shown} of them" if shown < difference.counts[kind] else ""), style="bold"))


def _print_example(difference: Difference, example: Example) -> None:
    title = " · ".join(part for part in (example.headline, example.outlet) if part) or example.uri
    console.print(Text(f"  {title}", style="dim"))
    if example.context:
        before, text, after = (" ".join(part.split()) for part in example.context)
        gaps = [" " if part[-1:].isspace() else "" for part in example.context[:2]]
        style = _STYLES[example.kind]
        words = Text.assemble("…", before, gaps[0], (text, style), gaps[1], after, "…")
        console.print(Padding(words, (0, 0, 0, 2)))
    grid = make_grid()
    for name, words in _format_values(difference, example):
        grid.add_row(f"    {name}", words)
    console.print(grid)


def _format_values(difference: Difference, example: Example) -> list[tuple[str, Text]]:
    """Format the values of a row; of a changed one, the changes and its text."""
    lines = []
    rows: list[Mapping[str, Any]] = [row for row in (example.before, example.after) if row is not None]
    for name in rows[0]:
        values = [_format_value(row[name]) for row in rows]
        if name in example.changed:
            lines.append((name, Text.assemble((values[0], "red"), " → ", (values[1], "green"))))
        elif example.kind == "changes":
            if name in difference.free_text and values[0] != "–":
                lines.append((name, Text(values[0])))
        elif values[0] != "–" and not isinstance(rows[0][name], UUID):
            lines.append((name, Text(values[0], style=_STYLES[example.kind])))
    return lines


def _format_value(value: Any) -> str:
    if value is None:
        return "–"
    words = " ".join(str(value).split())
    return words if len(words) <= _LONGEST else words[:_LONGEST].rsplit(" ", 1)[0] + " …"
