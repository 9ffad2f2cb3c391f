"""Schedules on a real server: registration, missed ticks and killed runs."""

from __future__ import annotations

import http.server
import importlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from onrecord.config.loading import load_settings
from onrecord.config.settings import Settings
from onrecord.errors import OnrecordError
from onrecord.warehouse.lock import lock_warehouse

from .conftest import ROOT, Project

NOW = datetime.now(UTC)


@pytest.fixture
def client(prefect_url: str) -> Iterator[object]:
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_url}), get_client(sync_client=True) as made:
        yield made


@pytest.fixture
def pool() -> str:
    return f"pool-{uuid.uuid4().hex[:8]}"


def write_schedules(project: Project, pool: str, *tables: str) -> Settings:
    project.configure(f'\n[up]\npool = "{pool}"\n' + "".join(f"\n[[schedule]]\n{table}\n" for table in tables))
    return load_settings(project.root / "onrecord.toml")


def register(client, settings: Settings, **more: bool) -> dict[str, object]:
    """Register the schedules; returns the deployments of the work pool by name."""
    from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName

    from onrecord_flows.unattended import schedules

    schedules.register_schedules(client, settings, **more)
    pool = settings.up.pool
    found = client.read_deployments(work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])))
    return {deployment.name.removeprefix(f"{pool}-"): deployment for deployment in found}


def test_registering_creates_updates_and_deletes_deployments_as_configured(project: Project, client, pool: str) -> None:
    tables = ['interval = "10s"\nsources = ["files"]', 'name = "night"\ncron = "0 3 * * *"\ntimezone = "Europe/Berlin"']
    found = register(client, write_schedules(project, pool, *tables))

    assert set(found) == {"default", "night"}
    assert found["default"].parameters == {
        "config": str(project.root / "onrecord.toml"),
        "warehouse": str(project.warehouse),
        "sources": ["files"],
        "wait": True,
    }
    ids = {name: deployment.id for name, deployment in found.items()}

    maintenance = 'name = "b"\ninterval = 60\nflow = "maintain"'
    found = register(client, write_schedules(project, pool, tables[0].replace("10s", "20s"), maintenance))
    assert set(found) == {"default", "b"}
    assert found["b"].entrypoint == "onrecord_flows.flow.maintenance.maintain"
    assert "sources" not in found["b"].parameters
    assert found["default"].id == ids["default"]
    assert [each.schedule.interval for each in found["default"].schedules] == [timedelta(seconds=20)]


def test_a_work_pool_of_another_warehouse_is_an_error(project: Project, client, pool: str, tmp_path: Path) -> None:
    register(client, write_schedules(project, pool, "interval = 60"))
    other = write_schedules(project, pool, "interval = 60").override(warehouse=tmp_path / "other")

    with pytest.raises(OnrecordError, match=f"the work pool `{pool}` .* belongs to .*{project.warehouse}.*another one"):
        register(client, other)


def test_a_warehouse_that_was_moved_keeps_the_work_pool_of_its_own_server(
    project: Project, client, pool: str, tmp_path: Path
) -> None:
    before = register(client, write_schedules(project, pool, "interval = 60"))["default"]
    moved = write_schedules(project, pool, "interval = 60").override(warehouse=tmp_path / "moved")
    after = register(client, moved, own=True)["default"]

    assert after.id == before.id
    assert after.parameters["warehouse"] == str(tmp_path / "moved")
    # The pool belongs to the moved warehouse from now on.
    register(client, moved)


# ── Missed ticks ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def deployment(project: Project, client, pool: str):
    """A deployment that is not due for a hundred years."""
    return register(client, write_schedules(project, pool, 'rrule = "FREQ=YEARLY;INTERVAL=100"'))["default"]


def overdue(client, deployment, *minutes: int, by_hand: bool = False) -> list[uuid.UUID]:
    """Create runs that were due some minutes ago."""
    from prefect.states import Scheduled

    made = []
    for ago in minutes:
        due = NOW - timedelta(minutes=ago)
        run = client.create_flow_run_from_deployment(deployment.id, state=Scheduled(scheduled_time=due))
        made.append(run.id)
        if not by_hand:
            mark_auto_scheduled(run.id)
    return made


def mark_auto_scheduled(run: uuid.UUID) -> None:
    """Mark a run as created by the server's scheduler, which the server's API cannot do."""
    import sqlite3

    with sqlite3.connect(Path(os.environ["PREFECT_HOME"]) / "prefect.db", timeout=60) as database:
        changed = database.execute("update flow_run set auto_scheduled = 1 where id = ?", [str(run)])
        assert changed.rowcount == 1


def remaining(client, runs: list[uuid.UUID]) -> list[uuid.UUID]:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    found = {run.id for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=runs)))}
    return [run for run in runs if run in found]


def test_only_the_latest_missed_tick_is_kept(client, deployment, pool: str) -> None:
    from onrecord_flows.unattended.watchdog import Watchdog

    runs = overdue(client, deployment, 50, 40, 30, 20, 10)
    assert Watchdog(client, pool).drop_missed() == 4
    assert remaining(client, runs) == runs[-1:]
    assert Watchdog(client, pool).drop_missed() == 0


def test_runs_that_are_not_due_and_runs_started_by_hand_are_kept(client, deployment, pool: str) -> None:
    from onrecord_flows.unattended.watchdog import Watchdog

    asked, runs = overdue(client, deployment, 30, 20, by_hand=True), overdue(client, deployment, 10, -10, -20)
    assert Watchdog(client, pool).drop_missed() == 0
    assert remaining(client, asked + runs) == asked + runs


def test_ticks_that_were_due_before_a_run_started_are_dropped(client, deployment, pool: str) -> None:
    from prefect.states import Running

    from onrecord_flows.unattended.watchdog import Watchdog

    at_work, *runs = overdue(client, deployment, 30, 20, 10)
    client.set_flow_run_state(at_work, Running(), force=True)
    assert Watchdog(client, pool).drop_missed() == 2
    assert remaining(client, [at_work, *runs]) == [at_work]


# ── Runs that were killed ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def start_run(client, deployment) -> Iterator[object]:
    """A function that starts a process for a run, as a worker does, and returns both."""
    from prefect.states import Running

    processes = []

    def start(state: object | None = None) -> tuple[uuid.UUID, subprocess.Popen[bytes]]:
        run = client.create_flow_run_from_deployment(deployment.id)
        process = subprocess.Popen(
            ["sleep", "600"], env={"PREFECT__FLOW_RUN_ID": str(run.id), "PATH": os.environ["PATH"]}
        )
        processes.append(process)
        client.update_flow_run(run.id, infrastructure_pid=str(process.pid))
        # A run without a process would be cancelled at once.
        client.set_flow_run_state(run.id, state or Running(), force=True)
        return run.id, process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def state_of(client, run: uuid.UUID) -> str:
    return client.read_flow_run(run).state.name


def test_a_run_whose_process_is_gone_is_marked_as_crashed_at_the_second_look(client, pool: str, start_run) -> None:
    from onrecord_flows.unattended.watchdog import Watchdog

    (alive, _), (dead, process) = start_run(), start_run()
    process.kill()
    process.wait()
    watchdog = Watchdog(client, pool)

    assert watchdog.mark_dead(NOW) == 0
    assert watchdog.mark_dead(NOW) == 1
    assert (state_of(client, alive), state_of(client, dead)) == ("Running", "Crashed")


def test_a_reused_process_id_does_not_count_as_alive(client, pool: str, start_run) -> None:
    from onrecord_flows.unattended.watchdog import Watchdog

    run, _ = start_run()
    client.update_flow_run(run, infrastructure_pid=str(os.getpid()))
    watchdog = Watchdog(client, pool)
    assert [watchdog.mark_dead(NOW), watchdog.mark_dead(NOW)] == [0, 1]


def test_a_killed_run_that_was_being_cancelled_is_marked_as_cancelled(client, pool: str, start_run) -> None:
    from prefect.states import Cancelling

    from onrecord_flows.unattended.watchdog import Watchdog

    run, process = start_run(Cancelling())
    process.kill()
    process.wait()
    watchdog = Watchdog(client, pool)
    assert [watchdog.mark_dead(NOW), watchdog.mark_dead(NOW)] == [0, 1]
    assert state_of(client, run) == "Cancelled"


def test_a_run_without_a_process_is_dead_if_its_worker_has_died(client, deployment, pool: str) -> None:
    from prefect.states import Pending

    from onrecord_flows.unattended.watchdog import Watchdog

    run = client.create_flow_run_from_deployment(deployment.id)
    client.set_flow_run_state(run.id, Pending(), force=True)
    watchdog = Watchdog(client, pool)
    before, after = NOW - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    assert [watchdog.mark_dead(before), watchdog.mark_dead(before)] == [0, 0]
    assert [watchdog.mark_dead(after), watchdog.mark_dead(after)] == [0, 1]


# ── A scheduled run ──────────────────────────────────────────────────────────────────────────────


def test_a_scheduled_run_ends_as_skipped_if_the_warehouse_is_locked(project: Project, client, deployment) -> None:
    run = client.create_flow_run_from_deployment(deployment.id, parameters={"wait": False})
    with lock_warehouse(project.warehouse, wait=False):
        done = subprocess.run(
            [sys.executable, "-m", "prefect.engine"],
            env={**project.environment, "PREFECT__FLOW_RUN_ID": str(run.id)},
            capture_output=True,
            text=True,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    state = client.read_flow_run(run.id).state
    assert (state.name, state.type) == ("Skipped", "COMPLETED")
    assert f"process {os.getpid()} on" in state.message


# ── The files in deploy/ ──────────────────────────────────────────────────────────────────────────

DEPLOY = ROOT / "deploy"


def run_prefect(client, project: Project, *arguments: str | Path) -> None:
    """Run a Prefect command, which must succeed."""
    environment = {**project.environment, "PREFECT_API_URL": str(client.api_url)}
    line = [sys.executable, "-m", "prefect", *map(str, arguments)]
    done = subprocess.run(line, cwd=project.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def create_pools(client, file: Path) -> list[str]:
    """Create the work pools as the comment of a file says; returns their names."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    (line,) = re.findall(r"^# .*work-pool create.*", file.read_text(), re.M)
    names = dict.fromkeys(re.findall(r"\bonrecord[a-z-]*", line.replace("deploy/", "")))
    (kind,) = set(re.findall(r"--type (\w+)", line))
    template = re.search(r"--base-job-template (\S+?);? ", line)
    for name in names:
        # Another test may have left one of that name and another type.
        with suppress(ObjectNotFound):
            client.delete_work_pool(name)
        contents = json.loads((ROOT / template[1]).read_text()) if template else {}
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, base_job_template=contents))
    return list(names)


@pytest.mark.parametrize("name", ["prefect.yaml", "docker/deployments.yaml", "kubernetes/deployments.yaml"])
def test_prefect_accepts_the_deployments_in_deploy(name: str, client, project: Project) -> None:
    from prefect.exceptions import ObjectNotFound

    for flow in ("etl", "maintain", "backfill"):
        # An existing deployment keeps its schedules if the file has none.
        with suppress(ObjectNotFound):
            client.delete_deployment(client.read_deployment_by_name(f"{flow}/{flow}").id)
    runs, aside = create_pools(client, DEPLOY / name)
    run_prefect(client, project, "--no-prompt", "deploy", "--all", "--prefect-file", DEPLOY / name)

    made = {flow: client.read_deployment_by_name(f"{flow}/{flow}") for flow in ("etl", "maintain", "backfill")}
    assert {flow: each.work_pool_name for flow, each in made.items()} == {
        "etl": runs,
        "maintain": aside,
        "backfill": aside,
    }
    # With containers, another service does the maintenance, after a backup.
    scheduled = {"etl", "maintain"} if name == "prefect.yaml" else {"etl"}
    assert {flow for flow, each in made.items() if each.schedules} == scheduled
    assert made["etl"].global_concurrency_limit.limit == 1
    assert made["etl"].concurrency_options.collision_strategy == "CANCEL_NEW"
    for flow, deployment in made.items():
        module, _, function = deployment.entrypoint.rpartition(".")
        assert function == flow
        assert not deployment.pull_steps
        # Raises if the flow has no such parameter.
        getattr(importlib.import_module(module), function).validate_parameters(deployment.parameters)
        # Prefect silently drops variables that the pool's template does not have.
        variables = client.read_work_pool(deployment.work_pool_name).base_job_template.get("variables", {})
        assert set(deployment.job_variables) <= set(variables.get("properties", deployment.job_variables))


@pytest.fixture
def webhook() -> Iterator[tuple[str, queue.Queue[dict[str, str]]]]:
    """The address of a receiver of notifications, and a queue of those that it received."""
    told: queue.Queue[dict[str, str]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", told
    server.shutdown()
    server.server_close()


def test_the_automations_in_deploy_report_a_failed_run(client, project: Project, webhook) -> None:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.states import Failed

    from onrecord_flows.flow.etl import etl

    url, told = webhook
    message = {"subject": "{{subject}}", "body": "{{body}}"}
    block = CustomWebhookNotificationBlock(name="test", url=url, json_data=message).save("test", overwrite=True)
    text = (DEPLOY / "automation.yaml").read_text()
    file = project.root / "automation.yaml"
    file.write_text(text.replace("00000000-0000-0000-0000-000000000000", str(block)))
    run_prefect(client, project, "automation", "create", "--from-file", file)

    made = client.read_automations()
    try:
        assert {each.name for each in made} == {each["name"] for each in yaml.safe_load(text)["automations"]}
        run = client.create_flow_run(etl, name="red-fox", parameters={"config": "onrecord.toml"})
        client.set_flow_run_state(run.id, Failed(message="1 of 3 batches failed"), force=True)
        message = told.get(timeout=100)
    finally:
        for each in made:
            client.delete_automation(each.id)

    assert message["subject"] == "onrecord: run red-fox Failed"
    assert message["body"].startswith("1 of 3 batches failed\n")
