"""The end of a candidate: its rows take the place of the published ones, or are deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ..errors import OnrecordError, WarehouseError
from ..model.report import RunReport
from ..model.row import quote_identifier
from ..plugins.registry import Plugins
from ..run.engine import start_run
from ..run.signals import install_signal_handlers, raise_if_interrupted
from ..stages import BatchResult, Counters
from ..warehouse import Warehouse
from ..warehouse.database import replace_file
from ..warehouse.lock import lock_warehouse
from ..warehouse.runs import read_report
from .candidate import Candidate


def promote(plugins: Plugins, candidate: Candidate, *, incomplete: bool = False) -> RunReport:
    """Put a candidate's rows in the place of those in the warehouse, work out what aggregates them, and publish.

    It is a run, which waits for the one in progress. An article that has changed since, or been done by a run, is left
    as it is. The live database changes only when all is loaded and checked: of a promotion that fails a check, or is
    killed, it records the run and nothing else. The candidate is gone when all that holds of it is published. Raises
    OnrecordError for a candidate that no longer is what the plugins would make, or that is not finished, unless
    `incomplete` ones will do; CheckError, and RunFailed at the end if a part failed.
    """
    with lock_warehouse(candidate.directory, wait=False):
        _refuse_unfinished(candidate, incomplete)
        with candidate.over(Warehouse(plugins.settings.warehouse).published, plugins):
            _refuse_outdated(candidate)
        published = False
        try:
            with start_run(plugins, sources=None, prepare=False) as run, install_signal_handlers():
                run.note = f"promoted {candidate.name}: {candidate.selection}"
                with _aside(run.warehouse):
                    run.prepare()
                    # The database is closed again at the end of the block: the loads below open it for writing.
                    with candidate.over(run.warehouse.live, plugins):
                        count = candidate.set_apart()
                    run.begin("annotate", count)
                    for number, connection in candidate.portions():
                        run.load(_outcome(connection, plugins, number))
                        raise_if_interrupted()
                    for name in run.aggregators:
                        run.aggregate(name)
                        raise_if_interrupted()
                    changed = run.has_changed
                    if changed:
                        run.check()
                if changed:
                    run.publish()
                published = True
        finally:
            if published:
                candidate.remove()
            candidate.close()
    return run.report


def drop(candidate: Candidate) -> None:
    """Delete a candidate. Raises LockedError while it is being filled."""
    with lock_warehouse(candidate.directory, wait=False):
        candidate.remove()


@contextmanager
def _aside(warehouse: Warehouse) -> Iterator[None]:
    """Have all that is written go to a copy of the live database, which takes its place when the block ends well."""
    live, copy = warehouse.live, warehouse.live.with_suffix(".promoting")
    # The write-ahead log of one that was killed would be taken for that of the new copy.
    warehouse.clear_leftovers()
    size, free = live.stat().st_size, shutil.disk_usage(warehouse.directory).free
    if free < size:
        raise WarehouseError(live, f"is {size:,} bytes, and the disk has {free:,} left: too few for a copy. Make room")
    try:
        shutil.copyfile(live, copy)
        warehouse.live = copy
        yield
        if (rest := copy.with_name(f"{copy.name}.wal")).exists():
            # What is not in the file itself would be lost with its name.
            raise WarehouseError(rest, "could not be folded into its database. Is the disk full?")
        replace_file(copy, live)
    finally:
        warehouse.live = live
        warehouse.clear_leftovers()


def _refuse_unfinished(candidate: Candidate, incomplete: bool) -> None:
    report = read_report(candidate.directory)
    if report is None:
        raise WarehouseError(candidate.directory, "nothing has been backfilled yet: onrecord backfill")
    if report.failed and not incomplete:
        why = f" ({report.run.message})" if report.run.message else ""
        raise OnrecordError(
            f"the backfill of {candidate.name} is not finished: its last run was {report.run.status}{why}. "
            f"`onrecord backfill {' '.join(candidate.selection.components)}` does the rest; --incomplete promotes what "
            "there is"
        )


def _refuse_outdated(candidate: Candidate) -> None:
    """Raise OnrecordError if the next run would find the candidate's rows stale and make them anew."""
    with candidate.reading() as connection:
        found = connection.execute(
            """
            -- What was made of articles as they are, but by plugins as they were?
            select l.component, count(*), any_value(p.version)
            from opened.main.ledger l
            join _current_article a on a.article_id = l.subject_id and a.content_hash = l.input_hash
            left join opened.main.component_version p on p.component = l.component and p.fingerprint = l.fingerprint
            anti join _staged_done d on d.component = l.component and d.subject_id = l.subject_id
            group by l.component
            order by l.component
            """
        ).fetchall()
    if not found:
        return
    now = {name: version.version for (name, _), version in candidate.versions.items()}
    what = ", ".join(
        f"{component} on {count:,} articles (made by version {version}, now {now.get(component, 'not loaded')})"
        for component, count, version in found
    )
    raise OnrecordError(
        f"the candidate {candidate.name} is not what the plugins, settings and pipelines would make now: {what}. The "
        "next run would recompute these rows. "
        f"`onrecord backfill {' '.join(candidate.selection.components)}` brings the candidate up to date; "
        "--drop deletes it"
    )


def _outcome(connection: duckdb.DuckDBPyConnection, plugins: Plugins, number: int) -> BatchResult:
    """What a run would have been handed for the subjects of a portion."""
    outcome = BatchResult("annotate", number)
    for name, entered in (("ledger", "done"), ("quarantine", "failed")):
        outcome.tables[name] = connection.sql(
            f"""
            select t.* exclude (run_id)
            from opened.main.{name} t
            semi join (from _chunk where outcome = '{entered}') using (component, subject_id)
            """
        ).to_arrow_table()
    counted = connection.execute(
        """
        select component, list(subject_id::varchar), count(*) filter (outcome = 'done'),
            count(*) filter (outcome = 'failed'), count(*) filter (outcome = 'blocked')
        from _chunk
        group by component
        """
    ).fetchall()
    for component, subjects, done, failed, blocked in counted:
        rows = 0
        for table in plugins.tables_of(plugins.annotators[component]):
            made = connection.sql(
                f"""
                select t.* exclude (run_id)
                from opened.main.{quote_identifier(table.name)} t
                where article_id in (
                    select subject_id from _chunk where component = '{component}' and outcome = 'done'
                )
                """
            ).to_arrow_table()
            outcome.tables[table.name] = made
            rows += made.num_rows
        outcome.replaced[component] = subjects
        outcome.counters[component] = Counters(len(subjects), done, failed, blocked, rows)
    return outcome
