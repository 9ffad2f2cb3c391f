"""Whether a warehouse needs somebody's attention, and why: for `onrecord status` and whoever watches it."""

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
from ..warehouse import Warehouse
from ..warehouse.lock import lock_holder

Level = Literal["fine", "attention", "unknown"]
EXIT_STATUS: dict[Level, int] = {"fine": 0, "attention": 1, "unknown": 2}


_ENDINGS = {
    "failed": ("run-failed", "failed, in whole or in part"),
    "interrupted": ("run-interrupted", "was interrupted"),
    "killed": ("run-killed", "was killed"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs attention, or keeps us from telling."""

    code: str
    """Stable: what a monitor can go by. docs/maintenance.md lists them."""
    sentence: str
    level: Level = "attention"


def worst_level(collect_findings: Sequence[Finding]) -> Level:
    """The worst that was found: attention is needed whatever else cannot be told."""
    levels = {finding.level for finding in collect_findings}
    return "attention" if "attention" in levels else "unknown" if "unknown" in levels else "fine"


def collect_findings(
    warehouse: Warehouse,
    settings: StatusSettings,
    *,
    now: datetime | None = None,
    schedules: Sequence[ScheduleSettings] = (),
) -> list[Finding]:
    """What there is to say of a warehouse, for those that have runs on `schedules`; nothing when all is well."""
    now = now or datetime.now(UTC)
    if not warehouse.live.exists():
        sentence = f"there is no warehouse in {warehouse.directory}: onrecord run makes one"
        return [Finding("no-warehouse", sentence, "unknown")]
    at_work = lock_holder(warehouse.directory)
    try:
        with warehouse.reading() as connection:
            runs = _rows(connection, "select * from run order by started_at desc limit 50")
            ended = {schedule.name: _last_ended(connection, schedule) for schedule in schedules}
            steps = _rows(connection, _STEPS)
            recent = _rows(
                connection,
                "select component, count(*) as n from quarantine where failed_at > $since group by all order by all",
                since=now - timedelta(days=1),
            )
    except (WarehouseError, duckdb.Error) as error:
        return [Finding("unreadable", f"the live database cannot be read: {error}", "unknown")]
    found = [*_last_run(runs, at_work), *_age(runs, settings, now, at_work)]
    if runs:
        for schedule in (each for each in schedules if each.flow == "etl"):
            found += _overdue(schedule, ended[schedule.name], runs[0], now, at_work)
    found += [*_ingestors(steps), *_quarantine(recent, settings)]
    if runs and not warehouse.published.exists() and not at_work:
        found.append(Finding("nothing-published", "no run has published anything yet: readers have nothing to read"))
    return found


_STEPS = """
    -- How did it go with each ingestor, the latest first, as far as runs still ask it?
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


def _last_ended(connection: duckdb.DuckDBPyConnection, schedule: ScheduleSettings) -> datetime | None:
    """When the last run ended that asked all that a schedule is to ask."""
    ((at,),) = connection.execute(
        """
        select max(finished_at)
        from run
        where all_sources or (len($sources::varchar[]) > 0 and list_has_all(sources, $sources::varchar[]))
        """,
        {"sources": schedule.sources},
    ).fetchall()
    return at if at is None else at.astimezone(UTC)


def _last_run(runs: Sequence[dict[str, Any]], at_work: str | None) -> list[Finding]:
    if not runs:
        return [Finding("never-run", "no run has begun yet", "unknown")]
    last = runs[0]
    began = _at(last["started_at"])
    if last["status"] == "running":
        if at_work:
            # While a run is at work, the one before it is the last that is known to have ended.
            return _last_run(runs[1:], None) if len(runs) > 1 else []
        return [Finding("run-killed", f"the run of {began} ended without a word: the next one does what it left")]
    if last["status"] == "completed":
        return []
    code, words = _ENDINGS[last["status"]]
    return [Finding(code, f"the run of {began} {words}" + (f": {last['message']}" if last["message"] else ""))]


def _age(
    runs: Sequence[dict[str, Any]], settings: StatusSettings, now: datetime, at_work: str | None
) -> Iterator[Finding]:
    """Whether the last run ended too long ago, by the settings, or the one at work began too long ago."""
    if at_work:
        if runs and runs[0]["status"] == "running" and now - runs[0]["started_at"] > settings.max_run:
            yield Finding(
                "run-long",
                f"the run of {_at(runs[0]['started_at'])} is still at work ({at_work}), for longer than `max_run` in "
                "[status]: see what it is at in its log; if it hangs, end it, and the next one goes on from there",
            )
        return
    ended = max((run["finished_at"] for run in runs if run["finished_at"]), default=None)
    if runs and settings.max_age is not None and (ended is None or ended < now - settings.max_age):
        since = f"the last run ended {_at(ended)}" if ended else "no run has ended yet"
        yield Finding("run-overdue", f"{since}; there should have been one since {_at(now - settings.max_age)}")


def due_by(schedule: Schedule, now: datetime) -> datetime | None:
    """Return when a run should have ended at the latest: at the time before the last one; None if there is none yet."""
    last = schedule.previous(now)
    return last and schedule.previous(last)


def _overdue(
    schedule: ScheduleSettings, ended: datetime | None, last: dict[str, Any], now: datetime, at_work: str | None
) -> Iterator[Finding]:
    """Whether a run of a schedule should have ended, and has not."""
    moment = due_by(schedule.when, now)
    if moment is None or (ended is not None and ended >= moment):
        return
    asked = last["all_sources"] or (schedule.sources and set(schedule.sources) <= set(last["sources"]))
    if at_work and (asked or last["status"] != "running"):
        # Either it is this one, or somebody does maintenance, for whom runs wait.
        return
    since = f"its last run ended {_at(ended)}" if ended else "no run of it has ended yet"
    sentence = f"schedule {schedule.name} is overdue: {since}; there should have been one since {_at(moment)}"
    yield Finding("run-overdue", sentence)


def _ingestors(steps: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    for name, group in groupby(steps, key=lambda step: str(step["component"])):
        failed = list(takewhile(lambda step: step["status"] != "completed", group))
        if failed:
            often = f"in each of its last {len(failed)} runs" if len(failed) > 1 else "in its last run"
            yield Finding("ingestor-failing", f"ingestor {name} failed {often}: {failed[0]['message']}")


def _at(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _quarantine(recent: Sequence[dict[str, Any]], settings: StatusSettings) -> list[Finding]:
    count = sum(row["n"] for row in recent)
    if count <= settings.max_quarantined:
        return []
    by = ", ".join(f"{row['component']} {row['n']:,}" for row in recent)
    sentence = (
        f"{count:,} subjects have come into quarantine within a day, where {settings.max_quarantined:,} may: {by}"
    )
    return [Finding("quarantine-growing", sentence)]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.sql(query, params=parameters or None).to_arrow_table().to_pylist()
    return rows
