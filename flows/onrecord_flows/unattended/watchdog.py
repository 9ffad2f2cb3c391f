"""Drop missed ticks and mark killed runs, which Prefect's server does not do.

A server that was down for an hour starts a run for every tick of that hour. If a run is killed together with its
worker, the server shows it as running forever.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from onrecord.warehouse.lock import is_alive

log = logging.getLogger("onrecord")

_AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


class Watchdog:
    """Watches the runs of one work pool, on the machine of its worker."""

    def __init__(self, client: SyncPrefectClient, pool: str) -> None:
        self._client = client
        self._pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
        self._suspects: set[UUID] = set()

    def drop_missed(self) -> int:
        """Delete superfluous overdue runs; returns their number.

        A run does all pending work. So only the latest overdue run of a schedule is kept, and not even that one if
        another run of the schedule has started since it was due.
        """
        now = datetime.now(UTC)
        overdue: dict[UUID, list[FlowRun]] = defaultdict(list)
        for run in self._runs(
            [StateType.SCHEDULED],
            FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=now),  # type: ignore[arg-type]
        ):
            # The others were requested by hand, and somebody waits for them.
            if run.deployment_id and run.auto_scheduled:
                overdue[run.deployment_id].append(run)
        dropped = 0
        for deployment, runs in overdue.items():
            begun = self._last_start(deployment)
            for run in runs:
                due = run.next_scheduled_start_time or now
                if run is not runs[-1] or (begun and due <= begun):
                    with suppress(ObjectNotFound):
                        self._client.delete_flow_run(run.id)
                    dropped += 1
        return dropped

    def mark_dead(self, worker_started: datetime) -> int:
        """Mark runs whose process is gone as crashed; returns their number.

        A run that ends properly reports that to the server just before or after its process ends. So a run is marked
        only when it was found dead in two calls.
        """
        dead = {}
        for run in self._runs(_AT_WORK, FlowRunSort.START_TIME_DESC):
            since = run.state.timestamp if run.state else worker_started
            # A run without a process is about to get one, unless its worker has died since.
            if not is_running(run) if run.infrastructure_pid else since < worker_started:
                dead[run.id] = run
        marked = 0
        for run_id in self._suspects & dead.keys():
            run = dead.pop(run_id)
            message = "its process is gone: it was killed, or could not report its end to the server"
            cancelling = run.state is not None and run.state.type == StateType.CANCELLING
            state: State[None] = Cancelled(message=message) if cancelling else Crashed(message=message)
            try:
                self._client.set_flow_run_state(run_id, state, force=True)
            except ObjectNotFound:
                continue
            log.warning("run %s marked as %s: %s", run.name, state.name, message)
            marked += 1
        self._suspects = set(dead)
        return marked

    def _runs(self, states: list[StateType], sort: FlowRunSort, limit: int = 200, **more: object) -> list[FlowRun]:
        wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)), **more)  # type: ignore[arg-type]
        return self._client.read_flow_runs(flow_run_filter=wanted, work_pool_filter=self._pool, sort=sort, limit=limit)

    def _last_start(self, deployment: UUID) -> datetime | None:
        """Return the start of the deployment's last run that completed or is still running."""
        states = [StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]
        runs = self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states))),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
        return runs[0].start_time if runs else None


def is_running(run: FlowRun) -> bool:
    """Return whether a run's process is alive. Process ids are reused, so its environment is compared too."""
    try:
        pid = int(run.infrastructure_pid or "")
    except ValueError:
        return False
    if not is_alive(pid):
        return False
    try:
        return str(run.id).encode() in (Path("/proc") / str(pid) / "environ").read_bytes()
    except OSError:
        # Not a Linux machine.
        return True
