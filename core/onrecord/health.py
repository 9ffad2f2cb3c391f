"""Whether a warehouse needs somebody's attention, and why: for `onrecord status` and whoever watches it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

from .config import ScheduleSettings, StatusSettings
from .errors import WarehouseError
from .warehouse import Warehouse
from .warehouse.lock import holder

Level = Literal["fine", "attention", "unknown"]
_RULES_GO_BACK = 60
"""Days within which a rule of a calendar is looked at: what ticks more seldom is not watched."""
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


def level_of(findings: Sequence[Finding]) -> Level:
    """The worst that was found: attention is needed whatever else cannot be told."""
    levels = {finding.level for finding in findings}
    return "attention" if "attention" in levels else "unknown" if "unknown" in levels else "fine"


def due(schedules: Iterable[ScheduleSettings], now: datetime) -> datetime | None:
    """When a run should have ended by at the latest: the tick before the last one, of the schedule that ticks most.

    None where nothing was due yet, or where a schedule cannot be read here: `onrecord up` says what is wrong with it.
    """
    moments = []
    for schedule in schedules:
        with suppress(CronSimError, ValueError, StopIteration):
            ticks = _ticks_back(schedule, now)
            next(ticks)
            moments.append(next(ticks))
    return max(moments, default=None)


def _ticks_back(schedule: ScheduleSettings, now: datetime) -> Iterator[datetime]:
    """The moments at which a schedule was due, the latest first."""
    zone = ZoneInfo(schedule.timezone)
    if schedule.interval is not None:
        # When they began is not known here, so each is put as early as it may have been.
        for number in count(1):
            yield now - number * schedule.interval
    elif schedule.cron is not None:
        yield from CronSim(schedule.cron, now.astimezone(zone), reverse=True)
    elif schedule.rrule is not None:
        # Without a beginning of its own, a rule begins with the day: its count, if it has one, is not known here.
        here = now.astimezone(zone).replace(tzinfo=None)
        begin = (here - timedelta(days=_RULES_GO_BACK)).replace(hour=0, minute=0, second=0, microsecond=0)
        rule = rrulestr(schedule.rrule, dtstart=begin, ignoretz=True)
        tick = rule.before(here)
        while tick is not None:
            yield tick.replace(tzinfo=zone)
            tick = rule.before(tick)


def findings(
    warehouse: Warehouse, settings: StatusSettings, *, now: datetime | None = None, due: datetime | None = None
) -> list[Finding]:
    """What there is to say of a warehouse; nothing when all is well.

    `due` is when a run should have ended by at the latest, for those who know a schedule; without it, it follows
    from the settings.
    """
    now = now or datetime.now(UTC)
    if not warehouse.live.exists():
        sentence = f"there is no warehouse in {warehouse.directory}: onrecord run makes one"
        return [Finding("no-warehouse", sentence, "unknown")]
    at_work = holder(warehouse.directory)
    try:
        with warehouse.reading() as connection:
            runs = _rows(connection, "select * from run order by started_at desc limit 50")
            steps = _rows(
                connection,
                "select * from step where stage = 'ingest' and run_id in "
                "(select run_id from run where finished_at is not null order by started_at desc limit 50)",
            )
            recent = _rows(
                connection,
                "select plugin, count(*) as count from quarantine where failed_at > $since group by all order by all",
                since=now - timedelta(days=1),
            )
    except (WarehouseError, duckdb.Error) as error:
        return [Finding("unreadable", f"the live database cannot be read: {error}", "unknown")]
    found = [*_last_run(runs, at_work), *_age(runs, settings, now, due, at_work)]
    found += [*_ingestors(runs, steps), *_quarantine(recent, settings)]
    if runs and not warehouse.published.exists() and not at_work:
        found.append(Finding("nothing-published", "no run has published anything yet: readers have nothing to read"))
    return found


def _last_run(runs: Sequence[dict[str, Any]], at_work: str | None) -> list[Finding]:
    if not runs:
        return [Finding("never-run", "no run has begun yet", "unknown")]
    last = runs[0]
    began = f"{last['started_at'].astimezone():%Y-%m-%d %H:%M:%S}"
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
    runs: Sequence[dict[str, Any]],
    settings: StatusSettings,
    now: datetime,
    due: datetime | None,
    at_work: str | None,
) -> list[Finding]:
    if at_work:
        return []
    ended = max((run["finished_at"] for run in runs if run["finished_at"]), default=None)
    if settings.max_age is not None:
        oldest = now - settings.max_age
        due = max(due, oldest) if due else oldest
    if due is None or due > now or not runs or (ended is not None and ended >= due):
        return []
    since = f"the last run ended {ended.astimezone():%Y-%m-%d %H:%M:%S}" if ended else "no run has ended yet"
    return [Finding("run-overdue", f"{since}; there should have been one since {due.astimezone():%Y-%m-%d %H:%M:%S}")]


def _ingestors(runs: Sequence[dict[str, Any]], steps: Sequence[dict[str, Any]]) -> list[Finding]:
    by_run: dict[Any, dict[str, dict[str, Any]]] = {}
    for step in steps:
        by_run.setdefault(step["run_id"], {})[step["plugin"]] = step
    ended = [by_run[run["run_id"]] for run in runs if run["run_id"] in by_run]
    found = []
    for name, step in sorted(ended[0].items()) if ended else ():
        if step["status"] == "completed":
            continue
        times = 0
        for there in ended:
            if name in there and there[name]["status"] == "completed":
                break
            times += name in there
        often = f"in each of the last {times} runs" if times > 1 else "in the last run"
        found.append(Finding("ingestor-failing", f"ingestor {name} failed {often}: {step['message']}"))
    return found


def _quarantine(recent: Sequence[dict[str, Any]], settings: StatusSettings) -> list[Finding]:
    count = sum(row["count"] for row in recent)
    if count <= settings.max_quarantined:
        return []
    by = ", ".join(f"{row['plugin']} {row['count']:,}" for row in recent)
    sentence = (
        f"{count:,} subjects have come into quarantine within a day, where {settings.max_quarantined:,} may: {by}"
    )
    return [Finding("quarantine-growing", sentence)]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.sql(query, params=parameters or None).to_arrow_table().to_pylist()
    return rows
