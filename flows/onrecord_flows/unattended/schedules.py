"""The schedules of a configuration, as deployments of the flow in a work pool of their own."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
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
from prefect.schedules import Schedule
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker
from pydantic import ValidationError

from onrecord.config.loading import Configuration
from onrecord.config.settings import ScheduleSettings
from onrecord.errors import ConfigError, OnrecordError

from ..flow.etl import etl
from ..flow.maintenance import maintain

TAG = "onrecord up"
"""On every deployment that comes from a schedule of the configuration."""

ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)
"""What intervals are counted from: the same at every start, so that a schedule stays what it was."""

_FLOWS: dict[str, Flow[..., Any]] = {"etl": etl, "maintain": maintain}

AnySchedule: TypeAlias = CronSchedule | IntervalSchedule | RRuleSchedule


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule that has been checked."""

    settings: ScheduleSettings
    schedule: AnySchedule

    @property
    def words(self) -> str:
        """When it runs what."""
        settings = self.settings
        when = f"every {settings.interval}" if settings.interval else f"{settings.cron or settings.rrule}"
        zone = f" ({settings.timezone})" if not settings.interval else ""
        what = "maintenance" if settings.flow == "maintain" else ", ".join(settings.sources) or "all sources"
        return f"{when}{zone}, {what}"

    def next_due(self) -> datetime | None:
        """When it is due next; None for one that is over."""
        dates = asyncio.run(self.schedule.get_dates(1, start=datetime.now(UTC)))
        return datetime.fromtimestamp(dates[0].timestamp(), UTC) if dates else None


def planned(configuration: Configuration) -> list[Planned]:
    """The schedules of a configuration, checked. Raises ConfigError."""
    schedules = []
    for settings in configuration.settings.schedule:
        key = next(key for key in ("cron", "interval", "rrule") if getattr(settings, key) is not None)
        try:
            schedules.append(Planned(settings, _schedule(settings)))
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            value = getattr(settings, key)
            raise ConfigError(configuration.file, f"schedule {settings.name}", key, reason, value) from error
    return schedules


def register(
    client: SyncPrefectClient, configuration: Configuration, schedules: Sequence[Planned], *, own: bool = False
) -> None:
    """Make the work pool and the deployments what the configuration says; what it no longer has goes.

    Raises OnrecordError when the pool is somebody else's. On a server of our own, whose database lies in the
    warehouse's folder, nobody else can have one: if its name is another, the machine was renamed or the folder moved.
    """
    settings = configuration.settings
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
    kept = {_register(configuration, each) for each in schedules}
    for deployment in client.read_deployments(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])),
    ):
        if deployment.id not in kept:
            client.delete_deployment(deployment.id)


def deployment_name(pool: str, schedule: str) -> str:
    """What the deployment of a schedule is called, beside those of other warehouses on the same server."""
    return f"{pool}-{schedule}"


def _register(configuration: Configuration, planned: Planned) -> UUID:
    settings, schedule = configuration.settings, planned.settings
    assert configuration.file is not None
    flow, own = _FLOWS[schedule.flow], {"sources": schedule.sources} if schedule.flow == "etl" else {}
    deployment = flow.to_deployment(
        deployment_name(settings.up.pool, schedule.name),
        schedule=Schedule(
            interval=schedule.interval,
            cron=schedule.cron,
            rrule=schedule.rrule,
            timezone=schedule.timezone,
            anchor_date=ANCHOR,
        ),
        parameters={
            "config": str(configuration.file),
            "warehouse": str(settings.warehouse),
            # For somebody who gave a command: the worker takes one run at a time, and ticks do not pile up behind it.
            "wait": True,
            **own,
        },
        description=f"{planned.words}: {settings.warehouse}",
        tags=[TAG],
        work_pool_name=settings.up.pool,
        # The plain command: without one, the worker starts two more processes first, to fetch code that is here.
        job_variables={
            "command": shlex.join([sys.executable, "-m", "prefect.engine"]),
            "working_dir": str(configuration.file.parent),
        },
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment)
    registered = deployment.apply()
    assert isinstance(registered, UUID)
    return registered


def _schedule(settings: ScheduleSettings) -> AnySchedule:
    if settings.interval is not None:
        anchored = {"interval": settings.interval, "anchor_date": ANCHOR, "timezone": settings.timezone}
        return IntervalSchedule.model_validate(anchored)
    if settings.cron is not None:
        return CronSchedule(cron=settings.cron, timezone=settings.timezone)
    assert settings.rrule is not None
    return RRuleSchedule(rrule=settings.rrule, timezone=settings.timezone)
