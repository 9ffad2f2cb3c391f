"""The schedules of a configuration, as deployments of the flow in a work pool of their own."""

from __future__ import annotations

import shlex
import socket
import sys
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Schedule as PrefectSchedule
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from onrecord.config.schedule import ANCHOR, Schedule
from onrecord.config.settings import ScheduleSettings, Settings
from onrecord.errors import OnrecordError

from ..flow.etl import etl
from ..flow.maintenance import maintain

TAG = "onrecord up"
"""On every deployment that comes from a schedule of the configuration."""

_FLOWS: dict[str, Flow[..., Any]] = {"etl": etl, "maintain": maintain}


def register(client: SyncPrefectClient, settings: Settings, *, own: bool = False) -> None:
    """Make the work pool and the deployments what the configuration says; what it no longer has goes.

    Raises OnrecordError when the pool is somebody else's. On a server of our own, whose database lies in the
    warehouse's folder, nobody else can have one: if its name is another, the machine was renamed or the folder moved.
    """
    pool, warehouse = settings.up.pool, settings.warehouse
    whose = f"onrecord up on {socket.gethostname()} for {warehouse}"
    try:
        found = client.read_work_pool(pool)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", description=whose, base_job_template=template)
        )
    else:
        if found.description != whose and own:
            client.update_work_pool(pool, WorkPoolUpdate(description=whose))
        elif found.description != whose:
            raise OnrecordError(
                f"the work pool `{pool}` of this Prefect server belongs to {found.description or 'somebody else'}, and "
                f"this is {whose}: name another one with `pool` in [up]"
            )
    kept = {_register(settings, each) for each in settings.schedule}
    for deployment in client.read_deployments(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])),
    ):
        if deployment.id not in kept:
            client.delete_deployment(deployment.id)


def deployment_name(pool: str, schedule: str) -> str:
    """What the deployment of a schedule is called, beside those of other warehouses on the same server."""
    return f"{pool}-{schedule}"


def prefect_schedule(schedule: Schedule) -> PrefectSchedule:
    """Return the schedule that has Prefect start runs at the same times."""
    return PrefectSchedule(
        interval=schedule.interval,
        cron=schedule.cron,
        rrule=schedule.rrule,
        # In another time zone, Prefect would make some intervals longer where the clock is changed.
        timezone="UTC" if schedule.interval else schedule.timezone,
        anchor_date=ANCHOR,
    )


def _register(settings: Settings, schedule: ScheduleSettings) -> UUID:
    assert settings.file is not None
    flow, own = _FLOWS[schedule.flow], {"sources": schedule.sources} if schedule.flow == "etl" else {}
    deployment = flow.to_deployment(
        deployment_name(settings.up.pool, schedule.name),
        schedule=prefect_schedule(schedule.when),
        parameters={
            "config": str(settings.file),
            "warehouse": str(settings.warehouse),
            # For somebody who gave a command: the worker takes one run at a time, and ticks do not pile up behind it.
            "wait": True,
            **own,
        },
        description=f"{schedule.describe()}: {settings.warehouse}",
        tags=[TAG],
        work_pool_name=settings.up.pool,
        # The plain command: without one, the worker starts two more processes first, to fetch code that is here.
        job_variables={
            "command": shlex.join([sys.executable, "-m", "prefect.engine"]),
            "working_dir": str(settings.file.parent),
        },
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment)
    registered = deployment.apply()
    assert isinstance(registered, UUID)
    return registered
