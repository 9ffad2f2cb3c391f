"""Health of a warehouse: the findings that `onrecord status` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, takewhile
from typing import Any, Literal

import duckdb

from ..config.schedule import Schedule
from ..config.settings import ScheduleSettings, StatusSettings
from ..errors import WarehouseError
from ..sql import fetch_dicts
from ..warehouse import Warehouse
from ..warehouse.lock import lock_holder
from .verification import read_last_check, read_verification

Level = Literal["fine", "attention", "unknown"]
EXIT_STATUS: dict[Level, int] = {"fine": 0, "attention": 1, "unknown": 2}


_ENDINGS = {
    "failed": ("run-failed", "failed, in whole or in part"),
    "interrupted": ("run-interrupted", "was interrupted"),
    "killed": ("run-killed", "was killed"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that needs attention, or a reason why the health is unknown."""

    code: str
    """A stable identifier for monitors; docs/maintenance.md lists all."""
    sentence: str
    level: Level = "attention"


def worst_level(findings: Sequence[Finding]) -> Level:
    """Return the worst level of findings: attention is worse than unknown."""
    levels = {finding.level for finding in findings}
    return "attention" if "attention" in levels else "unknown" if "unknown" in levels else "fine"


def collect_findings(
    warehouse: Warehouse,
    settings: StatusSettings,
    *,
    now: datetime | None = None,
    schedules: Sequence[ScheduleSettings] = (),
) -> list[Finding]:
    """Collect the findings on a warehouse; none if all is well.

    `schedules` are those of its runs.
    """
    now = now or datetime.now(UTC)
    if not warehouse.live.exists():
        sentence = f"there is no warehouse in {warehouse.directory}: onrecord run makes one"
        return [Finding("no-warehouse", sentence, "unknown")]
    at_work = lock_holder(warehouse.directory)
    try:
        with warehouse.reading() as connection:
            runs = fetch_dicts(connection, "select * from run order by started_at desc limit 50")
            ended = {schedule.name: _find_last_end(connection, schedule) for schedule in schedules}
            steps = fetch_dicts(connection, _INGEST_STEPS)
            query = "select component, count(*) as n from quarantine where failed_at > $since group by all order by all"
            recent = fetch_dicts(connection, query, {"since": now - timedelta(days=1)})
    except (WarehouseError, duckdb.Error) as error:
        return [Finding("unreadable", f"the live database cannot be read: {error}", "unknown")]
    found = [*_check_last_run(runs, at_work), *_check_age(runs, settings, now, at_work)]
    if runs:
        for schedule in (each for each in schedules if each.flow == "etl"):
            found += _check_schedule(schedule, ended[schedule.name], runs[0], now, at_work)
    found += [*_check_ingestors(steps), *_check_quarantine(recent, settings)]
    checked, failures = read_last_check(warehouse.directory)
    if failures:
        sentence = f"of the published rows, {len(failures)} check(s) failed on {checked:%Y-%m-%d}: {failures[0]}"
        found.append(Finding("check-failed", sentence))
    for each in read_verification(warehouse.directory):
        if each.wrong:
            sentence = (
                f"{each.wrong:,} rows of {each.component} were not what a new computation gives ({each.at}), e.g. "
            )
            remedy = "onrecord verify --refill lets the next run fill its tables from scratch"
            found.append(Finding("rows-wrong", f"{sentence}{each.example}: {remedy}"))
    if runs and not warehouse.published.exists() and not at_work:
        found.append(Finding("nothing-published", "no run has published anything yet"))
    return found


_INGEST_STEPS = """
    -- How did the last runs of each ingestor end, the latest first, among those that runs still ask?
    select s.component, s.status, s.message
    from step s
    join run r using (run_id)
    where s.stage = 'ingest' and r.finished_at is not null and s.component in (
        select unnest(sources)
        from run
        where started_at >= coalesce((select max(started_at) from run where all_sources), '-infinity')
    )
    qualify row_number() over (partition by s.component order by r.started_at desc) <= 50
    order by s.component, r.started_at desc
"""


def _find_last_end(connection: duckdb.DuckDBPyConnection, schedule: ScheduleSettings) -> datetime | None:
    """Return when the last run ended that asked all sources of a schedule."""
    ((at,),) = connection.execute(
        """
        select max(finished_at)
        from run
        where all_sources or (len($sources::varchar[]) > 0 and list_has_all(sources, $sources::varchar[]))
        """,
        {"sources": schedule.sources},
    ).fetchall()
    return at if at is None else at.astimezone(UTC)


def _check_last_run(runs: Sequence[dict[str, Any]], at_work: str | None) -> list[Finding]:
    if not runs:
        return [Finding("never-run", "no run has begun yet", "unknown")]
    last = runs[0]
    began = _format_time(last["started_at"])
    if last["status"] == "running":
        if at_work:
            # During a run, the one before it is the last that has ended.
            return _check_last_run(runs[1:], None) if len(runs) > 1 else []
        return [Finding("run-killed", f"the run of {began} was killed: the next one does the rest")]
    if last["status"] == "completed":
        return []
    code, words = _ENDINGS[last["status"]]
    return [Finding(code, f"the run of {began} {words}" + (f": {last['message']}" if last["message"] else ""))]


def _check_age(
    runs: Sequence[dict[str, Any]], settings: StatusSettings, now: datetime, at_work: str | None
) -> Iterator[Finding]:
    """Find a run that ended too long ago, or that takes too long."""
    if at_work:
        if runs and runs[0]["status"] == "running" and now - runs[0]["started_at"] > settings.max_run:
            yield Finding(
                "run-long",
                f"the run of {_format_time(runs[0]['started_at'])} is still at work ({at_work}), for longer than "
                "`max_run` in [status]: its log shows what it does; if it hangs, end it, and the next run resumes it",
            )
        return
    ended = max((run["finished_at"] for run in runs if run["finished_at"]), default=None)
    if runs and settings.max_age is not None and (ended is None or ended < now - settings.max_age):
        since = f"the last run ended {_format_time(ended)}" if ended else "no run has ended yet"
        yield Finding(
            "run-overdue", f"{since}; there should have been one since {_format_time(now - settings.max_age)}"
        )


def due_by(schedule: Schedule, now: datetime) -> datetime | None:
    """Return when a run should have ended at the latest; None if none is due.

    This is the time before the last one of the schedule.
    """
    last = schedule.previous(now)
    return last and schedule.previous(last)


def _check_schedule(
    schedule: ScheduleSettings, ended: datetime | None, last: dict[str, Any], now: datetime, at_work: str | None
) -> Iterator[Finding]:
    """Find a run of a schedule that should have ended and has not."""
    moment = due_by(schedule.when, now)
    if moment is None or (ended is not None and ended >= moment):
        return
    asked = last["all_sources"] or (schedule.sources and set(schedule.sources) <= set(last["sources"]))
    if at_work and (asked or last["status"] != "running"):
        # It is the run in progress, or waits for maintenance.
        return
    since = f"its last run ended {_format_time(ended)}" if ended else "no run of it has ended yet"
    sentence = f"schedule {schedule.name} is overdue: {since}; there should have been one since {_format_time(moment)}"
    yield Finding("run-overdue", sentence)


def _check_ingestors(steps: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    for name, group in groupby(steps, key=lambda step: str(step["component"])):
        failed = list(takewhile(lambda step: step["status"] != "completed", group))
        if failed:
            often = f"in each of its last {len(failed)} runs" if len(failed) > 1 else "in its last run"
            yield Finding("ingestor-failing", f"ingestor {name} failed {often}: {failed[0]['message']}")


def _format_time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _check_quarantine(recent: Sequence[dict[str, Any]], settings: StatusSettings) -> list[Finding]:
    count = sum(row["n"] for row in recent)
    if count <= settings.max_quarantined:
        return []
    by = ", ".join(f"{row['component']} {row['n']:,}" for row in recent)
    sentence = (
        f"{count:,} subjects were quarantined within a day, and at most {settings.max_quarantined:,} should be: {by}"
    )
    return [Finding("quarantine-growing", sentence)]
