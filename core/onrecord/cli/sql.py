"""`onrecord sql`: query the published database."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import duckdb
from pydantic_core import to_jsonable_python
from rich.console import Group
from rich.text import Text

from ..reporting.layout import format_columns
from ..warehouse import Warehouse
from .options import config_options, resolve_warehouse
from .terminal import console

_MOST_ROWS = 100
"""The most rows that a terminal shows; the other formats have all."""


@click.command()
@config_options
@click.argument("query", required=False)
@click.option("--csv", "form", flag_value="csv", help="Print comma-separated values.")
@click.option("--json", "form", flag_value="json", help="Print a JSON array of objects.")
@click.option(
    "--parquet", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a Parquet file."
)
def sql_command(
    config: Path | None, warehouse: Path | None, query: str | None, form: str | None, parquet: Path | None
) -> None:
    """Query the published database, read-only; without QUERY, at a prompt.

    \b
    onrecord sql "from said_by('Lavrov')"
    onrecord sql "select name, mention_count from entity order by 2 desc limit 10"
    """
    connection = Warehouse(resolve_warehouse(config, warehouse)).open_published()
    try:
        if query is None and not sys.stdin.isatty():
            query = sys.stdin.read()
        if query is None:
            _prompt(connection)
        else:
            _print_result(connection, query, form, parquet)
    except duckdb.Error as error:
        click.echo(f"onrecord: {error}", err=True)
        sys.exit(1)
    finally:
        connection.close()


def _print_result(connection: duckdb.DuckDBPyConnection, query: str, form: str | None, parquet: Path | None) -> None:
    if not query.strip(" \n\t;"):
        raise click.UsageError("the query is empty")
    if parquet is not None:
        connection.sql(query).write_parquet(str(parquet))
        query = "select sum(num_rows)::bigint from parquet_file_metadata($file)"
        ((rows,),) = connection.execute(query, {"file": str(parquet)}).fetchall()
        click.echo(f"{parquet}: {rows:,} rows", err=True)
        return
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        while chunk := result.fetchmany(10_000):
            writer.writerows([_to_text(value) for value in row] for row in chunk)
    elif form == "json":
        records = (dict(zip(names, _to_plain(row), strict=True)) for row in result.fetchall())
        click.echo("[" + ",\n ".join(json.dumps(record, ensure_ascii=False) for record in records) + "]")
    elif names:
        first = result.fetchmany(_MOST_ROWS + 1)
        result.fetchall()  # a connection with rows left over is busy
        console.print(_format_rows(names, first))


def _format_rows(names: list[str], rows: list[tuple[Any, ...]]) -> Group:
    shown = rows[:_MOST_ROWS]
    numbers = [name for name, *column in zip(names, *shown, strict=True) if all(_is_number(value) for value in column)]
    cells = [["" if value is None else _format_value(value) for value in row] for row in shown]
    caption = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    if len(rows) > _MOST_ROWS:
        caption = f"the first {_MOST_ROWS} rows; --csv, --json and --parquet give all"
    return Group(format_columns(names, cells, console.width, numbers), Text(f"({caption})", style="dim"))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _format_value(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if (value.hour, value.minute) != (0, 0) else f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(_to_text(value))


def _to_text(value: Any) -> Any:
    """Convert lists, structs and bytes to text: to JSON, and bytes to base64."""
    if isinstance(value, list | tuple | dict):
        return json.dumps(_to_plain(value), ensure_ascii=False)
    return _to_plain(value) if isinstance(value, bytes) else value


def _to_plain(value: Any) -> Any:
    """Convert a value to what JSON has: NaN and infinity to null, bytes to base64."""
    return to_jsonable_python(value, inf_nan_mode="null", bytes_mode="base64", fallback=str)


def _prompt(connection: duckdb.DuckDBPyConnection) -> None:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer

    folder = Path(click.get_app_dir("onrecord"))
    folder.mkdir(parents=True, exist_ok=True)
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(folder / "sql_history")), lexer=PygmentsLexer(SqlLexer)
    )
    click.echo("SQL on the published database, ended by a semicolon; `show tables;` lists them, Ctrl-D leaves.")
    lines: list[str] = []
    while True:
        try:
            lines.append(session.prompt("… " if lines else "onrecord> "))
        except KeyboardInterrupt:
            lines.clear()
            continue
        except EOFError:
            return
        query = "\n".join(lines).strip()
        if query in ("exit", "quit", "\\q", ".exit", ".quit"):
            return
        if not query.strip("; "):
            lines.clear()
            continue
        if not query.endswith(";"):
            continue
        lines.clear()
        try:
            _print_result(connection, query, None, None)
        except duckdb.Error as error:
            click.echo(str(error), err=True)
