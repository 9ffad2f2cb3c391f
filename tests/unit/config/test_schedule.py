"""When a schedule is due, and which schedules there cannot be. `tests/flows` compares the times with Prefect's."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onrecord.config.schedule import ANCHOR, Schedule
from onrecord.operations.health import due_by

NOON = datetime(2026, 3, 10, 12, 10, tzinfo=UTC)
STEP = timedelta(seconds=1)


def written(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "never"


@pytest.mark.parametrize(
    ("schedule", "previous", "following"),
    [
        ({"interval": timedelta(minutes=10)}, "2026-03-10 12:00", "2026-03-10 12:20"),
        ({"interval": timedelta(days=1), "timezone": "Asia/Tokyo"}, "2026-03-10 00:00", "2026-03-11 00:00"),
        ({"cron": "0 6,18 * * *"}, "2026-03-10 06:00", "2026-03-10 18:00"),
        ({"cron": "@hourly"}, "2026-03-10 12:00", "2026-03-10 13:00"),
        ({"cron": "@daily"}, "2026-03-10 00:00", "2026-03-11 00:00"),
        ({"cron": "0 0 ? * *"}, "2026-03-10 00:00", "2026-03-11 00:00"),
        ({"cron": "0 0 L * *"}, "2026-02-28 00:00", "2026-03-31 00:00"),
        ({"cron": "0 9 * MAR FRI"}, "2026-03-06 09:00", "2026-03-13 09:00"),
        ({"cron": "0 0 29 2 *"}, "2024-02-29 00:00", "2028-02-29 00:00"),
        # Berlin is an hour ahead: ten minutes past noon in London, ten past one there.
        ({"cron": "0 13 * * *", "timezone": "Europe/Berlin"}, "2026-03-10 12:00", "2026-03-11 12:00"),
        ({"rrule": "FREQ=DAILY;BYHOUR=6,18;BYMINUTE=0;BYSECOND=0"}, "2026-03-10 06:00", "2026-03-10 18:00"),
        ({"rrule": "FREQ=MINUTELY;INTERVAL=45"}, "2026-03-10 12:00", "2026-03-10 12:45"),
        ({"rrule": "FREQ=MINUTELY;BYMONTH=5;BYMONTHDAY=1"}, "2025-05-01 23:59", "2026-05-01 00:00"),
        ({"rrule": "FREQ=DAILY;UNTIL=20200201T000000"}, "2020-02-01 00:00", "never"),
        ({"rrule": "DTSTART:20260310T130000\nRRULE:FREQ=DAILY"}, "never", "2026-03-10 13:00"),
        ({"cron": "0 0 1 1 * 0 2030"}, "never", "2030-01-01 00:00"),
    ],
)
def test_a_schedule_is_due_at(schedule: dict[str, Any], previous: str, following: str) -> None:
    made = Schedule(**schedule)
    assert (written(made.previous(NOON)), written(made.next(NOON))) == (previous, following)


def test_a_time_itself_is_neither_before_nor_after_it() -> None:
    for schedule in (Schedule(cron="0 * * * *"), Schedule(interval=timedelta(hours=1)), Schedule(rrule="FREQ=HOURLY")):
        there = NOON.replace(minute=0)
        assert schedule.next(there) == there + timedelta(hours=1)
        assert schedule.previous(there) == there - timedelta(hours=1)


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        # On the 29th of March it is three o'clock an hour after one.
        ("30 2 * * *", ["28 01:30", "29 01:30", "30 00:30"]),
        ("0 */1 * * *", ["28 23:00", "29 00:00", "29 01:00", "29 02:00"]),
        ("15,45 2 * * *", ["28 01:15", "28 01:45", "29 01:15", "29 01:45", "30 00:15"]),
    ],
)
def test_a_time_that_the_clock_skips_is_due_an_hour_later(cron: str, times: list[str]) -> None:
    schedule = Schedule(cron=cron, timezone="Europe/Berlin")
    found = [schedule.next(datetime.strptime("2026-03-" + times[0], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) - STEP)]
    while len(found) < len(times):
        found.append(schedule.next(found[-1]))
    assert [f"{time:%d %H:%M}" for time in found] == times
    assert [schedule.previous(time) for time in found[1:]] == found[:-1]


def test_a_time_that_the_clock_repeats_is_due_once() -> None:
    schedule = Schedule(cron="30 * * * *", timezone="Europe/Berlin")
    found = [datetime(2026, 10, 24, 23, 30, tzinfo=UTC)]
    for _ in range(3):
        found.append(schedule.next(found[-1]))
    assert [f"{time:%d %H:%M}" for time in found] == ["24 23:30", "25 00:30", "25 02:30", "25 03:30"]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"cron": "every now and then"}, "is no cron expression"),
        ({"cron": "61 * * * *"}, "is no cron expression"),
        ({"cron": ""}, "is no cron expression"),
        ({"cron": "@reboot"}, "is no cron expression"),
        ({"cron": "H * * * *"}, "it has R or H in it"),
        ({"cron": "R(0-10) * * * *"}, "it has R or H in it"),
        ({"cron": "0 0 30 2 *"}, "is never due"),
        ({"cron": "0 0 31 4,6 *"}, "is never due"),
        ({"interval": timedelta(milliseconds=10)}, "must be a second or more"),
        ({"interval": timedelta(days=9_999_999)}, "is never due"),
        ({"rrule": "FREQ=NEVER"}, "is no rule of a calendar .*FREQ"),
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, "repeats after an interval of 0"),
        ({"rrule": "FREQ=HOURLY;INTERVAL=00;BYMINUTE=5"}, "repeats after an interval of 0"),
        ({"rrule": ""}, "is no rule of a calendar"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "is never due"),
        ({"rrule": "FREQ=SECONDLY;BYMONTH=4,6;BYMONTHDAY=31"}, "is never due"),
        ({"rrule": "FREQ=DAILY;UNTIL=20191231T000000"}, "is never due: change or remove UNTIL=20191231T000000"),
        # The parser alone would search each of these until the year 9999: for seconds, minutes or years.
        ({"rrule": "FREQ=DAILY;BYSETPOS=5"}, "is never due: change or remove BYSETPOS=5"),
        ({"rrule": "FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=-3"}, "is never due"),
        ({"rrule": "FREQ=SECONDLY;BYSETPOS=2"}, "is never due"),
        ({"rrule": "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=2"}, "change or remove BYYEARDAY=366 or BYMONTH=2"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO;BYMONTH=2;BYMONTHDAY=31"}, "is never due"),
        ({"rrule": "DTSTART:20240229T000000\nRRULE:FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31"}, "is never due"),
        ({"rrule": "FREQ=DAILY;BYSETPOS=2\nEXDATE:20260101T000000"}, "is never due"),
        # The parser finds these at once, and says it in its own words.
        ({"rrule": "FREQ=HOURLY;INTERVAL=24;BYHOUR=5"}, "is never due: change or remove INTERVAL=24 or BYHOUR=5"),
        ({"rrule": "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5"}, "is never due: change or remove INTERVAL=1440 or BYHOUR=5"),
        ({"rrule": "FREQ=DAILY;BYHOUR=25"}, 'is no rule of a calendar .* like "FREQ=DAILY;BYHOUR=6,18": hour must be'),
        ({"rrule": "RDATE:" + ",".join(["20260101T000000"] * 500)}, "more than 6,500 characters"),
    ],
)
def test_a_schedule_that_cannot_be_says_why(schedule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Schedule(**schedule)


@pytest.mark.parametrize(
    ("rule", "following"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2044-02-29 00:00"),
        ("FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=2", "2026-03-10 12:30"),
        ("DTSTART:20240229T000000\nRRULE:FREQ=YEARLY;INTERVAL=3", "2036-02-29 00:00"),
    ],
)
def test_a_rule_that_is_rarely_due_is_not_refused(rule: str, following: str) -> None:
    assert written(Schedule(rrule=rule).next(NOON)) == following


def test_a_schedule_says_what_it_is_and_can_be_pickled() -> None:
    schedule = Schedule(cron="@daily", timezone="Europe/Berlin")
    assert str(schedule) == "@daily (Europe/Berlin)"
    assert str(Schedule(interval=timedelta(minutes=15))) == "every 0:15:00"
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"interval": timedelta(minutes=10)}, "2026-03-10 11:50"),
        ({"cron": "0 6,18 * * *"}, "2026-03-09 18:00"),
        ({"cron": "@daily"}, "2026-03-09 00:00"),
        ({"cron": "@hourly"}, "2026-03-10 11:00"),
        ({"cron": "0 0 ? * *"}, "2026-03-09 00:00"),
        ({"rrule": "FREQ=DAILY;BYHOUR=6,18;BYMINUTE=0;BYSECOND=0"}, "2026-03-09 18:00"),
        ({"rrule": "FREQ=YEARLY;INTERVAL=100"}, "never"),
    ],
)
def test_a_run_should_have_ended_since_the_time_before_the_last(schedule: dict[str, Any], expected: str) -> None:
    assert written(due_by(Schedule(**schedule), NOON)) == expected


def test_intervals_are_counted_from_one_moment() -> None:
    assert Schedule(interval=timedelta(days=7)).next(ANCHOR) == ANCHOR + timedelta(days=7)
    assert Schedule(interval=timedelta(seconds=1.5)).next(ANCHOR + STEP) == ANCHOR + timedelta(seconds=1.5)
