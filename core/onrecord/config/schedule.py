"""Schedules: a cron expression, an interval, or a calendar rule (RFC 5545).

Settings, `onrecord status`, `onrecord up` and the Prefect deployments all use this class. It gives the times that
Prefect gives, since both use the same parsers; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from math import prod
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)
"""The start of intervals, and of rules without a DTSTART."""

_LONGEST_RULE = 6500
"""The most characters of a rule that Prefect accepts."""
_PERIODS = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}
_WINDOWS = (timedelta(days=1), timedelta(days=40), timedelta(days=400))
"""How far before the asked time a frequent rule starts; from the anchor it would take seconds to minutes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule with one of `cron`, `interval` and `rrule`. Raises ValueError."""

    cron: str | None = None
    interval: timedelta | None = None
    rrule: str | None = None
    timezone: str = "UTC"
    """The time zone of `cron` and `rrule`; intervals are the same length on every day."""

    def __post_init__(self) -> None:
        """Validate the schedule."""
        if self.interval is not None and self.interval < timedelta(seconds=1):
            raise ValueError("must be a second or more")
        if self.cron is not None:
            _check_cron(self.cron)
        if self.rrule is not None:
            _check_rule(self.rrule)
        elif self.next(ANCHOR) is None:
            raise ValueError("is never due")

    def __str__(self) -> str:
        """Format the schedule, e.g. "every 0:15:00" or "0 6 * * * (Europe/Berlin)"."""
        return f"every {self.interval}" if self.interval else f"{self.cron or self.rrule} ({self.timezone})"

    def next(self, after: datetime) -> datetime | None:
        """Return the first due time after a time, in UTC; None if there is none."""
        if self.interval is not None:
            return self._interval_end((after - ANCHOR) // self.interval + 1)
        return next((time for time in self._times(after, back=False) if time > after), None)

    def previous(self, before: datetime) -> datetime | None:
        """Return the last due time before a time, in UTC; None if there is none."""
        if self.interval is not None:
            return self._interval_end(-((ANCHOR - before) // self.interval) - 1)
        return next((time for time in self._times(before, back=True) if time < before), None)

    def _interval_end(self, number: int) -> datetime | None:
        assert self.interval is not None
        try:
            return ANCHOR + number * self.interval
        except OverflowError:
            return None

    def _times(self, around: datetime, *, back: bool) -> Iterator[datetime]:
        """Yield due times from shortly before or after a time on."""
        zone = ZoneInfo(self.timezone)
        here = around.astimezone(zone)
        # A time that the clock skips is shifted by as much as the clock is.
        days = (around + timedelta(days=number) for number in (-1, 1))
        offsets = [day.astimezone(zone).utcoffset() or timedelta() for day in days]
        skipped = max(timedelta(), offsets[1] - offsets[0])
        wall = here.replace(tzinfo=None) + (skipped if back else -skipped)
        if self.cron is not None:
            for time in _cron_times(self.cron, wall, back=back):
                yield time.replace(tzinfo=zone).astimezone(UTC)
        elif self.rrule is not None:
            from dateutil.tz import gettz

            # Prefect uses dateutil's time zones for rules; they treat skipped times differently from zoneinfo.
            for time in _rule_times(self.rrule, wall, back=back):
                yield time.replace(tzinfo=gettz(self.timezone)).astimezone(UTC)


def _check_cron(cron: str) -> None:
    from croniter import croniter

    if re.search(r"\b[rh]\b", cron, re.IGNORECASE):
        raise ValueError("is no cron expression that is due at the same times for everybody: it has R or H in it")
    if not croniter.is_valid(cron):
        raise ValueError('is no cron expression; e.g. "*/10 * * * *" and "@daily" are')


def _cron_times(cron: str, wall: datetime, *, back: bool) -> Iterator[datetime]:
    from croniter import CroniterBadDateError, croniter

    times = croniter(cron, wall)
    step: Callable[[type[datetime]], datetime] = times.get_prev if back else times.get_next
    while True:
        try:
            yield step(datetime)
        except CroniterBadDateError:
            return


def _check_rule(rule: str) -> None:
    if len(rule) > _LONGEST_RULE:
        raise ValueError(f"has more than {_LONGEST_RULE:,} characters")
    if re.search(r"\bINTERVAL=0+(?!\d)", rule, re.IGNORECASE):
        raise ValueError("repeats after an interval of 0")
    try:
        parsed: Any = _parse_rule(rule)  # its type lacks what is inside
        rules = [*parsed._rrule, *parsed._exrule] if hasattr(parsed, "_exrule") else [parsed]
        is_due = all(map(_is_ever_due, rules)) and next(iter(parsed), None) is not None
    except (ValueError, TypeError, AttributeError) as error:
        # "Invalid combination of interval and byhour resulting in empty rule", or "generates an empty set".
        if "resulting in empty" not in str(error) and "generates an empty" not in str(error):
            raise ValueError(f'is no rule of a calendar (RFC 5545) like "FREQ=DAILY;BYHOUR=6,18": {error}') from None
        is_due = False
    if not is_due:
        parts = re.findall(r"\b(?:INTERVAL|UNTIL|BY\w+)=[^;\s]*", rule, re.IGNORECASE)
        raise ValueError(f"is never due: change or remove {' or '.join(parts) or 'a part of it'}")


def _is_ever_due(rule: Any) -> bool:
    """Whether a parsed rule is due, but for its COUNT and UNTIL.

    For one that is not, the parser searches all days until the year 9999, or all seconds.
    """
    from dateutil.rrule import DAILY

    if rule._bysetpos and rule._freq >= DAILY:
        times = (rule._byhour, rule._byminute, rule._bysecond)[rule._freq - DAILY :]
        if min(map(abs, rule._bysetpos)) > prod(map(len, times)):
            return False
    # The calendar repeats after 400 years, so the rule may as well start in the last of these cycles.
    first, cycle = rule._dtstart.year, 400 * rule._interval
    late = rule._dtstart.replace(year=first + max(0, (MAXYEAR - 100 - first) // cycle * cycle))
    return next(iter(rule.replace(dtstart=late, count=None, until=None)), None) is not None


def _rule_times(text: str, wall: datetime, *, back: bool) -> Iterator[datetime]:
    # A rule that starts late lacks earlier times, so a longer window may follow.
    for window in (*_WINDOWS, None) if back else _WINDOWS[:1]:
        rule = _parse_rule(text, wall - window if window else None)
        time = rule.before(wall) if back else rule.after(wall)
        while time is not None:
            yield time
            time = rule.before(time) if back else rule.after(time)


def _parse_rule(rule: str, begin: datetime | None = None) -> rrule | rruleset:
    """Parse a rule, which starts at about `begin` if that gives the same times."""
    from dateutil.rrule import rrulestr

    start = ANCHOR.replace(tzinfo=None)
    period = _PERIODS.get(_part(rule, "FREQ").upper())
    if begin is not None and begin > start and period and not re.search("DTSTART|COUNT|DATE|EXRULE", rule.upper()):
        period *= int(_part(rule, "INTERVAL") or 1)
        start += (begin - start) // period * period
    return rrulestr(rule, dtstart=start, ignoretz=True)


def _part(rule: str, name: str) -> str:
    match = re.search(rf"\b{name}=([^;\s]*)", rule, re.IGNORECASE)
    return match[1] if match else ""
