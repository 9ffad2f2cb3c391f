"""Prefect accepts the schedules that core accepts, and starts runs at the same times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onrecord.config.schedule import Schedule

MOMENTS = [
    datetime(2026, 3, 10, 12, 10, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
    # Half an hour before the clocks of Berlin go forward, and an hour before they go back.
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
]
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe"]
COUNT = 6


def prefect_times(schedule: Schedule, after: datetime) -> list[datetime]:
    """Return the next times according to the schedule classes of Prefect's server."""
    from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

    from onrecord_flows.unattended.schedules import prefect_schedule

    given = prefect_schedule(schedule)
    if given.interval:
        made = IntervalSchedule(interval=given.interval, anchor_date=given.anchor_date, timezone=given.timezone)
    elif given.cron:
        made = CronSchedule(cron=given.cron, timezone=given.timezone)
    else:
        made = RRuleSchedule(rrule=given.rrule, timezone=given.timezone)
    times = asyncio.run(made.get_dates(COUNT + 1, start=after))
    return [time for each in times if (time := datetime.fromtimestamp(each.timestamp(), UTC)) > after][:COUNT]


def our_times(schedule: Schedule, after: datetime) -> list[datetime]:
    times: list[datetime] = []
    while len(times) < COUNT and (time := schedule.next(times[-1] if times else after)) is not None:
        times.append(time)
    return times


def check(schedule: Schedule, *moments: datetime) -> None:
    for after in moments or MOMENTS:
        _check(schedule, after)


def _check(schedule: Schedule, after: datetime) -> None:
    times = our_times(schedule, after)
    assert times == prefect_times(schedule, after)
    for earlier, later in pairwise(times):
        assert schedule.previous(later) == earlier
        assert schedule.previous(earlier + timedelta(microseconds=1)) == earlier


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "cron",
    [
        "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly",
        "* * * * *", "*/7 * * * *", "0 0 ? * *", "0 0 * * ?", "0 0 L * *", "0 0 L 2 *", "0 0 * * L5", "0 9 * * MON#1",
        "0 9 * mar fri", "0 9 1-7 JAN-MAR SUN", "5/20 2-4 * * *", "30 2 * * *", "15,45 1,2,3 * * *", "0 */6 */2 * 1",
        "0 22-2 * * FRI-MON", "0 0 29 2 *", "0 0 13 * 5", "0 0 * * 7", "0 0 * * 0", "*/10 * * * * */20",
    ],
)  # fmt: skip
def test_crons_are_due_when_prefect_starts_runs(cron: str, zone: str) -> None:
    check(Schedule(cron=cron, timezone=zone))


FIELDS = {
    "minute": (0, 59, []),
    "hour": (0, 23, []),
    "day": (1, 31, ["?", "L"]),
    "month": (1, 12, ["JAN", "feb", "JUN-SEP"]),
    "weekday": (0, 7, ["?", "SUN", "mon-fri", "TUE#2", "L3", "FRI,SAT"]),
}


@st.composite
def fields(draw: st.DrawFn, low: int, high: int, names: list[str]) -> str:
    number = st.integers(low, high)
    step = st.integers(1, high)
    return draw(
        st.one_of(
            st.just("*"),
            number.map(str),
            step.map("*/{}".format),
            st.tuples(number, number).map("{0[0]}-{0[1]}".format),
            st.tuples(number, number, step).map("{0[0]}-{0[1]}/{0[2]}".format),
            st.lists(number, min_size=2, max_size=4).map(lambda numbers: ",".join(map(str, numbers))),
            *([st.sampled_from(names)] if names else []),
        )
    )


CRONS = st.tuples(*(fields(*each) for each in FIELDS.values())).map(" ".join)
TEXTS = st.one_of(CRONS, st.text("0123456789*/-,LWRH#?@ ", max_size=20), st.text(max_size=12))


@given(cron=CRONS, zone=st.sampled_from(ZONES), after=st.sampled_from(MOMENTS))
@settings(max_examples=200, deadline=None)
def test_any_valid_cron_is_due_when_prefect_starts_runs(cron: str, zone: str, after: datetime) -> None:
    try:
        schedule = Schedule(cron=cron, timezone=zone)
    except ValueError:
        assume(False)
    check(schedule, after)


@given(text=TEXTS)
@settings(max_examples=200, deadline=None)
def test_prefect_accepts_every_valid_cron(text: str) -> None:
    from prefect._internal.schemas.validators import validate_cron_string

    try:
        Schedule(cron=text)
    except ValueError as error:
        if "R or H" in str(error) or "never due" in str(error):
            return
        with pytest.raises(ValueError, match="cron"):
            validate_cron_string(text)
    else:
        assert validate_cron_string(text) == text


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", "FREQ=DAILY;INTERVAL=3;BYHOUR=6,18", "FREQ=HOURLY",
        "FREQ=HOURLY;INTERVAL=5", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=9", "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "freq=weekly;interval=2;wkst=su",
        "FREQ=DAILY;UNTIL=20270101T000000", "DTSTART:20260301T073000\nRRULE:FREQ=DAILY;COUNT=40",
        "FREQ=DAILY;COUNT=5", "DTSTART:20260101T070000\nRRULE:FREQ=DAILY\nEXDATE:20260311T070000",
        "RDATE:20260401T090000,20270501T100000",
    ],
)  # fmt: skip
def test_rules_are_due_when_prefect_starts_runs(rule: str, zone: str) -> None:
    check(Schedule(rrule=rule, timezone=zone))


@pytest.mark.parametrize("rule", ["FREQ=MINUTELY;INTERVAL=30", "FREQ=MINUTELY;BYHOUR=2,3;BYMINUTE=30;BYSECOND=0"])
@pytest.mark.parametrize("after", MOMENTS, ids=str)
def test_frequent_rules_are_due_when_prefect_starts_runs(rule: str, after: datetime) -> None:
    """Prefect registers these with a start of their own that is in step with 2020."""
    from prefect._internal.schemas.validators import normalize_rrule_string

    schedule = Schedule(rrule=rule, timezone="Europe/Berlin")
    began = normalize_rrule_string(rule, now=after - timedelta(days=1), timezone="Europe/Berlin")
    assert our_times(schedule, after) == prefect_times(Schedule(rrule=began, timezone="Europe/Berlin"), after)


@given(
    interval=st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    zone=st.sampled_from(ZONES),
    after=st.sampled_from(MOMENTS),
)
@settings(max_examples=100, deadline=None)
def test_intervals_are_due_when_prefect_starts_runs(interval: timedelta, zone: str, after: datetime) -> None:
    interval -= timedelta(microseconds=interval.microseconds)
    check(Schedule(interval=interval, timezone=zone), after)
