"""The table `source_item`: the ingestors of documents, and deletions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

import duckdb
import pyarrow as pa

from ..sql import to_arrow


def select_own(
    connection: duckdb.DuckDBPyConnection, name: str, items: pa.Table, earlier: pa.Table, loaded: Collection[str]
) -> tuple[pa.Table, int]:
    """Select an ingestor's items that belong to no other ingestor.

    Returns them and the number of the other items. A document belongs to the ingestor that listed it first, as long as
    that one is loaded and still lists it. `earlier` has the items of the ingestors before it in this run, `loaded` the
    names of all ingestors.
    """
    connection.register("_item", items)
    connection.register("_earlier", earlier.select(["subject_id"]))
    relation = connection.sql(
        """
        select i.*
        from _item i
        anti join _earlier using (subject_id)
        anti join (
            select article_id as subject_id
            from source_item
            where ingestor <> $name and list_contains($loaded, ingestor) and deleted_at is null
        ) using (subject_id)
        order by row_position
        """,
        params={"name": name, "loaded": list(loaded)},
    )
    mine = to_arrow(relation)
    return mine.cast(items.schema), items.num_rows - mine.num_rows


def count_deleted(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Count an ingestor's documents that are deleted at their source."""
    query = "select count(*) from source_item where ingestor = $name and deleted_at is not null"
    return int(connection.execute(query, {"name": name}).fetchall()[0][0])


def mark_deleted(
    connection: duckdb.DuckDBPyConnection, name: str, items: pa.Table, run: UUID, *, complete: bool
) -> bool:
    """Mark unlisted documents as deleted and listed ones as present.

    A listing that is not `complete` deletes nothing. Returns whether any document changed.
    """
    connection.register("_item", items)
    parameters = {"name": name, "run": run}
    back = connection.execute(
        """
        update source_item set deleted_at = null, run_id = $run
        where ingestor = $name and deleted_at is not null
            and article_id in (select subject_id from _item)
        """,
        parameters,
    ).fetchall()
    if not complete:
        return back != [(0,)]
    gone = connection.execute(
        """
        update source_item set deleted_at = $now, run_id = $run
        where ingestor = $name and deleted_at is null
            and article_id not in (select subject_id from _item)
        """,
        {**parameters, "now": datetime.now(UTC)},
    ).fetchall()
    # A failed fetch of a document that is deleted cannot be retried.
    connection.execute(
        """
        delete from quarantine
        where stage = 'ingest' and component = $name and subject_id not in (select subject_id from _item)
        """,
        {"name": name},
    )
    return back != [(0,)] or gone != [(0,)]
