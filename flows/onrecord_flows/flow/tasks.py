"""The tasks of the flows: calls into core, with names and retries for Prefect.

Arguments of tasks are wrapped in `quote`; otherwise Prefect searches every table for futures, which takes seconds. A
task puts its result into a list, its box, because Prefect keeps returned results until the flow ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.runtime import deployment
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import quote

from onrecord import RunReport, TransientError
from onrecord.config.loading import load_settings
from onrecord.config.settings import RunSettings, Settings
from onrecord.logs import log_file_path, log_to_file
from onrecord.reporting.summary import render_markdown
from onrecord.run.engine import ActiveRun
from onrecord.stages import Batch, BatchResult
from onrecord.workers import Workers, imap

from ..listing import list_source

log = logging.getLogger("onrecord")

_handed_over: ContextVar[tuple[ActiveRun, ExitStack] | None] = ContextVar("handed_over", default=None)

opaque: Any = quote
"""`quote`, typed as Any: Prefect unwraps the argument, so the task's parameter has the type of the content."""


def run_list_task(run: ActiveRun, name: str) -> None:
    """List and record the documents of an ingestor."""
    _call.with_options(task_run_name=f"ingest {name} list")(opaque(list_source), opaque(run), name)


def imap_tasks(team: Workers, batches: Iterable[Batch], settings: RunSettings) -> Iterator[BatchResult]:
    """Run batches as tasks, those of the stage `ingest` with retries; see `imap`."""

    def submit(batch: Batch) -> Callable[[], BatchResult]:
        box: list[BatchResult] = []
        options = _retries(settings) if batch.stage == "ingest" else {}
        future = _run_batch.with_options(task_run_name=batch.label, **options).submit(
            opaque(batch), opaque(team), opaque(box)
        )
        return partial(_wait_for_result, future, box)

    return imap(team, batches, submit)


def run_aggregator_task(run: ActiveRun, name: str) -> None:
    """Bring an aggregator up to date."""
    _call.with_options(task_run_name=f"aggregate {name}")(opaque(run.aggregate), name)


def run_check_task(run: ActiveRun) -> None:
    """Check the rows that are about to be published."""
    _call.with_options(task_run_name="check")(opaque(run.check))


def run_publish_task(run: ActiveRun) -> None:
    """Publish the loaded rows."""
    _call.with_options(task_run_name="publish")(opaque(run.publish))


def write_report(report: RunReport) -> None:
    """Store the report of a run as an artifact, which the Prefect UI shows."""
    try:
        create_markdown_artifact(
            render_markdown(report), key="onrecord-run", description="How the run went, step by step"
        )
    except Exception:
        # The run is over and recorded in the warehouse; the artifact is an extra.
        log.exception("the report could not be shown in Prefect")


def load_flow_settings(config: str, warehouse: str | None) -> Settings:
    """Read the configuration of a flow; `warehouse` overrides its setting."""
    return load_settings(Path(config)).override(warehouse=Path(warehouse).resolve() if warehouse else None)


@contextmanager
def hand_over(run: ActiveRun, ending: ExitStack) -> Iterator[None]:
    """Make the flow called inside the block continue this run and end it: `ending` has what is to be closed then."""
    token = _handed_over.set((run, ending))
    try:
        yield
    finally:
        _handed_over.reset(token)


def run_handed_over() -> tuple[ActiveRun, ExitStack] | None:
    """Return the run that the flow's caller has begun; None if a worker called the flow."""
    return _handed_over.get()


@contextmanager
def log_flow(settings: Settings, what: str) -> Iterator[None]:
    """Write a log file if a Prefect worker started the flow; commands write their own."""
    if deployment.id is None:
        yield
        return
    with log_to_file(log_file_path(settings.warehouse, what), settings.log.format):
        yield


def is_transient(_task: Any, _task_run: Any, state: Any) -> bool:
    """Return whether a retry may succeed."""
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
def _run_batch(batch: Batch, team: Workers, box: list[BatchResult]) -> None:
    """Run a batch; on a retry, only the subjects whose failure was transient."""
    earlier = box.pop() if box else None
    again = earlier.transient if earlier else []
    result = team.run(batch.only(again) if earlier else batch)
    box.append(BatchResult.merge([earlier.without(again), result]) if earlier else result)
    if result.transient:
        raise TransientError(f"{len(result.transient)} of {len(batch)} documents could not be fetched for now")


@task(cache_policy=NO_CACHE, persist_result=False)
def _call(function: Any, *arguments: Any) -> None:
    function(*arguments)


def _wait_for_result(future: PrefectFuture[None], box: list[BatchResult]) -> BatchResult:
    """Wait for a task's result; subjects that still fail after the last retry are in it as quarantined."""
    future.wait()
    if not box:
        future.result(raise_on_failure=True)
    return box.pop()
