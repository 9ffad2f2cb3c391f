"""Load rows into the live database."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import duckdb
import pyarrow as pa

from ..model.row import Row, quote_identifier
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..stages.work import BatchResult


def insert(connection: duckdb.DuckDBPyConnection, table: Table, source: str | pa.Table, run: UUID) -> None:
    """Insert rows from Arrow or a query, with the run's id; new ones if append-only."""
    if isinstance(source, str):
        query = f"select * from ({source.strip().rstrip(';')})"
    else:
        if not source.num_rows:
            return
        connection.register("incoming", source)
        query = "select * from incoming"
    names = {column.name for column in table.columns}
    if table.append_only:
        key = ", ".join(map(quote_identifier, table.key))
        types = {column.name: column.type for column in table.columns}
        same = " and ".join(f"t.{quote_identifier(k)} = incoming.{quote_identifier(k)}::{types[k]}" for k in table.key)
        query += (
            f" anti join {quote_identifier(table.name)} t on {same} qualify row_number() over (partition by {key}) = 1"
        )
    # A table that has the run among its own columns (`run`, `step`) brings it along.
    own_run = "run_id" in table.row.model_fields or "run_id" not in names
    with_run = "" if own_run else ", $run::uuid as run_id"
    parameters = {} if own_run else {"run": str(run)}
    connection.execute(
        f"insert into {quote_identifier(table.name)} by name select *{with_run} from ({query})", parameters or None
    )


def insert_rows(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row], run: UUID) -> None:
    """Insert rows of a standard table that has no subject."""
    if rows:
        table = STANDARD_TABLES[rows[0].__table__]
        insert(connection, table, table.arrow(rows), run)


def mark_changed(connection: duckdb.DuckDBPyConnection, run: UUID) -> None:
    """Record in the same transaction that the run changed something to publish."""
    connection.execute("update run set changed = true where run_id = $run and not changed", {"run": str(run)})


def delete_rows(
    connection: duckdb.DuckDBPyConnection, component: str, subjects: Sequence[str], tables: Sequence[Table]
) -> None:
    """Delete a component's rows and ledger entries for some subjects."""
    connection.register("replaced", pa.table({"subject_id": pa.array(subjects, pa.string())}))
    connection.execute(
        """
        -- Of which subjects are there rows? Most often of none: then the large tables need not be searched.
        create or replace temp table known as
        select l.subject_id
        from ledger l
        semi join (select subject_id::uuid as subject_id from replaced) r using (subject_id)
        where l.component = $component
        """,
        {"component": component},
    )
    if connection.execute("select count(*) from known").fetchall() == [(0,)]:
        return
    for table in tables:
        connection.execute(
            f"delete from {quote_identifier(table.name)} where article_id in (select subject_id from known)"
        )
    connection.execute(
        "delete from ledger where component = $component and subject_id in (select subject_id from known)",
        {"component": component},
    )


def delete_source_items(connection: duckdb.DuckDBPyConnection, incoming: pa.Table) -> None:
    """Delete source items that are about to be inserted, and their ledger entries."""
    connection.register("incoming", incoming)
    connection.execute("delete from source_item where article_id in (select article_id::uuid from incoming)")
    connection.execute(
        "delete from ledger where stage = 'ingest' and subject_id in (select article_id::uuid from incoming)"
    )


def delete_failures(connection: duckdb.DuckDBPyConnection, result: BatchResult) -> None:
    """Delete the quarantine's entries of the result's subjects, now tried again.

    The table `failed_before` then says since when each had failed.
    """
    tried = [(component, subject) for component, subjects in result.replaced.items() for subject in subjects]
    failed = result.tables["quarantine"].select(["component", "subject_id"]).to_pylist()
    tried += [(row["component"], row["subject_id"]) for row in failed]
    components, subjects = zip(*tried, strict=True) if tried else ((), ())
    table = pa.table({"component": pa.array(components, pa.string()), "subject_id": pa.array(subjects, pa.string())})
    connection.register("tried", table)
    connection.execute(
        """
        create or replace temp table failed_before as
        select q.component, q.subject_id, q.input_hash, q.fingerprint, q.failed_at
        from quarantine q
        join tried t on q.component = t.component and q.subject_id = t.subject_id::uuid
        """
    )
    connection.execute(
        """
        delete from quarantine q using tried t
        where q.component = t.component and q.subject_id = t.subject_id::uuid
        """
    )


def delete_annotations_of_changed(connection: duckdb.DuckDBPyConnection, articles: pa.Table) -> None:
    """Delete the annotations of articles whose content changes.

    Those of annotators that are not loaded, too: they refer to words that are no longer there. The ledger keeps its
    entries, which tell why the article is processed again, but without a hash: should the article change back, its
    rows are gone all the same.
    """
    connection.register("incoming", articles)
    connection.execute(
        """
        create or replace temp table changed as
        select a.article_id
        from article a
        join incoming i on a.article_id = i.article_id::uuid
        where a.content_hash <> i.content_hash
        """
    )
    if connection.execute("select count(*) from changed").fetchall() == [(0,)]:
        return
    tables = connection.execute(
        """
        -- Which tables have annotators ever written?
        select distinct t.table_name
        from (select unnest(writes) as table_name from component_version where per_article) w
        join duckdb_tables() t using (table_name)
        """
    ).fetchall()
    for (name,) in tables:
        connection.execute(f"delete from {quote_identifier(name)} where article_id in (select article_id from changed)")
    connection.execute(
        """
        update ledger set input_hash = ''
        where stage = 'annotate' and subject_id in (select article_id from changed)
        """
    )
