"""The ledger's one question, *what is still to do, and why*, as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import duckdb
import pyarrow as pa

from ..model.bookkeeping import CLEAN, StageName
from ..model.content import ANNOTATED_SQL
from ..model.identity import content_hash
from ..model.table import Table
from ..sql import quote_identifier, read_sql, to_arrow
from .batches import WorkItems
from .versions import ComponentVersions

STALE = ("content", "version", "configuration", "pipeline", "requirement")
"""Why a processed subject must be reprocessed."""
TO_DO = ("new", "retry", *STALE)

_VERSION_SCHEMA = pa.schema(
    [("component", pa.string()), ("position", pa.int64()), ("language", pa.string()), ("fingerprint", pa.string()),
     ("version", pa.string()), ("configuration", pa.string()), ("pipeline", pa.string()),
     ("upstream", pa.list_(pa.string())), ("connected", pa.string())]
)  # fmt: skip


def define_states(
    connection: duckdb.DuckDBPyConnection,
    stage: StageName,
    versions: ComponentVersions,
    upstream: Mapping[str, frozenset[str]],
    connected: Mapping[str, str],
    items: pa.Table,
) -> None:
    """Define the view `_states`: the state of each subject for each component.

    `items` are the subjects of ingest and aggregate; those of other stages are in the warehouse. `connected` names,
    for each component whose stale rows are deferred, its connected component of the dependency graph.
    """
    order = {name: position for position, name in enumerate(dict.fromkeys(name for name, _ in versions))}
    rows = [
        {
            "component": name,
            "position": order[name],
            "language": language,
            "fingerprint": version.fingerprint,
            "version": version.version,
            "configuration": version.configuration,
            "pipeline": version.pipeline,
            "upstream": sorted(upstream.get(name, ())),
            "connected": connected.get(name),
        }
        for (name, language), version in versions.items()
        if version.stage == stage
    ]
    connection.register("_version", pa.Table.from_pylist(rows, schema=_VERSION_SCHEMA))
    if stage in ("ingest", "aggregate"):
        connection.register("_item", items)
        subjects = "from _item"
    else:
        subjects = read_sql(__name__, f"subjects_{stage}").format(annotated=ANNOTATED_SQL)
    connection.execute(f"create or replace temp view _subject as {subjects}")
    connection.execute(f"create or replace temp view _states as {read_sql(__name__, 'staleness')}")


def digest_input(connection: duckdb.DuckDBPyConnection, upstream: frozenset[str]) -> str:
    """Hash the input of an aggregator, given its required components."""
    digests = dict(connection.execute(read_sql(__name__, "digest")).fetchall())
    return content_hash(*(f"{part} {digests.get(part)}" for part in ("", " ", CLEAN, *sorted(upstream))))


def is_unchanged_since(
    connection: duckdb.DuckDBPyConnection, name: str, fingerprint: str, upstream: frozenset[str]
) -> bool:
    """Whether an aggregator's rows are still those of the published database, and were up to date there."""
    query = """
        -- Which input are the rows made of that are in both databases?
        select before.input_hash
        from published.ledger before
        join opened.ledger now using (component, subject_id, input_hash, fingerprint, run_id)
        where component = $name and fingerprint = $fingerprint
    """
    found = connection.execute(query, {"name": name, "fingerprint": fingerprint}).fetchall()
    if not found:
        return False
    connection.execute("use published")
    try:
        return found == [(digest_input(connection, upstream),)]
    finally:
        connection.execute("use opened")


def read_subjects(connection: duckdb.DuckDBPyConnection, stage: StageName, work: WorkItems) -> pa.Table:
    """Read the rows of subjects for a stage, with subject_id, input_hash and uri."""
    connection.register("_selected", pa.table({"subject_id": pa.array(work.subject_ids, pa.uuid())}))
    first, last = work.row_positions
    return to_arrow(connection.sql(read_sql(__name__, f"read_{stage}"), params={"first": first, "last": last}))


def read_rows(connection: duckdb.DuckDBPyConnection, table: Table, subject_ids: Sequence[UUID]) -> pa.Table:
    """Read the rows of some articles in an annotator's table."""
    connection.register("_selected", pa.table({"subject_id": pa.array(subject_ids, pa.uuid())}))
    order = ", ".join(map(quote_identifier, table.key))
    found = connection.sql(
        f"""
        select * exclude (run_id)
        from {quote_identifier(table.name)}
        where article_id in (select subject_id from _selected)
        order by {order}
        """
    )
    return to_arrow(found)
