"""The data dictionary: a description of all tables, derived from the row classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import duckdb

from ..model.table import Table, describe_column
from ..model.tables import (
    AGGREGATE_TABLES,
    ANNOTATION_TABLES,
    BOOKKEEPING_TABLES,
    CLEAN_TABLES,
    INGEST_TABLES,
    STANDARD_TABLES,
)
from ..model.views import VIEWS_SQL
from ..plugins.registry import Plugins
from ..warehouse.schema import define_views, synchronize_tables


def render_dictionary(plugins: Plugins) -> str:
    """Render the data dictionary of a warehouse with these plugins as Markdown."""
    writers = {
        table.name: component.name
        for component in [*plugins.annotators.values(), *plugins.aggregators.values()]
        for table in plugins.tables_of(component)
    }
    own = [table for table in plugins.tables.values() if table.name not in STANDARD_TABLES]
    sections = [
        ("Documents", "the stage `ingest`", INGEST_TABLES),
        ("Articles", "the stage `clean`", CLEAN_TABLES),
        ("Annotations", None, ANNOTATION_TABLES),
        ("Aggregates", None, AGGREGATE_TABLES),
        ("Tables of plugins", None, tuple(sorted(own, key=lambda table: table.name))),
        ("Bookkeeping", "the engine", BOOKKEEPING_TABLES),
    ]
    lines: list[str] = []
    for title, writer, tables in sections:
        if tables:
            lines += [f"## {title}", ""]
        for table in tables:
            component = writers.get(table.name)
            default = f"`{component}`" if component else "nobody (no loaded component fills it)"
            lines += _render_table(table, writer or default)
    lines += ["## Views and macros", "", *_render_views()]
    return "\n".join(lines).rstrip() + "\n"


def _render_table(table: Table, writer: str) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{table.description} Written by {writer}; one row per {', '.join(f'`{column}`' for column in table.key)}."
    yield ""
    yield "| column | type | meaning |"
    yield "| --- | --- | --- |"
    for column in table.columns:
        meaning = describe_column(column) + (" May be empty." if column.optional else "")
        if column.references and column.name != "run_id":
            meaning += f" → `{column.references.table}`"
        yield f"| `{column.name}` | {column.type} | {meaning.strip()} |"
    yield ""


def _render_views() -> Iterator[str]:
    """Render a line for each view and macro, from the comment above it."""
    yield "| name | what it answers |"
    yield "| --- | --- |"
    for match in re.finditer(
        r"^-- (?P<why>.+)\ncreate or replace (?:view|macro) (?P<name>\w+)(?P<args>\([^)]*\))?", VIEWS_SQL, re.M
    ):
        yield f"| `{match['name']}{match['args'] or ''}` | {match['why']} |"
    yield ""
    yield "The columns of `statement`, which `said_by` and `about` return as well. It has articles deleted at their"
    yield "source too; `where deleted_at is null` leaves them out."
    yield ""
    with duckdb.connect(":memory:") as connection:
        synchronize_tables(connection, STANDARD_TABLES.values())
        define_views(connection)
        for macro in ("statement", "timeline('')", f"in_context('{UUID(int=0)}')"):
            if macro != "statement":
                yield ""
                yield f"The columns of `{macro.partition('(')[0]}`:"
                yield ""
            columns = connection.execute(f"describe select * from {macro}").fetchall()
            yield ", ".join(f"`{name}` ({kind})" for name, kind, *_ in columns)
