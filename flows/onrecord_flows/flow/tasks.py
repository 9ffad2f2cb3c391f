"""The tasks of the flow: calls into core, with the names, retries and limits that Prefect gives them.

What tasks are given and hand back travels in `quote`: Prefect would otherwise look through every table for futures,
which takes seconds, and keep every result until the flow ends. So results come back in a box instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.runtime import deployment
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import quote

from onrecord import Ingestor, RunReport, TransientError
from onrecord.config.loading import load_settings
from onrecord.config.settings import RunSettings, Settings
from onrecord.errors import PLUGIN_FAILURES
from onrecord.logs import log_file_path, log_to_file
from onrecord.plugins.registry import Plugins
from onrecord.reporting.lines import render_markdown
from onrecord.run.engine import ActiveRun
from onrecord.stages import Batch, BatchResult, discover
from onrecord.workers import Workers, imap

log = logging.getLogger("onrecord")

_plugins_in_use: ContextVar[Plugins | None] = ContextVar("plugins_in_use", default=None)

sealed: Any = quote
"""Typed as Any: a task's parameters have the types of what is inside."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What came of a task that failed for good."""

    error: BaseException


def discovered(ingestor: Ingestor, settings: RunSettings) -> pa.Table | Failed:
    """Ask an ingestor what there is, again and again with growing pauses while that fails in a way that may pass."""
    box: list[pa.Table] = []
    try:
        _discover.with_options(task_run_name=f"ingest {ingestor.name} list", **_retries(settings))(
            sealed(ingestor), sealed(box), settings.list_seconds
        )
    except PLUGIN_FAILURES as error:
        return Failed(error)
    return box[-1]


def imap_tasks(team: Workers, batches: Iterable[Batch], settings: RunSettings) -> Iterator[BatchResult]:
    """Run batches as tasks, those of the stage ingest with retries; see `imap`."""

    def submit(batch: Batch) -> Callable[[], BatchResult]:
        box: list[BatchResult] = []
        options = _retries(settings) if batch.stage == "ingest" else {}
        future = _work.with_options(task_run_name=batch.label, **options).submit(
            sealed(batch), sealed(team), sealed(box)
        )
        return partial(_wait_for_result, future, box)

    return imap(team, batches, submit)


def aggregate(run: ActiveRun, name: str) -> None:
    """Bring an aggregator up to date."""
    _call.with_options(task_run_name=f"aggregate {name}")(sealed(run.aggregate), name)


def check(run: ActiveRun) -> None:
    """Check what is about to be published."""
    _call.with_options(task_run_name="check")(sealed(run.check))


def publish(run: ActiveRun) -> None:
    """Publish what has been loaded."""
    _call.with_options(task_run_name="publish")(sealed(run.publish))


def write_report(report: RunReport) -> None:
    """Leave the report of a run where the Prefect UI shows it."""
    try:
        create_markdown_artifact(
            render_markdown(report), key="onrecord-run", description="How the run went, step by step"
        )
    except Exception:
        # The run is over and has been written down in the warehouse; nothing of that depends on the page.
        log.exception("the report could not be shown in Prefect")


def load_flow_settings(config: str, warehouse: str | None) -> Settings:
    """Read the configuration that a flow is given the path of, with another warehouse if it is given one."""
    return load_settings(Path(config)).override(warehouse=Path(warehouse).resolve() if warehouse else None)


@contextmanager
def use_plugins(plugins: Plugins) -> Iterator[None]:
    """Have a flow that is called in the block use these, whatever its parameters say, and not load them again."""
    token = _plugins_in_use.set(plugins)
    try:
        yield
    finally:
        _plugins_in_use.reset(token)


def plugins_in_use() -> Plugins | None:
    """Return the plugins that the caller of a flow has loaded; None where a worker calls it."""
    return _plugins_in_use.get()


@contextmanager
def log_flow(settings: Settings, what: str) -> Iterator[None]:
    """Write the log file of a run that a worker has started; commands write theirs themselves."""
    if deployment.id is None:
        yield
        return
    with log_to_file(log_file_path(settings.warehouse, what), settings.log.format):
        yield


def is_transient(_task: Any, _task_run: Any, state: Any) -> bool:
    """Whether a failure is one that another try may not meet."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError | OSError)


def _retries(settings: RunSettings) -> dict[str, Any]:
    return {
        "retries": settings.retries,
        "retry_delay_seconds": exponential_backoff(settings.retry_seconds),
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": is_transient,
    }


@task(cache_policy=NO_CACHE, persist_result=False)
def _discover(ingestor: Ingestor, box: list[pa.Table], seconds: float) -> None:
    box.append(discover(ingestor, seconds))


@task(cache_policy=NO_CACHE, persist_result=False)
def _work(batch: Batch, team: Workers, box: list[BatchResult]) -> None:
    """Do a batch; on a retry, only the subjects that failed in a way that may pass."""
    earlier = box.pop() if box else None
    again = earlier.transient if earlier else []
    result = team.run(batch.only(again) if earlier else batch)
    box.append(BatchResult.merged([earlier.without(again), result]) if earlier else result)
    if result.transient:
        raise TransientError(f"{len(result.transient)} of {len(batch)} documents could not be fetched for now")


@task(cache_policy=NO_CACHE, persist_result=False)
def _call(function: Any, *arguments: Any) -> None:
    function(*arguments)


def _wait_for_result(future: PrefectFuture[None], box: list[BatchResult]) -> BatchResult:
    """Wait for a task's result. What still fails after the last retry is in the result, as quarantined."""
    future.wait()
    if not box:
        future.result(raise_on_failure=True)
    return box.pop()
