"""Verification: recompute a sample of the groups of aggregators, and compare; check all published rows.

Both look at the published database, while runs go on. The outcome is kept beside it, for `onrecord status`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ..errors import PLUGIN_FAILURES
from ..planning.ledger import digest_input
from ..planning.reads import open_reader
from ..planning.touched import find_all_groups
from ..planning.versions import component_versions, find_upstream
from ..plugins.components import Aggregator
from ..plugins.registry import Plugins
from ..sql import join_on, quote_identifier, to_arrow
from ..stages import aggregate
from ..warehouse import Warehouse
from ..warehouse.checks import derive_checks, find_failures
from ..warehouse.lock import lock_warehouse

_FILE = "verification.json"
_CHECKED = "check.json"


@dataclass(frozen=True, slots=True)
class Verification:
    """How an aggregator's tables compare with a new computation."""

    component: str
    at: str
    """When, in ISO 8601."""
    rows: int = 0
    """Rows that were computed."""
    wrong: int = 0
    """Rows that differ: they were not computed, or are not in the table."""
    example: str = ""
    """One of them."""
    skipped: str = ""
    """Why it was not verified."""


def verify_warehouse(plugins: Plugins, groups: int, seed: int) -> list[Verification]:
    """Verify each aggregator on a random sample of its groups; one that has none is verified whole.

    Raises WarehouseError if nothing is published.
    """
    warehouse = Warehouse(plugins.settings.warehouse)
    with warehouse.open_published() as connection:
        done = [_verify(connection, plugins, aggregator, groups, seed) for aggregator in plugins.aggregators.values()]
    _keep(warehouse.directory / _FILE, [asdict(each) for each in done])
    return done


def read_verification(directory: Path) -> list[Verification]:
    """Return the outcome of the last verification."""
    try:
        return [Verification(**each) for each in json.loads((directory / _FILE).read_text())]
    except (OSError, ValueError, TypeError):
        return []


def check_all(plugins: Plugins) -> list[str]:
    """Check all rows of the published database; return a line for each check that fails.

    A run checks what it publishes; this finds what has happened to the file since.
    """
    warehouse = Warehouse(plugins.settings.warehouse)
    with warehouse.open_published() as connection:
        failures = find_failures(connection, derive_checks(*plugins.checked()))
    _keep(warehouse.directory / _CHECKED, {"at": datetime.now(UTC).isoformat("T", "seconds"), "failures": failures})
    return failures


def read_last_check(directory: Path) -> tuple[datetime | None, list[str]]:
    """Return when all rows were last checked, and what failed."""
    try:
        last = json.loads((directory / _CHECKED).read_text())
        return datetime.fromisoformat(last["at"]), list(last["failures"])
    except (OSError, ValueError, TypeError, KeyError):
        return None, []


def check_when_due(plugins: Plugins, now: datetime | None = None) -> list[str] | None:
    """Check all rows if the last time is longer ago than [maintain] allows; return the failures, or None."""
    every, directory = plugins.settings.maintain.check, plugins.settings.warehouse
    last, _ = read_last_check(directory)
    if every is None or (last and (now or datetime.now(UTC)) - last < timedelta(days=every)):
        return None
    return check_all(plugins) if Warehouse(directory).published.exists() else None


def _keep(file: Path, content: Any) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(content))
    new.replace(file)


def mark_for_refill(warehouse: Warehouse, components: Sequence[str]) -> None:
    """Let the next run fill the tables of these aggregators whole."""
    with lock_warehouse(warehouse.directory, wait=True), warehouse.writing() as connection:
        query = "delete from ledger where stage = 'aggregate' and list_contains($components, component)"
        connection.execute(query, {"components": list(components)})


def _verify(
    connection: duckdb.DuckDBPyConnection, plugins: Plugins, aggregator: Aggregator, groups: int, seed: int
) -> Verification:
    at = datetime.now(UTC).isoformat("T", "seconds")
    fingerprint = component_versions(plugins)[aggregator.name, None].fingerprint
    digest = digest_input(connection, find_upstream(plugins)[aggregator.name])
    query = """
        -- Are the rows those of the present version, made of the present input?
        select count(*)
        from ledger
        where component = $component and fingerprint = $fingerprint and input_hash = $digest
    """
    current = {"component": aggregator.name, "fingerprint": fingerprint, "digest": digest}
    if connection.execute(query, current).fetchall() != [(1,)]:
        return Verification(aggregator.name, at, skipped="its rows are not up to date")
    try:
        sample = _sample_groups(connection, plugins, aggregator, groups, seed) if aggregator.groups else None
        made = aggregate(aggregator, open_reader(connection, plugins, aggregator, sample), plugins.tables)
    except PLUGIN_FAILURES as error:
        return Verification(aggregator.name, at, skipped=f"{type(error).__name__}: {error}")
    wrong: list[dict[str, Any]] = []
    for table in plugins.tables_of(aggregator):
        rows = made.get(table.name, table.schema.empty_table())
        connection.register("_made", rows)
        within = "" if sample is None else f"semi join touched g on {join_on(sample.column_names, 't', 'g')}"
        same = join_on(rows.column_names, "t", "o")
        stored = f"(from {quote_identifier(table.name)} t {within} select * exclude (run_id))"
        for one, other in (("_made", stored), (stored, "_made")):
            wrong += to_arrow(connection.sql(f"from {one} t anti join {other} o on {same}")).to_pylist()
    example = str({name: str(value) for name, value in wrong[0].items()}) if wrong else ""
    return Verification(aggregator.name, at, sum(each.num_rows for each in made.values()), len(wrong), example)


def _sample_groups(
    connection: duckdb.DuckDBPyConnection, plugins: Plugins, aggregator: Aggregator, groups: int, seed: int
) -> pa.Table:
    """Draw groups from those that should be there and those that are."""
    computed = find_all_groups(connection, aggregator)
    connection.register("_groups", computed)
    names = ", ".join(map(quote_identifier, computed.column_names))
    stored = (f"select {names} from {quote_identifier(table.name)}" for table in plugins.tables_of(aggregator))
    everything = " union ".join(["from _groups", *stored])
    sample = f"using sample reservoir({groups} rows) repeatable ({seed})"
    return to_arrow(connection.sql(f"from (from ({everything}) order by all) {sample}"))
