"""What Prefect's server does not do by itself: letting missed ticks go, and seeing that a run was killed.

A server that comes back after an hour finds every tick of that hour still to be run, and one whose worker and run
were killed together believes in that run for ever.
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
    """Looks after the runs of one work pool, on the machine where its worker is."""

    def __init__(self, client: SyncPrefectClient, pool: str) -> None:
        self._client = client
        self._pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
        self._suspects: set[UUID] = set()

    def drop_missed(self) -> int:
        """Delete overdue runs that another one makes superfluous; returns how many.

        A run does all that there is to do. So of the ticks of a schedule that are overdue only the latest is left, and
        not even that one if a run of the schedule has begun since it was due.
        """
        now = datetime.now(UTC)
        overdue: dict[UUID, list[FlowRun]] = defaultdict(list)
        for run in self._runs(
            [StateType.SCHEDULED],
            FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=now),  # type: ignore[arg-type]
        ):
            # Somebody asked for the others by hand, and waits for them.
            if run.deployment_id and run.auto_scheduled:
                overdue[run.deployment_id].append(run)
        dropped = 0
        for deployment, runs in overdue.items():
            begun = self._last_begun(deployment)
            for run in runs:
                due = run.next_scheduled_start_time or now
                if run is not runs[-1] or (begun and due <= begun):
                    with suppress(ObjectNotFound):
                        self._client.delete_flow_run(run.id)
                    dropped += 1
        return dropped

    def mark_dead(self, worker_started: datetime) -> int:
        """Mark runs whose process is gone as crashed; returns how many.

        Whoever ends properly says so to the server just before or just after its process ends: only a run that is
        found dead twice is taken for dead.
        """
        dead = {}
        for run in self._runs(_AT_WORK, FlowRunSort.START_TIME_DESC):
            since = run.state.timestamp if run.state else worker_started
            # One without a process is about to get one, unless the worker that was to start it is no more.
            if not is_running(run) if run.infrastructure_pid else since < worker_started:
                dead[run.id] = run
        marked = 0
        for run_id in self._suspects & dead.keys():
            run = dead.pop(run_id)
            message = "its process is gone: it was killed, or could not tell the server how it ended"
            cancelling = run.state is not None and run.state.type == StateType.CANCELLING
            state: State[None] = Cancelled(message=message) if cancelling else Crashed(message=message)
            try:
                self._client.set_flow_run_state(run_id, state, force=True)
            except ObjectNotFound:
                continue
            log.warning("run %s is marked as %s: %s", run.name, state.name, message)
            marked += 1
        self._suspects = set(dead)
        return marked

    def _runs(self, states: list[StateType], sort: FlowRunSort, limit: int = 200, **more: object) -> list[FlowRun]:
        wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)), **more)  # type: ignore[arg-type]
        return self._client.read_flow_runs(flow_run_filter=wanted, work_pool_filter=self._pool, sort=sort, limit=limit)

    def _last_begun(self, deployment: UUID) -> datetime | None:
        """When the last run of a deployment began that ended well, or has not ended."""
        states = [StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]
        runs = self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states))),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
        return runs[0].start_time if runs else None


def is_running(run: FlowRun) -> bool:
    """Whether the process of a run is there, and is still its own: numbers of processes are used again."""
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
