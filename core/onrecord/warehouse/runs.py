"""The tables `run`, `step` and `component_version`: what happened when, and with what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import duckdb

from ..model.bookkeeping import ComponentVersion, Run, Step
from ..model.report import RunReport
from ..model.row import quote_identifier
from ..model.tables import STANDARD_TABLES
from .database import Warehouse
from .loading import insert_rows


def mark_killed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Mark the runs that were killed, for whoever holds the lock and is about to begin one; returns their ids."""
    killed = connection.execute(
        """
        -- Whoever holds the lock is alone: a run that still says it is running was killed.
        update run set status = 'killed', message = 'the process ended without a word'
        where status = 'running'
        returning run_id::varchar
        """
    ).fetchall()
    return [run_id for (run_id,) in killed]


def begin_run(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Record that a run begins."""
    insert_rows(connection, [run], run.run_id)


def record_components(
    connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion], run_id: UUID
) -> list[str]:
    """Record the component versions of a run; returns warnings for the operator."""
    messages = list(_taken_over(connection, versions))
    messages += find_changed_sources(connection, versions)
    known = connection.execute("select component, fingerprint from component_version").fetchall()
    new = {(v.component, v.fingerprint): v for v in versions if (v.component, v.fingerprint) not in known}
    insert_rows(connection, list(new.values()), run_id)
    return messages


def _taken_over(connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion]) -> Iterator[str]:
    """Drop what a component left in tables that another one writes now: a table has one writer."""
    writers = {table: v.component for v in versions if v.stage in ("annotate", "aggregate") for table in v.writes}
    for component, tables in connection.execute(
        """
        -- Which components have done something, and where is it?
        select p.component, list_distinct(flatten(list(p.writes)))
        from component_version p
        semi join ledger l on l.component = p.component and l.fingerprint = p.fingerprint
        where p.stage in ('annotate', 'aggregate')
        group by p.component
        """
    ).fetchall():
        taken = sorted(table for table in tables if writers.get(table, component) != component)
        if not taken:
            continue
        for table in tables:
            connection.execute(f"delete from {quote_identifier(table)}")
        connection.execute("delete from ledger where component = $component", {"component": component})
        yield f"{', '.join(taken)}: written by {writers[taken[0]]} now; what {component} wrote is dropped"


def find_changed_sources(
    connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion]
) -> Iterator[str]:
    """A warning for each component whose source is another than the one that its rows were made with."""
    known = {
        (component, fingerprint): source
        for component, fingerprint, source in connection.execute(
            "select component, fingerprint, source_hash from component_version"
        ).fetchall()
    }
    warned = set()
    for version in versions:
        source = known.get((version.component, version.fingerprint), version.source_hash)
        if source != version.source_hash and version.component not in warned:
            warned.add(version.component)
            yield (
                f"the source of {version.component} has changed and its version has not: what it has done is kept; "
                "change the version to have it done again"
            )


def finish_run(connection: duckdb.DuckDBPyConnection, run: Run, steps: Sequence[Step]) -> None:
    """Write down how a run went. `changed` stays as the loads have left it."""
    connection.execute(
        "update run set status = $status, message = $message, finished_at = $at where run_id = $run",
        {"status": run.status, "message": run.message, "at": run.finished_at, "run": str(run.run_id)},
    )
    connection.execute("delete from step where run_id = $run", {"run": str(run.run_id)})
    insert_rows(connection, steps, run.run_id)


def read_report(warehouse: Path, run_id: str | None = None) -> RunReport | None:
    """The report of a run of a warehouse, by default the last one; None if there has been none."""
    found = Warehouse(warehouse)
    if not found.live.exists():
        return None
    with found.reading() as connection:
        chosen = "$run" if run_id else "(select max_by(run_id, started_at) from run)"
        parameters = {"run": run_id} if run_id else None
        runs = connection.sql(f"select * from run where run_id = {chosen}", params=parameters).to_arrow_table()
        query = f"select * from step where run_id = {chosen} order by ordinal"
        steps = connection.sql(query, params=parameters).to_arrow_table()
    if not runs.num_rows:
        return None
    run = STANDARD_TABLES["run"].rows(runs)[0]
    assert isinstance(run, Run)
    return RunReport(run, tuple(s for s in STANDARD_TABLES["step"].rows(steps) if isinstance(s, Step)), warehouse)


def find_run(warehouse: Path, beginning: str) -> str | None:
    """The id of the run of a warehouse that begins like that; None unless there is exactly one."""
    found = Warehouse(warehouse)
    if not found.live.exists():
        return None
    with found.reading() as connection:
        query = "select run_id::varchar from run where starts_with(run_id::varchar, $beginning)"
        ids = connection.execute(query, {"beginning": beginning.lower()}).fetchall()
    return str(ids[0][0]) if len(ids) == 1 else None
