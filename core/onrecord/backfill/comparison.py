"""Comparison of staged and published rows: which appear, vanish or change.

All that is known of a table comes from its class. Ids and `ordinal` are not compared, since they only name or count
rows. Keys and places decide which rows correspond (see `pairing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import duckdb

from ..errors import OnrecordError
from ..plugins.registry import Plugins
from ..sql import read_sql
from ..warehouse import Warehouse
from ..warehouse.lock import lock_warehouse
from .pairing import divide_columns, find_differing, own_columns, pair_rows, query_rows
from .staging import StagedVersion

Kind = Literal["changes", "appears", "vanishes"]
KINDS: tuple[Kind, ...] = ("changes", "appears", "vanishes")

_AROUND = 60
"""Characters of context that an example shows on either side of its text."""
_LONGEST = 400
"""Characters of the text that an example shows."""


@dataclass(slots=True)
class Example:
    """A row that appears, vanishes or changes."""

    kind: Kind
    article_id: UUID
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: tuple[str, ...] = ()
    """The columns whose values differ."""
    place: tuple[int, int] | None = None
    headline: str | None = None
    outlet: str | None = None
    uri: str = ""
    context: tuple[str, str, str] | None = None
    """The text at the place with its context: before, text, after."""


@dataclass(slots=True)
class Difference:
    """The differences in one table."""

    table: str
    free_text: tuple[str, ...]
    """The text columns that are compared, which readers know a row by."""
    same: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    columns: dict[str, int] = field(default_factory=dict)
    """The number of rows in which each column changes."""
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """The differences in the tables of one component."""

    component: str
    staged_version: str
    selection: str
    version: str
    versions_before: Mapping[str, int]
    """The versions that made the published rows, with their numbers of articles."""
    outcomes: Mapping[str, int]
    """The number of articles with each outcome of the backfill: done, failed, blocked."""
    tables: list[Difference]


def compare(plugins: Plugins, staged: StagedVersion, component: str, examples: int) -> Comparison:
    """Compare a component's staged rows with the published ones.

    Only articles of the staged version are compared. `examples` is the number of examples of each kind in each table.
    Raises OnrecordError before anything is backfilled, LockedError while another process fills the staged version.
    """
    published = Warehouse(plugins.settings.warehouse).published
    if not staged.live.exists():
        raise OnrecordError(f"nothing has been backfilled yet in {staged.directory}: onrecord backfill {component}")
    # A backfill could not write while the database is read for long, so it must not begin.
    with lock_warehouse(staged.directory, wait=False), staged.overlay(published, plugins):
        annotator = plugins.annotators[component]
        differences = []
        for table in plugins.tables_of(annotator):
            says = divide_columns(plugins, table)["says"]
            words = [c.name for c in table.columns if c.type == "VARCHAR" and not c.values and c.name in says]
            differences.append(Difference(table.name, tuple(words)))
        staged.split_into_chunks(component)
        for _, connection in staged.chunks():
            for difference in differences:
                _compare_chunk(connection, plugins, difference, examples)
        with staged.reading() as connection:
            query = "select outcome, count(*) from memory.main._chunks group by all"
            outcomes = dict(connection.execute(query).fetchall())
            query = """
                select version, count(*)
                from _published_version
                semi join memory.main._chunks using (component, subject_id)
                group by all
                order by all
                """
            versions = dict(connection.execute(query).fetchall())
        staged.close()
    selection = str(staged.selection)
    return Comparison(component, staged.name, selection, annotator.version, versions, outcomes, differences)


def _compare_chunk(connection: duckdb.DuckDBPyConnection, plugins: Plugins, found: Difference, most: int) -> None:
    """Add the differences of the chunk `_chunk` of articles to what was found in the others."""
    table = plugins.tables[found.table]
    find_differing(connection, plugins, table)
    pair_rows(connection)
    query = f"""
        select count(*) - (select count(*) from _differing where _new)
        from ({query_rows(connection, table, staged=True)})
        """
    found.same += connection.execute(query).fetchall()[0][0]
    says = divide_columns(plugins, table)["says"]
    changes = (f"""if(o."{name}" is distinct from n."{name}", '{name}', null)""" for name in says)
    connection.execute(read_sql(__name__, "compared").format(changes=", ".join(changes)))
    lacking = {kind: most - found.counts[kind] for kind in KINDS}
    query = "select kind, changed, count(*) from _compared group by all order by all"
    for kind, changed, count in connection.execute(query).fetchall():
        if kind == "same":
            found.same += count
            continue
        found.counts[kind] += count
        for name in changed:
            found.columns[name] = found.columns.get(name, 0) + count
    examples = connection.execute(read_sql(__name__, "examples"), {"most": most}).fetchall()
    for nth, kind, article_id, *rows, changed, start, end, headline, outlet, uri, body in examples:
        if nth > lacking[kind]:
            continue
        before, after = (row and {c.name: row[c.name] for c in own_columns(table)} for row in rows)
        place = context = None
        if start is not None:
            place, shown = (start, end), min(end, start + _LONGEST)
            context = (body[max(0, start - _AROUND) : start], body[start:shown], body[shown : shown + _AROUND])
        found.examples.append(
            Example(kind, article_id, before, after, tuple(changed), place, headline, outlet, uri, context)
        )
    found.examples.sort(key=lambda example: KINDS.index(example.kind))
