"""Loading of rows into the live database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import duckdb

from ..errors import RowError
from ..model.row import Row
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..sql import join_on, quote_identifier, to_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from ..stages.work import BatchResult


def insert(connection: duckdb.DuckDBPyConnection, table: Table, source: str | pa.Table, run: UUID) -> None:
    """Insert rows from Arrow or from a query, with the run's id on each.

    Of an append-only table, only rows with new keys are inserted.
    """
    if isinstance(source, str):
        query = f"select * from ({source.strip().rstrip(';')})"
    else:
        if not source.num_rows:
            return
        connection.register("_incoming", source)
        query = "select * from _incoming"
    names = {column.name for column in table.columns}
    if table.append_only:
        key = ", ".join(map(quote_identifier, table.key))
        query += f" anti join {quote_identifier(table.name)} using ({key})"
        query += f" qualify row_number() over (partition by {key}) = 1"
    # The rows of tables that declare the column (`run`, `step`) have the id already.
    own_run = "run_id" in table.row.model_fields or "run_id" not in names
    with_run = "" if own_run else ", $run as run_id"
    connection.execute(
        f"insert into {quote_identifier(table.name)} by name select *{with_run} from ({query})",
        None if own_run else {"run": run},
    )


def insert_rows(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row], run: UUID) -> None:
    """Insert rows of a standard table that belong to no subject."""
    if rows:
        table = STANDARD_TABLES[rows[0].__table__]
        insert(connection, table, table.arrow(rows), run)


def replace(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table, touched: pa.Table | None, run: UUID
) -> None:
    """Replace all rows of a table, or those of the `touched` groups, except rows that would stay the same.

    Raises RowError for a new row of another group.
    """
    name = quote_identifier(table.name)
    connection.register("_incoming", rows)
    within = ""
    if touched is not None:
        connection.register("_touched", touched)
        mine = join_on(touched.column_names, "t", "g")
        within = f"semi join _touched g on {mine}"
        stray = connection.sql(f"from _incoming t anti join _touched g on {mine} limit 1").fetchall()
        if stray:
            reason = "a row of a group that was not asked for: restrict the rows to the groups in `touched`"
            raise RowError(table.name, "", reason, stray[0])
    same = join_on(rows.column_names, "t", "i")
    connection.execute(
        f"""
        -- Which rows are no longer made?
        create or replace temp table _obsolete as
        select t.rowid as id
        from {name} t {within}
        anti join _incoming i on {same}
        """
    )
    connection.register("_incoming", to_arrow(connection.sql(f"from _incoming t anti join {name} i on {same}")))
    connection.execute(f"delete from {name} where rowid in (from _obsolete)")
    insert(connection, table, "from _incoming", run)


def mark_changed(connection: duckdb.DuckDBPyConnection, run: UUID) -> None:
    """Mark the run as one that changed data, so that it is published."""
    connection.execute("update run set changed = true where run_id = $run and not changed", {"run": run})


def delete_rows(
    connection: duckdb.DuckDBPyConnection, component: str, subjects: Sequence[UUID], tables: Sequence[Table]
) -> None:
    """Delete a component's rows and ledger entries for some subjects."""
    import pyarrow as pa

    connection.register("_replaced", pa.table({"subject_id": pa.array(subjects, pa.uuid())}))
    connection.execute(
        """
        -- Which subjects have rows? Mostly none, and then the large tables need not be searched.
        create or replace temp table _known as
        select l.subject_id
        from ledger l
        semi join _replaced using (subject_id)
        where l.component = $component
        """,
        {"component": component},
    )
    if connection.execute("select count(*) from _known").fetchall() == [(0,)]:
        return
    for table in tables:
        connection.execute(
            f"delete from {quote_identifier(table.name)} where article_id in (select subject_id from _known)"
        )
    connection.execute(
        "delete from ledger where component = $component and subject_id in (select subject_id from _known)",
        {"component": component},
    )


def delete_source_items(connection: duckdb.DuckDBPyConnection, incoming: pa.Table) -> None:
    """Delete the source items that `incoming` replaces, and their ledger entries.

    They may be those of another ingestor.
    """
    connection.register("_incoming", incoming)
    connection.execute("delete from source_item where article_id in (select article_id from _incoming)")
    connection.execute("delete from ledger where stage = 'ingest' and subject_id in (select article_id from _incoming)")


def delete_failures(connection: duckdb.DuckDBPyConnection, result: BatchResult) -> None:
    """Delete the failures of a result's subjects, which were tried again.

    The table `_failed_before` keeps since when they had failed.
    """
    import pyarrow as pa

    tried = [(component, subject) for component, subjects in result.replaced.items() for subject in subjects]
    failed = result.tables["quarantine"].select(["component", "subject_id"]).to_pylist()
    tried += [(row["component"], row["subject_id"]) for row in failed]
    components, subjects = zip(*tried, strict=True) if tried else ((), ())
    table = pa.table({"component": pa.array(components, pa.string()), "subject_id": pa.array(subjects, pa.uuid())})
    connection.register("_tried", table)
    connection.execute(
        """
        create or replace temp table _failed_before as
        select q.component, q.subject_id, q.input_hash, q.fingerprint, q.failed_at
        from quarantine q
        join _tried using (component, subject_id)
        """
    )
    connection.execute(
        """
        delete from quarantine q using _tried t
        where q.component = t.component and q.subject_id = t.subject_id
        """
    )


def delete_annotations_of_changed(connection: duckdb.DuckDBPyConnection, articles: pa.Table) -> None:
    """Delete all annotators' rows for articles whose content changes.

    They refer to words that are no longer there. The ledger keeps the entries, which explain the recomputation, but
    without hashes: if the article changes back, its rows have to be recomputed all the same.
    """
    connection.register("_incoming", articles)
    connection.execute(
        """
        create or replace temp table _changed as
        select a.article_id
        from article a
        join _incoming i using (article_id)
        where a.content_hash <> i.content_hash
        """
    )
    if connection.execute("select count(*) from _changed").fetchall() == [(0,)]:
        return
    tables = connection.execute(
        """
        -- Which tables has any annotator written?
        select distinct t.table_name
        from (select unnest(writes) as table_name from component_version where per_article) w
        join duckdb_tables() t using (table_name)
        """
    ).fetchall()
    for (name,) in tables:
        connection.execute(
            f"delete from {quote_identifier(name)} where article_id in (select article_id from _changed)"
        )
    connection.execute(
        """
        update ledger set input_hash = ''
        where stage = 'annotate' and subject_id in (select article_id from _changed)
        """
    )
