"""Schedules: when a run is due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

from .settings import ScheduleSettings

_RULES_GO_BACK = 60
"""Days within which a rule of a calendar is looked at: what ticks more seldom is not watched."""


def due(schedule: ScheduleSettings, now: datetime) -> datetime | None:
    """When a run of a schedule should have ended by at the latest: the tick before its last one.

    None where nothing was due yet, or where it cannot be read here: `onrecord up` says what is wrong with it.
    """
    with suppress(CronSimError, ValueError, StopIteration):
        ticks = _ticks_back(schedule, now)
        next(ticks)
        return next(ticks)
    return None


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
