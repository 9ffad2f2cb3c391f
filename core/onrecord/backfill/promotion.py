"""The end of a candidate: its rows take the place of the published ones, or are deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ..errors import OnrecordError, WarehouseError
from ..model.report import RunReport
from ..model.row import quoted
from ..plugins.registry import Plugins
from ..run.engine import running
from ..run.signals import heed, noted
from ..stages import Outcome, Tally
from ..warehouse import Warehouse
from ..warehouse.database import put_in_place
from ..warehouse.lock import locked
from ..warehouse.runs import report_of
from .candidate import Candidate


def promote(plugins: Plugins, candidate: Candidate, *, incomplete: bool = False) -> RunReport:
    """Put a candidate's rows in the place of those in the warehouse, work out what aggregates them, and publish.

    It is a run, which waits for the one in progress. An article that has changed since, or been done by a run, is left
    as it is. Until all is loaded and checked the live database stays as it was: a promotion that fails a check, or is
    killed, changes nothing for the runs after it. The candidate is gone when all that holds of it is published. Raises
    OnrecordError for a candidate that no longer is what the plugins would make, or that is not finished, unless
    `incomplete` ones will do; CheckError, and RunFailed at the end if a part failed.
    """
    with locked(candidate.directory, wait=False):
        _refuse_unfinished(candidate, incomplete)
        with candidate.over(Warehouse(plugins.configuration.settings.warehouse).published, plugins):
            _refuse_outdated(candidate)
        published = False
        try:
            with running(plugins, sources=None) as run, noted():
                run.note = f"promoted {candidate.name}: {candidate.selection}"
                with candidate.over(run.warehouse.live, plugins):
                    count = candidate.set_apart()
                # The live database is closed again, as it has to be for what follows.
                with _aside(run.warehouse):
                    run.begin("annotate", count)
                    for number, connection in candidate.portions():
                        run.load(_outcome(connection, plugins, number))
                        heed()
                    for name in run.aggregators:
                        run.aggregate(name)
                        heed()
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
    with locked(candidate.directory, wait=False):
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
        put_in_place(copy, live)
    finally:
        warehouse.live = live
        warehouse.clear_leftovers()


def _refuse_unfinished(candidate: Candidate, incomplete: bool) -> None:
    report = report_of(candidate.directory)
    if report is None:
        raise WarehouseError(candidate.directory, "nothing has been backfilled yet: onrecord backfill")
    if report.failed and not incomplete:
        why = f" ({report.run.message})" if report.run.message else ""
        raise OnrecordError(
            f"the backfill of {candidate.name} is not finished: its last run was {report.run.status}{why}. "
            f"`onrecord backfill {' '.join(candidate.selection.plugins)}` does the rest; --incomplete promotes what "
            "there is"
        )


def _refuse_outdated(candidate: Candidate) -> None:
    """Raise OnrecordError if the next run would find the candidate's rows stale and make them anew."""
    with candidate.reading() as connection:
        found = connection.execute(
            """
            -- What was made of articles as they are, but by plugins as they were?
            select l.plugin, count(*), any_value(p.version)
            from opened.main.ledger l
            join candidate_article a on a.article_id = l.subject_id and a.content_hash = l.input_hash
            left join opened.main.plugin p on p.plugin = l.plugin and p.fingerprint = l.fingerprint
            anti join candidate_done d on d.plugin = l.plugin and d.subject_id = l.subject_id
            group by l.plugin
            order by l.plugin
            """
        ).fetchall()
    if not found:
        return
    now = {target.plugin: target.version for target in candidate.targets}
    what = ", ".join(
        f"{plugin} on {count:,} articles (made by version {version}, now {now.get(plugin, 'not loaded')})"
        for plugin, count, version in found
    )
    raise OnrecordError(
        f"the candidate {candidate.name} is not what the plugins, settings and pipelines would make now: {what}. The "
        f"next run would make these rows anew. `onrecord backfill {' '.join(candidate.selection.plugins)}` brings the "
        "candidate up to date; --drop deletes it"
    )


def _outcome(connection: duckdb.DuckDBPyConnection, plugins: Plugins, number: int) -> Outcome:
    """What a run would have been handed for the subjects of a portion."""
    outcome = Outcome("annotate", number)
    for name, entered in (("ledger", "done"), ("quarantine", "failed")):
        outcome.tables[name] = connection.sql(
            f"""
            select t.* exclude (run_id)
            from opened.main.{name} t
            semi join (from portion where outcome = '{entered}') using (plugin, subject_id)
            """
        ).to_arrow_table()
    counted = connection.execute(
        """
        select plugin, list(subject_id::varchar), count(*) filter (outcome = 'done'),
            count(*) filter (outcome = 'failed'), count(*) filter (outcome = 'blocked')
        from portion
        group by plugin
        """
    ).fetchall()
    for plugin, subjects, done, failed, blocked in counted:
        rows = 0
        for table in plugins.tables_of(plugins.annotators[plugin]):
            made = connection.sql(
                f"""
                select t.* exclude (run_id)
                from opened.main.{quoted(table.name)} t
                where article_id in (select subject_id from portion where plugin = '{plugin}' and outcome = 'done')
                """
            ).to_arrow_table()
            outcome.tables[table.name] = made
            rows += made.num_rows
        outcome.replaced[plugin] = subjects
        outcome.tallies[plugin] = Tally(len(subjects), done, failed, blocked, rows)
    return outcome
