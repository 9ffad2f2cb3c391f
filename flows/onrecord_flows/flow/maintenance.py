"""The flow `maintain`: `onrecord maintain` on a schedule."""

from __future__ import annotations

from prefect import State, flow, get_run_logger
from prefect.runtime import deployment
from prefect.states import Completed

from onrecord.cli.maintain import describe_check, describe_maintenance
from onrecord.errors import OnrecordError
from onrecord.operations.retention import maintain_warehouse
from onrecord.operations.verification import check_when_due
from onrecord.plugins.registry import Plugins
from onrecord.warehouse import Warehouse

from .tasks import load_flow_settings, log_flow


@flow(name="maintain", persist_result=False, validate_parameters=False)
def maintain(config: str, warehouse: str | None = None, dry_run: bool = False, wait: bool = True) -> State[None] | None:
    """Make a backup, remove expired rows and compact the live database, as [maintain] says.

    `config` is the path of an onrecord.toml; `warehouse` overrides its setting. With `wait`, the flow waits for a run
    that holds the warehouse.
    """
    settings = load_flow_settings(config, warehouse)
    if deployment.id is not None and not Warehouse(settings.warehouse).live.exists():
        # A schedule may fire before the first run is over: that is no failure.
        return Completed(name="Skipped", message=f"{settings.warehouse}: no run has made a warehouse there yet")
    with log_flow(settings, "maintain"):
        done = maintain_warehouse(settings.warehouse, settings.maintain, dry_run=dry_run, wait=wait)
        for line in describe_maintenance(done, settings, dry_run=dry_run):
            get_run_logger().info(line)
        failures = None if dry_run else check_when_due(Plugins(settings))
        for line in describe_check(failures):
            get_run_logger().info(line)
    if failures:
        raise OnrecordError("\n".join(describe_check(failures)))
    return None
