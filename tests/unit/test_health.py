"""What `onrecord status` finds: each finding's code is a promise to whoever watches."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from onrecord import Ingestor
from onrecord.config import ScheduleSettings, StatusSettings
from onrecord.health import Finding, due, findings, level_of
from onrecord.records import Quarantine, Run, Step
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.live import insert_rows

NOW = datetime.now(UTC)
DEFAULT = StatusSettings()


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A warehouse after one run in which all went well."""
    made = Sandbox(tmp_path / "warehouse", documents={"a": "One two three."})
    assert not made.run().failed
    return made


def codes(sandbox: Sandbox, settings: StatusSettings = DEFAULT, **options: Any) -> list[str]:
    return [finding.code for finding in findings(Warehouse(sandbox.directory), settings, **options)]


def sentence(sandbox: Sandbox, settings: StatusSettings = DEFAULT, **options: Any) -> str:
    (finding,) = findings(Warehouse(sandbox.directory), settings, **options)
    return finding.sentence


def begin(sandbox: Sandbox, status: str, message: str | None = None, *, minutes: float = 1, steps: Any = ()) -> None:
    """Write down one more run, that many minutes from now."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    finished = None if status in ("running", "killed") else at
    run = Run(
        run_id=uuid4(),
        started_at=at,
        finished_at=finished,
        status=status,
        message=message,
        onrecord_version="0",
        config="",
    )
    nothing = dict.fromkeys(
        ("subjects", "done", "failed", "blocked", "rows", "seconds", "wall_seconds", "rows_per_second"), 0
    )
    rows = [
        Step(
            run_id=run.run_id, ordinal=n, stage="ingest", plugin=plugin, status=how,
            message="no route" if how == "failed" else None, **nothing,
        )
        for n, (plugin, how) in enumerate(steps)
    ]  # fmt: skip
    with Warehouse(sandbox.directory).writing() as connection:
        insert_rows(connection, [run], run.run_id)
        insert_rows(connection, rows, run.run_id)


def at_work(sandbox: Sandbox) -> None:
    described = {"pid": os.getpid(), "host": socket.gethostname(), "since": "now"}
    (sandbox.directory / "lock.json").write_text(json.dumps(described))


def test_nothing_is_found_where_all_is_well(sandbox: Sandbox) -> None:
    assert findings(Warehouse(sandbox.directory), DEFAULT) == []


@pytest.mark.parametrize(
    ("status", "code"), [("failed", "run-failed"), ("interrupted", "run-interrupted"), ("killed", "run-killed")]
)
def test_a_last_run_that_did_not_go_well(sandbox: Sandbox, status: str, code: str) -> None:
    begin(sandbox, status, "because of the weather")
    assert codes(sandbox) == [code]
    assert sentence(sandbox).endswith(": because of the weather")

    begin(sandbox, "completed", minutes=2)
    assert codes(sandbox) == []


def test_a_run_that_says_it_is_running_while_nobody_is_at_work_was_killed(sandbox: Sandbox) -> None:
    begin(sandbox, "running")
    assert codes(sandbox) == ["run-killed"]

    at_work(sandbox)
    assert codes(sandbox) == []


def test_a_run_at_work_does_not_hide_that_the_one_before_it_failed(sandbox: Sandbox) -> None:
    begin(sandbox, "failed")
    begin(sandbox, "running", minutes=2)
    at_work(sandbox)
    assert codes(sandbox) == ["run-failed"]


def test_a_run_that_is_overdue_by_the_settings(sandbox: Sandbox) -> None:
    daily = StatusSettings(max_age=timedelta(days=1))
    assert codes(sandbox, daily, now=NOW + timedelta(hours=23)) == []
    assert codes(sandbox, daily, now=NOW + timedelta(hours=25)) == ["run-overdue"]
    assert codes(sandbox, now=NOW + timedelta(days=1000)) == []

    at_work(sandbox)
    assert codes(sandbox, daily, now=NOW + timedelta(hours=25)) == []


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        ([], None),
        ([{"interval": "10m"}], "2026-03-10 11:50"),
        ([{"cron": "0 6,18 * * *"}], "2026-03-09 18:00"),
        # Berlin is an hour ahead: ten minutes past noon in London, ten past one there.
        ([{"cron": "0 13 * * *", "timezone": "Europe/Berlin"}], "2026-03-09 12:00"),
        ([{"rrule": "FREQ=DAILY;BYHOUR=6,18;BYMINUTE=0;BYSECOND=0"}], "2026-03-09 18:00"),
        # The one that ticks most decides.
        ([{"name": "a", "cron": "0 6,18 * * *"}, {"name": "b", "interval": "1h"}], "2026-03-10 10:10"),
        # What cannot be read is for `onrecord up` to complain of.
        ([{"cron": "every now and then"}], None),
        ([{"rrule": "FREQ=NEVER"}], None),
        ([{"cron": "0 0 30 2 *"}], None),
    ],
)
def test_a_run_should_have_ended_since_the_tick_before_the_last(
    schedules: list[dict[str, str]], expected: str | None
) -> None:
    now = datetime(2026, 3, 10, 12, 10, tzinfo=UTC)
    found = due([ScheduleSettings(**each) for each in schedules], now)
    assert (found and f"{found.astimezone(UTC):%Y-%m-%d %H:%M}") == expected


def test_a_run_that_is_overdue_by_a_schedule(sandbox: Sandbox) -> None:
    later = NOW + timedelta(hours=2)
    assert codes(sandbox, now=later, due=NOW + timedelta(hours=1)) == ["run-overdue"]
    assert codes(sandbox, now=later, due=NOW + timedelta(hours=3)) == []
    assert codes(sandbox, now=later, due=NOW - timedelta(hours=1)) == []


def test_an_ingestor_that_fails_and_since_when(sandbox: Sandbox) -> None:
    begin(sandbox, "completed", minutes=1, steps=[("feeds", "completed")])
    for minutes in (2, 3):
        begin(sandbox, "failed", "part", minutes=minutes, steps=[("feeds", "failed"), ("files", "completed")])

    assert codes(sandbox) == ["run-failed", "ingestor-failing"]
    found = findings(Warehouse(sandbox.directory), DEFAULT)
    assert found[1].sentence == "ingestor feeds failed in each of the last 2 runs: no route"


def test_an_ingestor_that_really_fails_is_found(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> None:
    class Unreachable(Ingestor):
        name, version = "unreachable", "1"

        def discover(self) -> Any:
            raise ConnectionError("no route to the source")

    sandbox = Sandbox(tmp_path / "warehouse", plugin_of(Unreachable()), documents={"a": "One."})
    sandbox.run()

    assert codes(sandbox) == ["run-failed", "ingestor-failing"]


def test_a_quarantine_that_grows(sandbox: Sandbox) -> None:
    def failure(plugin: str, failed_at: datetime) -> Quarantine:
        return Quarantine(
            stage="annotate", plugin=plugin, subject_id=uuid4(), uri="a", input_hash="", fingerprint="", version="1",
            error="", traceback="", failed_at=failed_at,
        )  # fmt: skip

    rows = [failure("claims", NOW) for _ in range(2)] + [failure("names", NOW), failure("old", NOW - timedelta(days=3))]
    with Warehouse(sandbox.directory).writing() as connection:
        insert_rows(connection, rows, uuid4())

    assert codes(sandbox, StatusSettings(max_quarantined=3)) == []
    assert sentence(sandbox, StatusSettings(max_quarantined=2)) == (
        "3 subjects have come into quarantine within a day, where 2 may: claims 2, names 1"
    )


def test_readers_without_anything_to_read(sandbox: Sandbox) -> None:
    (sandbox.directory / "onrecord.duckdb").unlink()
    assert codes(sandbox) == ["nothing-published"]


def test_what_cannot_be_told(tmp_path: Path, sandbox: Sandbox) -> None:
    assert level_of(findings(Warehouse(tmp_path / "nowhere"), DEFAULT)) == "unknown"

    (sandbox.directory / "live.duckdb").write_bytes(b"scrap")
    (finding,) = findings(Warehouse(sandbox.directory), DEFAULT)
    assert (finding.code, finding.level) == ("unreadable", "unknown")


def test_what_needs_attention_counts_more_than_what_cannot_be_told() -> None:
    unknown, attention = Finding("a", "", "unknown"), Finding("b", "")
    assert level_of([unknown, attention]) == "attention"
    assert level_of([unknown]) == "unknown"
    assert level_of([]) == "fine"
