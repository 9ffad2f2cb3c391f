"""The ledger's one question, *what is still to do, and why*; asked by `onrecord plan` and by every run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from ..model.bookkeeping import StageName
from ..model.content import ANNOTATED_SQL
from ..model.identity import identify
from ..model.row import quote_identifier
from ..model.table import Table
from ..plugins.components import Ingestor
from ..sql import read_sql
from .versions import ComponentVersion

STALE = ("content", "version", "configuration", "pipeline", "requirement")
"""The reasons for which a subject that was done is to be done again."""
TO_DO = ("new", "retry", *STALE)
LEFT = "left"
"""The state of what is merely stale where that is left to a backfill (`[run] stale = "leave"`)."""

WAREHOUSE_SUBJECT: UUID = identify("warehouse")
"""The subject of aggregators, which work on the warehouse as a whole."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """How many subjects of one component are in each state."""

    stage: StageName
    component: str
    states: Mapping[str, int]

    @property
    def to_do(self) -> int:
        """Subjects that have work to do."""
        return sum(self.states.get(state, 0) for state in TO_DO)

    @property
    def stale(self) -> dict[str, int]:
        """Subjects to do again, by reason."""
        return {reason: self.states[reason] for reason in STALE if self.states.get(reason)}


@dataclass(frozen=True, slots=True)
class Pending:
    """Subjects that the same components have to do, few enough for one batch."""

    components: tuple[str, ...]
    language: str | None
    subject_ids: list[str]
    places: tuple[int, int]
    """The first and the last place of the subjects in their table: what lies outside need not be searched."""


def plan(connection: duckdb.DuckDBPyConnection, targets: Sequence[ComponentVersion], items: pa.Table) -> list[PlanLine]:
    """How many subjects each component has in each state, with nothing run; `items` is what ingestors list."""
    lines = []
    for stage in ("ingest", "clean", "annotate"):
        if not _states(connection, stage, targets, items):
            continue
        query = "select component, state, count(*) from states group by all"
        counts: dict[str, dict[str, int]] = {}
        for component, state, count in connection.execute(query).fetchall():
            counts.setdefault(component, {})[state] = count
        names = dict.fromkeys(target.component for target in targets if target.stage == stage)
        lines += [PlanLine(stage, name, counts.get(name, {})) for name in names]
    for target in targets:
        if target.stage == "aggregate":
            lines.append(PlanLine("aggregate", target.component, {aggregate_state(connection, target)[0]: 1}))
    return lines


def pending(
    connection: duckdb.DuckDBPyConnection,
    stage: StageName,
    targets: Sequence[ComponentVersion],
    items: pa.Table,
    after: int,
    limit: int,
) -> tuple[pa.Table, int]:
    """The next subjects of a stage that have work to do, at most `limit` of those after place `after`.

    Returns (subject_id, components, language, bytes) per subject, and the place to go on from, or -1 at the end.
    """
    if not _states(connection, stage, targets, items):
        return pa.table({"subject_id": []}), -1
    found = connection.sql(
        """
        -- Which subjects have something to do, and which components have to do it?
        select
            subject_id::varchar as subject_id,
            list(component order by position) as components,
            any_value(language) as language,
            any_value(bytes) as bytes,
            place
        from states
        where list_contains($to_do, state) and place > $after
        group by subject_id, place
        order by place
        limit $limit
        """,
        params={"to_do": list(TO_DO), "after": after, "limit": limit},
    ).to_arrow_table()
    last = found["place"][-1].as_py() if found.num_rows == limit else -1
    return found, last


def count_pending(
    connection: duckdb.DuckDBPyConnection, stage: StageName, targets: Sequence[ComponentVersion], items: pa.Table
) -> int:
    """How many subjects of a stage have something to do."""
    if not _states(connection, stage, targets, items):
        return 0
    query = "select count(distinct subject_id) from states where list_contains($to_do, state)"
    return int(connection.execute(query, {"to_do": list(TO_DO)}).fetchall()[0][0])


def forget_outlived(
    connection: duckdb.DuckDBPyConnection, stage: StageName, targets: Sequence[ComponentVersion], items: pa.Table
) -> bool:
    """Delete the failures of subjects that are up to date, being what they were before; whether there were any."""
    if not _states(connection, stage, targets, items):
        return False
    gone = connection.execute(
        """
        delete from quarantine q using states s
        where s.state = 'current' and q.component = s.component and q.subject_id = s.subject_id
        """
    ).fetchall()
    return gone != [(0,)]


def cut(found: pa.Table, most: int, most_bytes: int) -> Iterator[Pending]:
    """Cut subjects into batches of the same components and language, of at most `most` and `most_bytes`."""
    rows = sorted(found.to_pylist(), key=lambda row: (row["components"], row["language"] or "", row["place"]))
    for (components, language), group in groupby(rows, lambda row: (tuple(row["components"]), row["language"])):
        chosen: list[dict[str, Any]] = []
        size = 0
        for row in group:
            if chosen and (len(chosen) >= most or size + row["bytes"] > most_bytes):
                yield _pending(components, language, chosen)
                chosen, size = [], 0
            chosen.append(row)
            size += row["bytes"]
        yield _pending(components, language, chosen)


def _pending(components: tuple[str, ...], language: str | None, rows: Sequence[Mapping[str, Any]]) -> Pending:
    return Pending(components, language, [row["subject_id"] for row in rows], (rows[0]["place"], rows[-1]["place"]))


def aggregate_state(connection: duckdb.DuckDBPyConnection, target: ComponentVersion) -> tuple[str, str]:
    """The state of an aggregator, and the hash of all that it reads."""
    digest = connection.execute(read_sql(__name__, "digest"), {"needs": list(target.needs)}).fetchall()[0][0]
    subject = pa.table(
        {
            "subject_id": [str(WAREHOUSE_SUBJECT)],
            "component": [target.component],
            "input_hash": [digest],
            "uri": [""],
            "language": pa.array([None], pa.string()),
            "place": [0],
            "bytes": [0],
        }
    )
    _states(connection, "aggregate", [target], subject)
    return str(connection.execute("select state from states").fetchall()[0][0]), digest


def moves(connection: duckdb.DuckDBPyConnection, items: pa.Table, ingestors: Iterable[Ingestor]) -> tuple[int, int]:
    """How many documents are gone from the listings of these ingestors, and how many that were gone are back."""
    connection.register("item", items)
    ingestors = list(ingestors)
    found = connection.execute(
        """
        select
            count(*) filter (
                deleted_at is null and list_contains($complete, ingestor) and item.subject_id is null
            ) as gone,
            count(*) filter (deleted_at is not null and item.subject_id is not null) as back
        from source_item
        left join item on item.subject_id::uuid = article_id and item.component = ingestor
        where list_contains($all, ingestor)
        """,
        {"complete": [i.name for i in ingestors if i.complete], "all": [i.name for i in ingestors]},
    ).fetchall()
    return int(found[0][0]), int(found[0][1])


def subjects(connection: duckdb.DuckDBPyConnection, stage: StageName, group: Pending) -> pa.Table:
    """What a stage reads of some subjects: the columns of `document` or `article`, with subject_id, input_hash, uri."""
    connection.register("chosen", pa.table({"subject_id": pa.array(group.subject_ids, pa.string())}))
    first, last = group.places
    return connection.sql(read_sql(__name__, f"read_{stage}"), params={"first": first, "last": last}).to_arrow_table()


def rows_of(connection: duckdb.DuckDBPyConnection, table: Table, ids: Sequence[str]) -> pa.Table:
    """The rows of some articles in an annotator's table."""
    connection.register("chosen", pa.table({"subject_id": pa.array(ids, pa.string())}))
    order = ", ".join(map(quote_identifier, table.key))
    found = connection.sql(
        f"""
        select * exclude (run_id)
        from {quote_identifier(table.name)}
        where article_id in (select subject_id::uuid from chosen)
        order by {order}
        """
    )
    return found.to_arrow_table()


def _states(
    connection: duckdb.DuckDBPyConnection, stage: StageName, targets: Sequence[ComponentVersion], items: pa.Table
) -> bool:
    """Define the view `states` for a stage on this connection; false if the stage has no components."""
    mine = [target for target in targets if target.stage == stage]
    if not mine:
        return False
    order = {name: position for position, name in enumerate(dict.fromkeys(target.component for target in mine))}
    rows = [
        {
            "component": t.component,
            "position": order[t.component],
            "language": t.language,
            "fingerprint": t.fingerprint,
            "version": t.version,
            "configuration": t.configuration,
            "pipeline": t.pipeline,
            "needs": list(t.needs),
            "family": t.family,
        }
        for t in mine
    ]
    schema = pa.schema(
        [("component", pa.string()), ("position", pa.int64()), ("language", pa.string()), ("fingerprint", pa.string()),
         ("version", pa.string()), ("configuration", pa.string()), ("pipeline", pa.string()),
         ("needs", pa.list_(pa.string())), ("family", pa.string())]
    )  # fmt: skip
    connection.register("target", pa.Table.from_pylist(rows, schema=schema))
    if stage in ("ingest", "aggregate"):
        connection.register("item", items)
        subjects = "select subject_id::uuid as subject_id, * exclude (subject_id) from item"
    else:
        subjects = read_sql(__name__, f"subjects_{stage}").format(annotated=ANNOTATED_SQL)
    connection.execute(f"create or replace temp view subject as {subjects}")
    connection.execute(f"create or replace temp view states as {read_sql(__name__, 'states')}")
    return True
