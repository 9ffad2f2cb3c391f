"""`onrecord maintain`: remove old data, and give back the space."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ..backfill import list_staged_versions
from ..config.settings import Settings
from ..errors import WarehouseError
from ..operations.retention import MaintenanceReport, maintain_warehouse
from ..operations.verification import check_when_due
from ..plugins.registry import Plugins
from .options import config_options, resolve_settings
from .terminal import FAILED, console


@click.command()
@config_options
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.option("--no-wait", is_flag=True, help="End at once if a run is writing to the warehouse.")
def maintain_command(config: Path | None, warehouse: Path | None, dry_run: bool, no_wait: bool) -> None:
    """Remove data that is older than [maintain] allows, and compact the database.

    A run in progress is waited for. Removed articles and documents disappear for readers with the next run; their
    space is given back at once.
    """
    settings = resolve_settings(config, warehouse, optional=True)
    done = maintain_warehouse(settings.warehouse, settings.maintain, dry_run=dry_run, wait=not no_wait)
    for line in describe_maintenance(done, settings, dry_run=dry_run):
        console.print(line, soft_wrap=True, markup=False)
    failures = None if dry_run else check_when_due(Plugins(settings))
    for line in describe_check(failures):
        console.print(line, soft_wrap=True, markup=False)
    if failures:
        sys.exit(FAILED)


def describe_maintenance(done: MaintenanceReport, settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Describe what was removed, or would be, and what the operator must decide."""
    verb = "would remove" if dry_run else "removed"
    counts = [f"{count:,} {what}" for what, count in done.removed.items() if count]
    if done.logs:
        counts.append(f"{done.logs:,} log files ({done.log_bytes / 1e6:.1f} MB)")
    lines = [f"{verb} {', '.join(counts)}" if counts else f"{verb} nothing: all is younger than it may get"]
    if done.backup:
        lines.insert(0, f"backup in {done.backup.folder} ({done.backup.size / 1e6:.1f} MB)")
    if done.compacted:
        lines.append(f"live database: {done.bytes_before / 1e6:.1f} MB before, {done.bytes_after / 1e6:.1f} MB now")
    if not dry_run and not done.published:
        lines.append("readers get this with the next run")
    return lines + list(_find_forgotten(settings))


def describe_check(failures: list[str] | None) -> list[str]:
    """Describe the outcome of a check of all published rows; nothing if none was due."""
    if failures is None:
        return []
    return [f"of the published rows, {len(failures)} check(s) failed:", *failures] if failures else ["all checks hold"]


def _find_forgotten(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each staged version older than the runs that are kept."""
    if settings.maintain.runs is None:
        return
    oldest = (datetime.now(UTC) - timedelta(days=settings.maintain.runs)).timestamp()
    try:
        for staged in list_staged_versions(settings.warehouse):
            if staged.live.exists() and (changed := staged.live.stat().st_mtime) < oldest:
                day, name = datetime.fromtimestamp(changed, UTC).date(), staged.selection.components[0]
                yield (
                    f"the staged version of {staged.name}, {staged.selection}, has not changed since {day}: look at "
                    f"it with `onrecord diff {name}`, then `onrecord backfill {name}` with --promote or --drop"
                )
    except WarehouseError as error:
        yield str(error)
