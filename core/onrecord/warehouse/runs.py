"""The tables `run`, `step` and `component_version`: the history of runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import duckdb

from ..model.bookkeeping import ComponentVersion, Run, Step
from ..model.report import RunReport
from ..model.tables import STANDARD_TABLES
from ..sql import fetch_dicts, quote_identifier
from .database import Warehouse
from .loading import insert_rows, mark_changed


def mark_killed(connection: duckdb.DuckDBPyConnection) -> list[UUID]:
    """Mark killed runs and return their ids; the caller must hold the lock."""
    killed = connection.execute(
        """
        -- Only the holder of the lock can be running: any other run with that status was killed.
        update run set status = 'killed', message = 'the process was killed'
        where status = 'running'
        returning run_id
        """
    ).fetchall()
    return [run_id for (run_id,) in killed]


def begin_run(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Record the start of a run."""
    insert_rows(connection, [run], run.run_id)


def record_components(
    connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion], run_id: UUID
) -> list[str]:
    """Record the component versions of a run; return warnings for the operator."""
    if messages := list(_drop_reassigned_tables(connection, versions)):
        mark_changed(connection, run_id)
    messages += find_changed_sources(connection, versions)
    known = connection.execute("select component, fingerprint from component_version").fetchall()
    new = {(v.component, v.fingerprint): v for v in versions if (v.component, v.fingerprint) not in known}
    insert_rows(connection, list(new.values()), run_id)
    return messages


def _drop_reassigned_tables(
    connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion]
) -> Iterator[str]:
    """Delete the rows of components whose tables another one writes now.

    Yields a warning for each. A table has one writer.
    """
    writers = {table: v.component for v in versions if v.stage in ("annotate", "aggregate") for table in v.writes}
    for component, tables in connection.execute(
        """
        -- Which tables have rows of which components?
        select p.component, list_distinct(flatten(list(p.writes)))
        from component_version p
        semi join ledger l on l.component = p.component and l.fingerprint = p.fingerprint
        where p.stage in ('annotate', 'aggregate')
        group by p.component
        """
    ).fetchall():
        reassigned = sorted(table for table in tables if writers.get(table, component) != component)
        if not reassigned:
            continue
        for table in tables:
            connection.execute(f"delete from {quote_identifier(table)}")
        connection.execute("delete from ledger where component = $component", {"component": component})
        yield f"{', '.join(reassigned)}: {writers[reassigned[0]]} writes this now; the rows of {component} are deleted"


def find_changed_sources(
    connection: duckdb.DuckDBPyConnection, versions: Collection[ComponentVersion]
) -> Iterator[str]:
    """Yield a warning for each component whose source changed under the same version."""
    known = {
        (component, fingerprint): source
        for component, fingerprint, source in connection.execute(
            "select component, fingerprint, source_hash from component_version"
        ).fetchall()
    }
    warned = set()
    for version in versions:
        source = known.get((version.component, version.fingerprint), version.source_hash)
        # Migration 0002 has emptied it where a change of the source means nothing.
        if source and source != version.source_hash and version.component not in warned:
            warned.add(version.component)
            yield (
                f"the source of {version.component} has changed and its version has not: its rows are kept; "
                "change the version to recompute them"
            )


def finish_run(connection: duckdb.DuckDBPyConnection, run: Run, steps: Sequence[Step]) -> None:
    """Record the end of a run and its steps. The loads have already set `changed`."""
    connection.execute(
        "update run set status = $status, message = $message, finished_at = $at where run_id = $run",
        {"status": run.status, "message": run.message, "at": run.finished_at, "run": run.run_id},
    )
    connection.execute("delete from step where run_id = $run", {"run": run.run_id})
    insert_rows(connection, steps, run.run_id)


def read_report(warehouse: Path, run: UUID | str | None = None) -> RunReport | None:
    """Read the report of a run, by default the last one; `run` is its id or the beginning of it.

    Returns None unless there is exactly one such run.
    """
    found = Warehouse(warehouse)
    if not found.live.exists():
        return None
    with found.reading() as connection:
        query = "from run where starts_with(run_id::varchar, $run) order by started_at desc limit 2"
        runs = fetch_dicts(connection, query, {"run": str(run or "").lower()})
        if not runs or (run and len(runs) > 1):
            return None
        last = STANDARD_TABLES["run"].make_row(runs[0])
        assert isinstance(last, Run)
        steps = fetch_dicts(connection, "from step where run_id = $run order by ordinal", {"run": last.run_id})
    rows = map(STANDARD_TABLES["step"].make_row, steps)
    return RunReport(last, tuple(row for row in rows if isinstance(row, Step)), warehouse)
