"""`onrecord show`: introduce the contents of a warehouse."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from textwrap import shorten
from typing import Any

import click
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..reporting.layout import make_table
from ..sql import read_sql
from ..warehouse import Reader, Warehouse
from ..warehouse.database import refuse_unmigrated
from .options import config_options, resolve_warehouse
from .terminal import console

_LONGEST = 150
"""The number of characters after which a claim is cut."""


@click.command()
@config_options
def show_command(config: Path | None, warehouse: Path | None) -> None:
    """Show what the warehouse holds: articles, people, claims, and queries to try."""
    stored = Warehouse(resolve_warehouse(config, warehouse))
    connection = stored.open_published()
    try:
        refuse_unmigrated(connection, stored.published, stored.published.stem)
        reader = Reader(connection)
        queries = (read_sql(__name__, f"show_{name}") for name in ("articles", "people", "claims"))
        articles, people, claims = (reader.sql(query).to_pylist() for query in queries)
        counts = reader.sql(
            "select (select count(*) from article) as articles, (select count(*) from claim) as claims, "
            "(select count(*) from entity) as entities, (select count(*) from quarantine) as quarantined"
        ).to_pylist()[0]
    finally:
        connection.close()
    _print_headline(f"{counts['articles']:,} articles")
    console.print(_format_rows(articles, right=("words", "claims", "set aside")))
    _print_headline(f"The people spoken of most, among {counts['entities']:,} entities")
    console.print(_format_rows(people, right=("mentions", "articles", "claims")))
    _print_headline(f"{len(claims)} of {counts['claims']:,} claims")
    console.print(_make_claim_grid(claims))
    _print_headline("Where it is, and what to ask it")
    console.print(
        f"{_shorten_path(stored.published)} is a DuckDB database: open it with `duckdb -readonly`, or ask here:\n",
        soft_wrap=True,
    )
    for query in _suggest_queries(people):
        console.print(
            f'  {_program()} sql -w {_shorten_path(stored.directory)} "{query}"', soft_wrap=True, markup=False
        )
    if counts["quarantined"]:
        console.print(f"\n{counts['quarantined']:,} subject(s) are in quarantine: onrecord quarantine tells why")


def _print_headline(words: str) -> None:
    console.print(f"\n[bold]{escape(words)}[/bold]")


def _format_rows(rows: list[dict[str, Any]], right: tuple[str, ...]) -> Table | str:
    if not rows:
        return "  none"
    shown = [name for name in rows[0] if any(row[name] not in (None, False) for row in rows)]
    table = make_table((name.replace("_", " ") for name in shown), right)
    for row in rows:
        table.add_row(*(escape("" if row[name] is None else str(row[name])) for name in shown))
    return table


def _make_claim_grid(claims: list[dict[str, Any]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", max_width=22)
    grid.add_column()
    for claim in claims:
        content = shorten(claim["content"], _LONGEST, placeholder=" …")
        cue = (f"{claim['cue'] or '·'}: ", "dim")
        grid.add_row(escape(claim["speaker"]), Text.assemble(cue, content, (f" ({claim['quote_type']})", "dim")))
    return grid


def _suggest_queries(people: list[dict[str, Any]]) -> list[str]:
    queries = ["select cue_class, quote_type, count(*) as claims from statement group by all order by claims desc"]
    if people:
        who = max(people, key=lambda person: person["claims"])["name"].split()[-1].replace("'", "''")
        queries = [
            f"select outlet, cue, content from said_by('{who}')",
            *queries,
            "select before, text, after from in_context((select claim_id from "
            f"said_by('{who}') where quote_type = 'direct' limit 1)) where role = 'content'",
        ]
    return queries


def _program() -> str:
    return "onrecord" if shutil.which("onrecord") else _shorten_path(Path(sys.argv[0]).absolute())


def _shorten_path(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
