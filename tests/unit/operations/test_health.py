"""What `onrecord status` finds: monitors rely on the code of each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from onrecord import Ingestor
from onrecord.config.settings import ScheduleSettings, StatusSettings
from onrecord.model.bookkeeping import Quarantine, Run, Step
from onrecord.operations.health import Finding, collect_findings, worst_level
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.loading import insert_rows
from onrecord.warehouse.lock import lock_warehouse

NOW = datetime.now(UTC)
DEFAULT = StatusSettings()


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A warehouse after one run in which all went well."""
    made = Sandbox(tmp_path / "warehouse", documents={"a": "One two three."})
    assert not made.run().failed
    return made


def codes(sandbox: Sandbox, settings: StatusSettings = DEFAULT, **options: Any) -> list[str]:
    return [finding.code for finding in collect_findings(Warehouse(sandbox.directory), settings, **options)]


def sentence(sandbox: Sandbox, settings: StatusSettings = DEFAULT, **options: Any) -> str:
    (finding,) = collect_findings(Warehouse(sandbox.directory), settings, **options)
    return finding.sentence


def begin(
    sandbox: Sandbox,
    status: str,
    message: str | None = None,
    *,
    minutes: float = 1,
    steps: Any = (),
    all_sources: bool = False,
) -> None:
    """Write down one more run, that many minutes from now."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    finished = None if status in ("running", "killed") else at
    run = Run(
        run_id=uuid4(),
        started_at=at,
        finished_at=finished,
        status=status,
        message=message,
        sources=[plugin for plugin, _ in steps],
        all_sources=all_sources,
        onrecord_version="0",
        config="",
    )
    nothing = dict.fromkeys(
        ("subjects", "done", "failed", "blocked", "rows", "seconds", "wall_seconds", "rows_per_second"), 0
    )
    rows = [
        Step(
            run_id=run.run_id, ordinal=n, stage="ingest", component=plugin, status=how,
            message="no route" if how == "failed" else None, **nothing,
        )
        for n, (plugin, how) in enumerate(steps)
    ]  # fmt: skip
    with Warehouse(sandbox.directory).writing() as connection:
        insert_rows(connection, [run], run.run_id)
        insert_rows(connection, rows, run.run_id)


@pytest.fixture
def at_work(sandbox: Sandbox) -> Iterator[Callable[[], None]]:
    """Takes the lock of the warehouse until the test is over."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(lock_warehouse(sandbox.directory, wait=False))


def test_nothing_is_found_where_all_is_well(sandbox: Sandbox) -> None:
    assert collect_findings(Warehouse(sandbox.directory), DEFAULT) == []


@pytest.mark.parametrize(
    ("status", "code"), [("failed", "run-failed"), ("interrupted", "run-interrupted"), ("killed", "run-killed")]
)
def test_a_last_run_that_did_not_go_well(sandbox: Sandbox, status: str, code: str) -> None:
    begin(sandbox, status, "because of the weather")
    assert codes(sandbox) == [code]
    assert sentence(sandbox).endswith(": because of the weather")

    begin(sandbox, "completed", minutes=2)
    assert codes(sandbox) == []


def test_a_run_that_says_it_is_running_while_nobody_is_at_work_was_killed(
    sandbox: Sandbox, at_work: Callable[[], None]
) -> None:
    begin(sandbox, "running")
    assert codes(sandbox) == ["run-killed"]

    at_work()
    assert codes(sandbox) == []


def test_a_run_at_work_does_not_hide_that_the_one_before_it_failed(
    sandbox: Sandbox, at_work: Callable[[], None]
) -> None:
    begin(sandbox, "failed")
    begin(sandbox, "running", minutes=2)
    at_work()
    assert codes(sandbox) == ["run-failed"]


def test_a_run_that_is_overdue_by_the_settings(sandbox: Sandbox, at_work: Callable[[], None]) -> None:
    daily = StatusSettings(max_age=timedelta(days=1))
    assert codes(sandbox, daily, now=NOW + timedelta(hours=23)) == []
    assert codes(sandbox, daily, now=NOW + timedelta(hours=25)) == ["run-overdue"]
    assert codes(sandbox, now=NOW + timedelta(days=1000)) == []

    at_work()
    assert codes(sandbox, daily, now=NOW + timedelta(hours=25)) == []


def test_a_run_that_goes_on_for_too_long(sandbox: Sandbox, at_work: Callable[[], None]) -> None:
    begin(sandbox, "running")
    at_work()
    assert codes(sandbox, now=NOW + timedelta(hours=23)) == []
    assert codes(sandbox, now=NOW + timedelta(hours=25)) == ["run-long"]
    assert codes(sandbox, StatusSettings(max_run=timedelta(days=2)), now=NOW + timedelta(hours=25)) == []


@pytest.mark.parametrize("cron", ["@daily", "@hourly", "0 0 ? * *"])
def test_a_schedule_is_found_overdue_however_it_is_written(sandbox: Sandbox, cron: str) -> None:
    begin(sandbox, "completed", all_sources=True)
    schedule = ScheduleSettings(cron=cron)
    assert codes(sandbox, now=NOW + timedelta(minutes=1), schedules=[schedule]) == []
    assert codes(sandbox, now=NOW + timedelta(days=3), schedules=[schedule]) == ["run-overdue"]


def test_a_schedule_whose_runs_do_not_come_is_overdue_whatever_others_do(
    sandbox: Sandbox, at_work: Callable[[], None]
) -> None:
    often = ScheduleSettings(name="often", interval=timedelta(hours=1), sources=["feeds"])
    seldom = ScheduleSettings(name="seldom", interval=timedelta(days=1), sources=["archive"])
    whole = ScheduleSettings(name="whole", interval=timedelta(days=1))

    def overdue(schedule: ScheduleSettings, hours: float) -> bool:
        return codes(sandbox, now=NOW + timedelta(hours=hours), schedules=[schedule]) == ["run-overdue"]

    begin(sandbox, "completed", steps=[("archive", "completed"), ("feeds", "completed")], all_sources=True)
    for hours in range(1, 60):
        begin(sandbox, "completed", minutes=60 * hours, steps=[("feeds", "completed")])
    assert not overdue(often, 60)
    # It is due at midnight: a day later there may have been two of them, or one.
    assert not overdue(seldom, 23)
    assert overdue(seldom, 60)
    assert overdue(whole, 60)
    found = collect_findings(
        Warehouse(sandbox.directory), DEFAULT, now=NOW + timedelta(hours=60), schedules=[often, seldom]
    )
    assert [finding.sentence.partition(":")[0] for finding in found] == ["schedule seldom is overdue"]

    # One that is at work on something else is no excuse.
    begin(sandbox, "running", minutes=60 * 60, steps=[("feeds", "completed")])
    at_work()
    assert overdue(seldom, 60.1)
    begin(sandbox, "running", minutes=60 * 60 + 1, steps=[("archive", "completed")])
    assert not overdue(seldom, 60.1)


def test_an_ingestor_that_fails_and_since_when(sandbox: Sandbox) -> None:
    begin(sandbox, "completed", minutes=1, steps=[("feeds", "completed"), ("files", "completed")], all_sources=True)
    for minutes in (2, 3):
        begin(sandbox, "failed", "part", minutes=minutes, steps=[("feeds", "failed"), ("files", "completed")])

    assert codes(sandbox) == ["run-failed", "ingestor-failing"]
    found = collect_findings(Warehouse(sandbox.directory), DEFAULT)
    assert found[1].sentence == "ingestor feeds failed in each of its last 2 runs: no route"

    # Runs that do not ask it know no better, and one that asks all but this one knows that it is gone.
    begin(sandbox, "completed", minutes=4, steps=[("files", "completed")])
    assert codes(sandbox) == ["ingestor-failing"]
    begin(sandbox, "completed", minutes=5, steps=[("files", "completed")], all_sources=True)
    assert codes(sandbox) == []


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
            stage="annotate", component=plugin, subject_id=uuid4(), uri="a", input_hash="", fingerprint="", version="1",
            error="", traceback="", failed_at=failed_at,
        )  # fmt: skip

    rows = [failure("claims", NOW) for _ in range(2)] + [failure("names", NOW), failure("old", NOW - timedelta(days=3))]
    with Warehouse(sandbox.directory).writing() as connection:
        insert_rows(connection, rows, uuid4())

    assert codes(sandbox, StatusSettings(max_quarantined=3)) == []
    assert sentence(sandbox, StatusSettings(max_quarantined=2)) == (
        "3 subjects were quarantined within a day, and at most 2 should be: claims 2, names 1"
    )


def test_readers_without_anything_to_read(sandbox: Sandbox) -> None:
    (sandbox.directory / "onrecord.duckdb").unlink()
    assert codes(sandbox) == ["nothing-published"]


def test_what_cannot_be_told(tmp_path: Path, sandbox: Sandbox) -> None:
    assert worst_level(collect_findings(Warehouse(tmp_path / "nowhere"), DEFAULT)) == "unknown"

    (sandbox.directory / "live.duckdb").write_bytes(b"scrap")
    (finding,) = collect_findings(Warehouse(sandbox.directory), DEFAULT)
    assert (finding.code, finding.level) == ("unreadable", "unknown")


def test_what_needs_attention_counts_more_than_what_cannot_be_told() -> None:
    unknown, attention = Finding("a", "", "unknown"), Finding("b", "")
    assert worst_level([unknown, attention]) == "attention"
    assert worst_level([unknown]) == "unknown"
    assert worst_level([]) == "fine"
