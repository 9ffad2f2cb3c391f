"""Register the configured schedules as Prefect deployments in their own work pool."""

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


def register_schedules(client: SyncPrefectClient, settings: Settings, *, own: bool = False) -> None:
    """Create or update the work pool and its deployments; delete deployments no longer configured.

    Raises OnrecordError if the pool belongs to another machine or warehouse. With `own`, the server is ours and its
    database lies in the warehouse's folder, so the pool is ours too: if its description differs, the machine was
    renamed or the folder moved.
    """
    pool, warehouse = settings.up.pool, settings.warehouse
    owner = f"onrecord up on {socket.gethostname()} for {warehouse}"
    try:
        found = client.read_work_pool(pool)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", description=owner, base_job_template=template)
        )
    else:
        if found.description != owner and own:
            client.update_work_pool(pool, WorkPoolUpdate(description=owner))
        elif found.description != owner:
            raise OnrecordError(
                f"the work pool `{pool}` of this Prefect server belongs to {found.description or 'another user'}, and "
                f"this is {owner}: name another one with `pool` in [up]"
            )
    kept = {_register_deployment(settings, each) for each in settings.schedule}
    for deployment in client.read_deployments(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])),
    ):
        if deployment.id not in kept:
            client.delete_deployment(deployment.id)


def deployment_name(pool: str, schedule: str) -> str:
    """Name the deployment of a schedule; the pool tells warehouses on one server apart."""
    return f"{pool}-{schedule}"


def prefect_schedule(schedule: Schedule) -> PrefectSchedule:
    """Return the Prefect schedule with the same times."""
    return PrefectSchedule(
        interval=schedule.interval,
        cron=schedule.cron,
        rrule=schedule.rrule,
        # In other time zones, Prefect makes some intervals longer when the clocks change.
        timezone="UTC" if schedule.interval else schedule.timezone,
        anchor_date=ANCHOR,
    )


def _register_deployment(settings: Settings, schedule: ScheduleSettings) -> UUID:
    assert settings.file is not None
    flow, own = _FLOWS[schedule.flow], {"sources": schedule.sources} if schedule.flow == "etl" else {}
    deployment = flow.to_deployment(
        deployment_name(settings.up.pool, schedule.name),
        schedule=prefect_schedule(schedule.when),
        parameters={
            "config": str(settings.file),
            "warehouse": str(settings.warehouse),
            # Wait for a run started by hand: the worker takes one run at a time, so scheduled runs do not pile up.
            "wait": True,
            **own,
        },
        description=f"{schedule.describe()}: {settings.warehouse}",
        tags=[TAG],
        work_pool_name=settings.up.pool,
        # Without a command, the worker first starts two more processes to fetch code that is already here.
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
