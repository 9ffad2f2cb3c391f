"""The engine of a run, which takes batches from the plan and loads their results.

A flow drives it (see `onrecord_flows.flow.etl`, or `onrecord.testing` without a scheduler)::

    with start_run(plugins) as run:
        for name, ingestor in run.ingestors.items():
            run.record_listing(name, discover(ingestor))
        for stage in STAGES:
            for result in map(perform, run.batches(stage)):
                run.load(result)
        for name in run.aggregators:
            run.aggregate(name)
        run.check()
        run.publish()
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from time import perf_counter
from typing import Any, Literal
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from ..errors import PLUGIN_FAILURES, CheckError, OnrecordError
from ..limits import time_limit
from ..logs import log_context
from ..model.bookkeeping import Ledger, Run, StageName, Step
from ..model.report import RunReport
from ..model.tables import STANDARD_TABLES
from ..planning.plan import WAREHOUSE_SUBJECT, Plan
from ..planning.versions import ComponentVersions
from ..plugins.components import Ingestor
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, Counters, aggregate
from ..warehouse import runs, source_items
from ..warehouse.database import Warehouse
from ..warehouse.loading import mark_changed
from ..warehouse.lock import lock_warehouse

log = logging.getLogger("onrecord")

STAGES: tuple[StageName, ...] = ("ingest", "clean", "annotate")
"""The stages that work batch by batch, in order."""


class RunFailed(OnrecordError):
    """A run failed in part; its other results are loaded."""


@dataclass(slots=True)
class _Progress:
    counters: Counters = field(default_factory=Counters)
    wall_seconds: float = 0.0
    status: Literal["completed", "failed", "stopped"] = "completed"
    message: str | None = None


class ActiveRun:
    """A run in progress, which holds the warehouse's lock and does all the writing."""

    def __init__(
        self,
        plugins: Plugins,
        sources: Sequence[str] | None = (),
        warehouse: Warehouse | None = None,
        versions: ComponentVersions | None = None,
    ) -> None:
        """Make a run of the configured warehouse with all sources and components.

        With None as `sources` it asks none; with `versions` it recomputes the rows of these components only.
        """
        self.plugins = plugins
        self._sources = {} if sources is None else select_ingestors(plugins, sources)
        self.settings = plugins.settings
        self.warehouse = warehouse or Warehouse(self.settings.warehouse)
        self.id: UUID = uuid4()
        self.note: str | None = None
        """The message in the table `run` of a successful run, for runs such as promotions."""
        self.plan = Plan(plugins, self.warehouse, versions)
        self._stopped: set[str] = set()
        self._progress: dict[tuple[StageName, str], _Progress] = {}
        self._began: dict[StageName, float] = {}
        self._row = Run(
            run_id=self.id,
            started_at=datetime.now(UTC),
            status="running",
            sources=list(self._sources),
            all_sources=sources is not None and self._sources.keys() == plugins.ingestors.keys(),
            onrecord_version=metadata.version("onrecord"),
            config=str(plugins.settings.file or ""),
        )
        self._finished = False

    def prepare(self) -> None:
        """Do what a run with `prepare=False` left out: update tables, record versions."""
        self.warehouse.prepare(self.plugins.tables.values(), self.plugins.table_owners)
        with self.warehouse.writing() as connection:
            self._record_components(connection)

    @property
    def ingestors(self) -> Mapping[str, Ingestor]:
        """The ingestors of this run by name; the listing of each must be recorded."""
        return self._sources

    @property
    def aggregators(self) -> list[str]:
        """The names of the aggregators in the order in which they run."""
        return list(self.plugins.aggregators)

    def record_listing(self, name: str, items: pa.Table) -> None:
        """Record an ingestor's items (see `stages.discover`), and mark deleted ones."""
        self._step("ingest", name)
        with self.warehouse.writing() as connection:
            before = source_items.count_deleted(connection, name)
            items, taken = self.plan.add_items(connection, name, items)
            if source_items.mark_deleted(connection, name, items, self.id, complete=self.ingestors[name].complete):
                mark_changed(connection, self.id)
            gone = source_items.count_deleted(connection, name) - before
        if gone > 0:
            log.warning("%s no longer lists %s document(s): their articles are marked as deleted", name, gone)
        if taken:
            log.warning("%s lists %s document(s) that another ingestor has; they are left to that one", name, taken)

    def record_listing_failure(self, name: str, error: BaseException) -> None:
        """Record that an ingestor could not list its documents, which stay unchanged."""
        self._fail("ingest", name, f"could not list its documents: {type(error).__name__}: {error}")

    def has_work(self) -> bool:
        """Return whether anything is to be done or published, once all sources are listed."""
        return (
            any(any(self.plan.find_work(stage)) for stage in STAGES)
            or any(self.plan.aggregate_state(name)[0] != "current" for name in self.aggregators)
            or self.has_changed
        )

    def batches(self, stage: StageName, workers: int = 1) -> Iterator[Batch]:
        """Yield the work of a stage as batches, each of whose results must be loaded."""
        total, has_outlived_failures = self.plan.find_work(stage)
        if has_outlived_failures:
            with self.warehouse.writing() as connection:
                self.plan.delete_outlived_failures(connection, stage)
                mark_changed(connection, self.id)
        self.begin(stage, total)
        yield from self.plan.batches(stage, total, workers, self._stopped)

    def begin(self, stage: StageName, total: int) -> None:
        """Log that a stage begins, with its number of subjects."""
        self._began[stage] = perf_counter()
        _log_event("stage", stage=stage, total=total)

    def load(self, result: BatchResult) -> None:
        """Load a result in one transaction; stop a component that has failed too often."""
        for name, subjects_to_replace in self._find_invalidated(result).items():
            result.replaced.setdefault(name, []).extend(subjects_to_replace)
        writes = {version.component: version.writes for version in self.plan.versions.values()}
        writes |= {name: ["document", "source_item"] for name in self.plugins.ingestors}
        self.warehouse.load(result, self.plugins.tables, writes, self.id)
        settings = self.settings.run
        for component, counters in result.counters.items():
            progress = self._step(result.stage, component)
            progress.counters += counters
            progress.wall_seconds = perf_counter() - self._began[result.stage]
            failed, processed = progress.counters.failed, progress.counters.done + progress.counters.failed
            too_many = failed >= settings.min_failed and failed > settings.max_failed_share * processed
            if progress.status == "completed" and too_many:
                progress.status = "stopped"
                self._stopped.add(component)
                progress.message = f"failed on {failed} of {progress.counters.subjects} subjects"
                with log_context(stage=result.stage, component=component):
                    log.error("%s %s; it gets no more in this run", component, progress.message)
        subjects = max((counters.subjects for counters in result.counters.values()), default=0)
        all_failed = sum(counters.failed for counters in result.counters.values())
        _log_event("loaded", stage=result.stage, number=result.number, subjects=subjects, failed=all_failed)

    def aggregate(self, name: str) -> None:
        """Update an aggregator's tables; if it fails, they keep their rows."""
        aggregator = self.plugins.aggregators[name]
        state, digest = self.plan.aggregate_state(name)
        if state == "current":
            return
        entry = Ledger(
            stage="aggregate",
            component=name,
            subject_id=WAREHOUSE_SUBJECT,
            input_hash=digest,
            fingerprint=self.plan.versions[name, None].fingerprint,
        )
        tables = self.plugins.tables_of(aggregator)
        with self._track("aggregate", name) as progress:
            counters = progress.counters
            counters.subjects = 1
            try:
                for required in aggregator.requires:
                    step = self._progress.get(("aggregate", required))
                    if step is not None and step.status == "failed":
                        raise OnrecordError(f"requires {required}, which failed")
                entered = perf_counter()
                with (
                    time_limit(self.settings.run.aggregate_seconds, self.warehouse.interrupt),
                    self.plan.reading_for(name) as (reader, touched),
                ):
                    rows = aggregate(aggregator, reader, self.plugins.tables)
                counters.seconds = perf_counter() - entered
                counters.rows = self.warehouse.replace_rows(tables, rows, touched, entry, self.id)
                counters.done = 1
            except PLUGIN_FAILURES as error:
                self._fail("aggregate", name, f"{type(error).__name__}: {error}")
                counters.failed = 1
                self.warehouse.mark_outdated(name, tables, self.id)

    @property
    def has_changed(self) -> bool:
        """Whether this run or an interrupted one left changes to check and publish."""
        return not self.warehouse.is_published()

    def check(self) -> None:
        """Check the live database before publishing. Raises CheckError."""
        failed = {
            name for (stage, name), each in self._progress.items() if (stage, each.status) == ("aggregate", "failed")
        }
        outdated = {table for table, owner in self.plugins.table_owners.items() if owner in failed}
        with self._track("check", "check"):
            try:
                self.warehouse.check(*self.plugins.checked(), outdated)
            except CheckError as error:
                self._fail("check", "check", str(error))
                raise

    def publish(self) -> None:
        """Publish the live database, as the last step of a run."""
        begun = perf_counter()
        _log_event("stage", stage="publish", total=1)
        # The published copy contains this run's outcome, so the run must be finished first.
        self._step("publish", "publish").wall_seconds = 0.0
        self._finish("failed" if self._failures() else "completed")
        try:
            self.warehouse.publish()
        except BaseException as error:
            self._finished = False
            self._fail("publish", "publish", f"{type(error).__name__}: {error}")
            raise
        _log_event("loaded", stage="publish", number=0, subjects=1, failed=0, seconds=perf_counter() - begun)

    @property
    def report(self) -> RunReport:
        """The report of the run so far."""
        return RunReport(self._row, tuple(self._steps()), self.warehouse.directory)

    def _start(self, *, prepare: bool) -> list[RunReport]:
        """Record the start of the run; returns the reports of runs that were killed."""
        # The run starts when it has the lock, not when it begins to wait.
        self._row = self._row.model_copy(update={"started_at": datetime.now(UTC)})
        # First, because leftovers may fill the disk.
        self.warehouse.clear_leftovers()
        tables = self.plugins.tables if prepare else STANDARD_TABLES
        self.warehouse.prepare(tables.values(), self.plugins.table_owners)
        with self.warehouse.writing() as connection:
            killed = runs.mark_killed(connection)
            runs.begin_run(connection, self._row)
            if prepare:
                self._record_components(connection)
        reports = [report for run_id in killed if (report := runs.read_report(self.warehouse.directory, run_id))]
        for report in reports:
            began = f"{report.run.started_at:%Y-%m-%d %H:%M:%S %Z}"
            log.warning("the run of %s was killed; this one does what it left", began)
        return reports

    def _record_components(self, connection: duckdb.DuckDBPyConnection) -> None:
        for message in runs.record_components(connection, self.plan.versions.values(), self.id):
            log.warning(message)

    def _finish(self, status: Literal["completed", "failed", "interrupted"], message: str | None = None) -> None:
        if self._finished:
            return
        self._finished = True
        message = message or "\n".join(self._failures()) or self.note
        changes = {"status": status, "message": message, "finished_at": datetime.now(UTC)}
        self._row = self._row.model_copy(update=changes)
        with self.warehouse.writing() as connection:
            runs.finish_run(connection, self._row, list(self._steps()))

    def _find_invalidated(self, result: BatchResult) -> dict[str, list[UUID]]:
        """Find each component's subjects whose inputs, but not rows, are replaced.

        Such a component was stopped or does not read the language. Its rows are deleted until it runs again.
        """
        if result.stage != "annotate":
            return {}
        new = {name: set(subjects) for name, subjects in result.replaced.items()}
        invalidated = {
            name: set().union(*(new.get(each, ()) for each in self.plan.upstream[name])) - new.get(name, set())
            for name in self.plugins.annotators
        }
        return {name: sorted(subjects) for name, subjects in invalidated.items() if subjects}

    @contextmanager
    def _track(self, stage: StageName, component: str) -> Iterator[_Progress]:
        """Log and time a step that is not divided into batches."""
        begun = perf_counter()
        _log_event("stage", stage=stage, total=1, component=component)
        progress = self._step(stage, component)
        try:
            yield progress
        finally:
            progress.wall_seconds = perf_counter() - begun
        _log_event("loaded", stage=stage, number=0, subjects=1, failed=progress.counters.failed)

    def _step(self, stage: StageName, component: str) -> _Progress:
        return self._progress.setdefault((stage, component), _Progress())

    def _fail(self, stage: StageName, component: str, message: str) -> None:
        progress = self._step(stage, component)
        progress.status, progress.message = "failed", message
        with log_context(stage=stage, component=component):
            log.error("%s %s: %s", stage, component, message, exc_info=sys.exc_info()[0] is not None)

    def _failures(self) -> list[str]:
        return [
            f"{stage} {component}: {progress.message}"
            for (stage, component), progress in self._progress.items()
            if progress.status != "completed"
        ]

    def _steps(self) -> Iterator[Step]:
        for ordinal, ((stage, component), progress) in enumerate(self._progress.items()):
            counters = progress.counters
            yield Step(
                run_id=self.id,
                ordinal=ordinal,
                stage=stage,
                component=component,
                **asdict(counters),
                wall_seconds=progress.wall_seconds,
                rows_per_second=counters.rows / counters.seconds if counters.seconds else 0.0,
                status=progress.status,
                message=progress.message,
            )


def select_ingestors(plugins: Plugins, sources: Sequence[str]) -> Mapping[str, Ingestor]:
    """Return the ingestors with these names, or all. Raises OnrecordError."""
    if unknown := sorted(set(sources) - set(plugins.ingestors)):
        known = ", ".join(plugins.ingestors) or "none"
        raise OnrecordError(f"there is no source `{unknown[0]}`: the ingestors that are loaded are {known}")
    return {name: each for name, each in plugins.ingestors.items() if not sources or name in sources}


@contextmanager
def start_run(
    plugins: Plugins, *, sources: Sequence[str] | None = (), wait: bool = True, prepare: bool = True
) -> Iterator[ActiveRun]:
    """Run inside the block: hold the lock, update the tables, and record the outcome.

    `sources` names the ingestors to ask for documents; None asks none, and the documents of the others stay unchanged.
    With `prepare=False`, only the run itself is recorded until its method `prepare` is called. Raises OnrecordError
    for an unknown source, LockedError if another run holds the warehouse and `wait` is false, SchemaError if a table
    cannot be migrated to its class, and at the end RunFailed if a part failed.
    """
    run = ActiveRun(plugins, sources)
    with run_lifecycle(run, wait=wait, prepare=prepare, finished=plugins.run_finished):
        yield run


@contextmanager
def run_lifecycle(
    run: ActiveRun, *, wait: bool, prepare: bool = True, finished: Callable[[RunReport], None] = lambda report: None
) -> Iterator[None]:
    """Do what `start_run` does with an existing run; `finished` gets its report."""
    begun = False
    try:
        with lock_warehouse(run.warehouse.directory, wait=wait):
            killed = run._start(prepare=prepare)
            begun = True
            _log_event("begun", run_id=str(run.id))
            try:
                for report in killed:
                    # Immediately, in case this run is killed too.
                    finished(report)
                yield
            except BaseException as error:
                # Other errors come from outside: Ctrl-C, or the signal of a service manager.
                interrupted = not isinstance(error, Exception)
                message = "by the operator" if interrupted else f"{type(error).__name__}: {error}".rstrip(": ")
                run._finish("interrupted" if interrupted else "failed", message)
                raise
            else:
                run._finish("failed" if run._failures() else "completed")
            finally:
                run.warehouse.close()
    except BaseException:
        # After the lock is released: a notification may take long.
        if begun:
            finished(run.report)
        raise
    finished(run.report)
    if run.report.failed:
        raise RunFailed(run.report.run.message or "failed")


def _log_event(event: str, **fields: Any) -> None:
    """Log an event for `onrecord.reporting.progress`."""
    log.info(
        "%s %s", event, " ".join(f"{key}={value}" for key, value in fields.items()), extra={"event": event, **fields}
    )
