"""The end of a staged version: promote its rows or drop them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import duckdb

from ..errors import OnrecordError, WarehouseError
from ..model.report import RunReport
from ..plugins.registry import Plugins
from ..run.engine import start_run
from ..run.signals import install_signal_handlers, raise_if_interrupted
from ..sql import quote_identifier, to_arrow
from ..stages import BatchResult, Counters
from ..warehouse import Warehouse
from ..warehouse.database import replace_file
from ..warehouse.lock import lock_warehouse
from ..warehouse.runs import read_report
from .staging import StagedVersion


def promote(plugins: Plugins, staged: StagedVersion, *, incomplete: bool = False) -> RunReport:
    """Load a staged version in place of older rows, aggregate, check, publish.

    It is a run and waits for the one in progress. Articles that have changed since, or that a run has done, stay as
    they are. All is done on a copy of the live database, which replaces it after the checks: a promotion that fails
    a check or is killed leaves nothing but its row in the table `run`. The staged version is deleted once its rows are
    published. Raises OnrecordError if its rows would be stale at once, or if its backfill is not finished and
    `incomplete` is false; CheckError; RunFailed at the end if a part failed.
    """
    with lock_warehouse(staged.directory, wait=False), closing(staged), ExitStack() as published:
        _refuse_unfinished(staged, incomplete)
        with staged.overlay(Warehouse(plugins.settings.warehouse).published, plugins):
            _refuse_outdated(staged)
        with start_run(plugins, sources=None, prepare=False) as run, install_signal_handlers():
            run.note = f"promoted {staged.name}: {staged.selection}"
            with _work_on_copy(run.warehouse):
                run.prepare()
                # The block ends before the loads, which open the live database for writing.
                with staged.overlay(run.warehouse.live, plugins):
                    count = staged.split_into_chunks()
                run.begin("annotate", count)
                for number, connection in staged.chunks():
                    run.load(_build_result(connection, plugins, number))
                    raise_if_interrupted()
                for name in run.aggregators:
                    run.aggregate(name)
                    raise_if_interrupted()
                changed = run.has_changed
                if changed:
                    run.check()
            if changed:
                run.publish()
            # Also if the run failed in part, which is raised at its end.
            published.callback(staged.remove)
    return run.report


def drop(staged: StagedVersion) -> None:
    """Delete a staged version. Raises LockedError while another process fills it."""
    with lock_warehouse(staged.directory, wait=False):
        staged.remove()


@contextmanager
def _work_on_copy(warehouse: Warehouse) -> Iterator[None]:
    """Direct all writes inside the block to a copy of the live database.

    The copy replaces it unless the block raises. What a killed promotion left behind is gone since the run began.
    """
    live, copy = warehouse.live, warehouse.live.with_suffix(".promoting")
    size, free = live.stat().st_size, shutil.disk_usage(warehouse.directory).free
    if free < size:
        raise WarehouseError(live, f"is {size:,} bytes, and the disk has {free:,} left: too few for a copy. Make room")
    try:
        shutil.copyfile(live, copy)
        warehouse.live = copy
        yield
        if (rest := copy.with_name(f"{copy.name}.wal")).exists():
            # What is still in the write-ahead log would be lost when the copy is renamed.
            raise WarehouseError(rest, "could not be folded into its database. Is the disk full?")
        replace_file(copy, live)
    finally:
        warehouse.live = live
        warehouse.clear_leftovers()


def _refuse_unfinished(staged: StagedVersion, incomplete: bool) -> None:
    staged.migrate()
    report = read_report(staged.directory)
    if report is None:
        raise WarehouseError(staged.directory, "nothing has been backfilled yet: onrecord backfill")
    if report.failed and not incomplete:
        why = f" ({report.run.message})" if report.run.message else ""
        raise OnrecordError(
            f"the backfill of {staged.name} is not finished: its last run was {report.run.status}{why}. "
            f"`onrecord backfill {' '.join(staged.selection.components)}` does the rest; --incomplete promotes the "
            "articles that are done"
        )


def _refuse_outdated(staged: StagedVersion) -> None:
    """Raise OnrecordError if the next run would recompute staged rows."""
    with staged.reading() as connection:
        found = connection.execute("from _staged_outdated order by component").fetchall()
    if not found:
        return
    now = {name: version.version for (name, _), version in staged.component_versions.items()}
    what = ", ".join(
        f"{component} on {count:,} articles (made by version {version}, now {now.get(component, 'not loaded')})"
        for component, count, version in found
    )
    raise OnrecordError(
        f"the staged version of {staged.name} is not what the plugins, settings and pipelines would make now: {what}. "
        f"The next run would recompute these rows. `onrecord backfill {' '.join(staged.selection.components)}` brings "
        "it up to date; --drop deletes it"
    )


def _build_result(connection: duckdb.DuckDBPyConnection, plugins: Plugins, number: int) -> BatchResult:
    """Build the batch result that a run would have got for the subjects in `_chunk`, with the chunk's number."""
    result = BatchResult("annotate", number)

    def add_rows(table: str, outcome: str, condition: str) -> None:
        query = f"""
            select t.* exclude (run_id)
            from opened.main.{quote_identifier(table)} t
            semi join (from _chunk where outcome = '{outcome}') c on c.subject_id = {condition}
            """
        result.tables[table] = to_arrow(connection.sql(query))

    add_rows("ledger", "done", "t.subject_id and c.component = t.component")
    add_rows("quarantine", "failed", "t.subject_id and c.component = t.component")
    counted = connection.execute(
        """
        select component, list(subject_id), count(*) filter (outcome = 'done'),
            count(*) filter (outcome = 'failed'), count(*) filter (outcome = 'blocked')
        from _chunk
        group by component
        """
    ).fetchall()
    for component, subjects, done, failed, blocked in counted:
        names = [table.name for table in plugins.tables_of(plugins.annotators[component])]
        for name in names:
            add_rows(name, "done", f"t.article_id and c.component = '{component}'")
        rows = sum(result.tables[name].num_rows for name in names)
        result.counters[component] = Counters(len(subjects), done, failed, blocked, rows)
        result.replaced[component] = subjects
    return result
