"""Schedules in the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from onrecord.config.loading import parse_settings
from onrecord.config.settings import ScheduleSettings
from onrecord.errors import ConfigError


def scheduled(table: Any) -> list[ScheduleSettings]:
    return parse_settings({"schedule": table}, Path("/srv/onrecord.toml")).schedule


def test_a_single_table_is_a_schedule_too() -> None:
    assert scheduled({"cron": "*/10 * * * *"}) == scheduled([{"cron": "*/10 * * * *"}])
    assert [(s.name, s.timezone, s.sources) for s in scheduled({"interval": 5})] == [("default", "UTC", [])]
    assert parse_settings({}).schedule == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(90, 90), (1.5, 1.5), ("90", 90), ("30s", 30), ("15m", 900), ("6 h", 21600), ("1d", 86400), ("PT15M", 900)],
)
def test_an_interval_is_seconds_or_a_number_with_its_unit(written: Any, seconds: float) -> None:
    assert scheduled({"interval": written})[0].interval == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "`default` needs exactly one of `cron`, `interval` and `rrule`, and has none of them"),
        ({"interval": 5, "flow": "maintain", "sources": ["files"]}, "`default` has `sources`, .*: take them out"),
        (
            {"name": "a", "cron": "* * * * *", "interval": 5},
            "`a` needs exactly one of .*, and has `cron` and `interval`",
        ),
        ({"interval": "soon"}, r"table \[schedule.0\]: key `interval`: .*duration"),
        ({"interval": 0}, r"key `interval`: must be a second or more \(it is 0\)"),
        ({"cron": "soon"}, r"table \[schedule.0\]: key `cron`: is no cron expression.* \(it is 'soon'\)"),
        ({"cron": "0 0 31 4 *"}, r"key `cron`: is never due \(it is '0 0 31 4 \*'\)"),
        ({"rrule": "FREQ=NEVER"}, r"key `rrule`: is no rule of a calendar"),
        ({"interval": 5, "timezone": "Mars/Olympus"}, r"key `timezone`: is no time zone .* \(it is 'Mars/Olympus'\)"),
        ({"interval": 5, "timezone": "Europe"}, "key `timezone`: is no time zone"),
        ({"interval": 5, "timezone": "../etc/localtime"}, "key `timezone`: is no time zone"),
        ({"interval": 5, "name": "a/b"}, "key `name`: String should match pattern"),
        ({"interval": 5, "when": "now"}, "key `when`: is not a key of this table, which has: name, cron, interval"),
        ([{"interval": 5}, {"interval": 6}], "two schedules are called `default`; give each a `name` of its own"),
    ],
)
def test_a_schedule_that_cannot_be_is_an_error_that_says_why(table: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"^/srv/onrecord.toml: .*{said}"):
        scheduled(table)


def test_a_schedule_says_when_it_runs_what() -> None:
    first, second, third = scheduled(
        [
            {"name": "a", "interval": "15m"},
            {"name": "b", "cron": "0 6 * * *", "timezone": "Asia/Tokyo", "sources": ["x"]},
            {"name": "c", "cron": "@daily", "flow": "maintain"},
        ]
    )
    assert first.describe() == "every 0:15:00, all sources"
    assert second.describe() == "0 6 * * * (Asia/Tokyo), x"
    assert third.describe() == "@daily (UTC), maintenance"
    assert second.when.next(datetime(2026, 3, 10, tzinfo=UTC)) == datetime(2026, 3, 10, 21, tzinfo=UTC)


def test_a_schedule_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_SCHEDULE", '[{"interval": "2h"}]')
    assert parse_settings({}).schedule[0].interval == timedelta(hours=2)
