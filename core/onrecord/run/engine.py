"""A run: it asks the plan for batches, and loads their results.

A flow drives it (see `onrecord_flows.flow.etl`, or `onrecord.testing` for the same without a scheduler)::

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
from dataclasses import dataclass, field
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
from ..model.table import Table
from ..model.tables import AGGREGATE_TABLES, ANNOTATION_TABLES, STANDARD_TABLES
from ..planning.plan import WAREHOUSE_SUBJECT, Plan
from ..planning.versions import ComponentVersions
from ..plugins.components import Ingestor
from ..plugins.reader import Reader
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, Counters, aggregate
from ..warehouse import runs, source_items
from ..warehouse.checks import derive_checks
from ..warehouse.database import Warehouse
from ..warehouse.loading import mark_changed
from ..warehouse.lock import lock_warehouse

log = logging.getLogger("onrecord")

STAGES: tuple[StageName, ...] = ("ingest", "clean", "annotate")
"""The stages that work batch by batch, in order."""


class RunFailed(OnrecordError):
    """A run that did what it could, and failed in part; what it loaded is there."""


@dataclass(slots=True)
class _Progress:
    """What a component has done in this run so far."""

    counters: Counters = field(default_factory=Counters)
    wall_seconds: float = 0.0
    status: Literal["completed", "failed", "stopped"] = "completed"
    message: str | None = None


class ActiveRun:
    """A run in progress. One process has it, holds the warehouse's lock and does all the writing."""

    def __init__(
        self,
        plugins: Plugins,
        sources: Sequence[str] | None = (),
        warehouse: Warehouse | None = None,
        versions: ComponentVersions | None = None,
    ) -> None:
        """By default a run of the configured warehouse that asks all sources and brings every component up to date.

        With None as `sources` it asks none; with `versions` it recomputes the rows of these components only.
        """
        self.plugins = plugins
        self._sources = {} if sources is None else select_ingestors(plugins, sources)
        self.settings = plugins.settings
        self.warehouse = warehouse or Warehouse(self.settings.warehouse)
        self.id: UUID = uuid4()
        self.note: str | None = None
        """What the table `run` says of a run that went well, where it was no ordinary one."""
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

    # ── what to do ───────────────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Bring the tables up to date and record the component versions, in a run that began without doing so."""
        self._prepare_tables(self.plugins.tables)
        with self.warehouse.writing() as connection:
            self._record_components(connection)

    @property
    def ingestors(self) -> Mapping[str, Ingestor]:
        """The ingestors of this run, by name; record the listing of each."""
        return self._sources

    @property
    def aggregators(self) -> list[str]:
        """The names of the aggregators, in the order in which they run."""
        return list(self.plugins.aggregators)

    def record_listing(self, name: str, items: pa.Table) -> None:
        """Record the items of an ingestor (see `stages.discover`); documents that it no longer lists are deleted."""
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
        """Take note that an ingestor could not say what there is: its documents stay as they are."""
        self._fail("ingest", name, f"could not list its documents: {type(error).__name__}: {error}")

    def batches(self, stage: StageName, workers: int = 1) -> Iterator[Batch]:
        """Yield the work of a stage as batches; load each result as it comes."""
        total = self.plan.count_work(stage)
        with self.warehouse.writing() as connection:
            if self.plan.delete_outlived_failures(connection, stage):
                mark_changed(connection, self.id)
        self.begin(stage, total)
        yield from self.plan.batches(stage, total, workers, self._stopped)

    def begin(self, stage: StageName, total: int) -> None:
        """Say that a stage begins, and how many subjects it has."""
        self._began[stage] = perf_counter()
        _log_event("stage", stage=stage, total=total)

    def load(self, result: BatchResult) -> None:
        """Load a result, in one transaction; a component that has failed too often gets no more subjects."""
        for name, overtaken in self._overtaken(result).items():
            result.replaced.setdefault(name, []).extend(overtaken)
        self.warehouse.load(result, self.plugins.tables, self._writes(), self.id)
        for component, counters in result.counters.items():
            progress = self._step(result.stage, component)
            progress.counters += counters
            progress.wall_seconds = perf_counter() - self._began[result.stage]
            if progress.status == "completed" and self._fails_too_often(progress.counters):
                progress.status = "stopped"
                self._stopped.add(component)
                progress.message = f"failed on {progress.counters.failed} of {progress.counters.subjects} subjects"
                with log_context(stage=result.stage, component=component):
                    log.error("%s %s; it gets no more in this run", component, progress.message)
        subjects = max((counters.subjects for counters in result.counters.values()), default=0)
        failed = sum(counters.failed for counters in result.counters.values())
        _log_event("loaded", stage=result.stage, number=result.number, subjects=subjects, failed=failed)

    def aggregate(self, name: str) -> None:
        """Bring an aggregator's tables up to date; one that fails keeps what it had and costs no other its own."""
        aggregator = self.plugins.aggregators[name]
        state, digest = self.plan.aggregate_state(name)
        if state == "current":
            return
        self._began["aggregate"] = begun = perf_counter()
        _log_event("stage", stage="aggregate", total=1, component=name)
        progress = self._step("aggregate", name)
        progress.counters.subjects = 1
        entry = Ledger(
            stage="aggregate",
            component=name,
            subject_id=WAREHOUSE_SUBJECT,
            input_hash=digest,
            fingerprint=self.plan.versions[name, None].fingerprint,
        )
        tables = self.plugins.tables_of(aggregator)
        try:
            if broken := [need for need in aggregator.requires if self._status("aggregate", need) == "failed"]:
                raise OnrecordError(f"requires {broken[0]}, which failed")
            entered = perf_counter()
            with time_limit(self.settings.run.aggregate_seconds, self.warehouse.interrupt):
                rows: Mapping[str, str | pa.Table] = {row.__table__: sql for row, sql in aggregator.queries.items()}
                if not rows:
                    with self.warehouse.reading() as connection:
                        rows = aggregate(aggregator, Reader(connection), self.plugins.tables)
                progress.counters.seconds = perf_counter() - entered
                progress.counters.rows = self.warehouse.replace_tables(tables, rows, entry, self.id)
            progress.counters.done = 1
            if aggregator.queries:
                # They have only been run while their tables were filled.
                progress.counters.seconds = perf_counter() - entered
        except PLUGIN_FAILURES as error:
            self._fail("aggregate", name, f"{type(error).__name__}: {error}")
            progress.counters.failed = 1
            self.warehouse.mark_outdated(name, tables, self.id)
        progress.wall_seconds = perf_counter() - begun
        _log_event("loaded", stage="aggregate", number=0, subjects=1, failed=progress.counters.failed)

    # ── ending ───────────────────────────────────────────────────────────────────────────────────

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to check and publish, from this run or from one that was cut short."""
        return not self.warehouse.is_published()

    def check(self) -> None:
        """Check what is about to be published. Raises CheckError with all that does not hold."""
        begun = perf_counter()
        _log_event("stage", stage="check", total=1)
        progress = self._step("check", "check")
        components = [*self.plugins.annotators.values(), *self.plugins.aggregators.values()]
        filled = {table.name for component in components for table in self.plugins.tables_of(component)}
        # What a component that is not loaded has left may refer to rows that are gone; it keeps nobody waiting.
        unfilled = {table.name for table in ANNOTATION_TABLES + AGGREGATE_TABLES} - filled
        tables = [table for name, table in self.plugins.tables.items() if name not in unfilled]
        try:
            self.warehouse.check(derive_checks(tables, components))
        except CheckError as error:
            self._fail("check", "check", str(error))
            raise
        finally:
            progress.wall_seconds = perf_counter() - begun
        _log_event("loaded", stage="check", number=0, subjects=1, failed=0)

    def publish(self) -> None:
        """Put what has been loaded in front of readers; the last thing that a run does."""
        begun = perf_counter()
        _log_event("stage", stage="publish", total=1)
        # The published copy says how this run went, so the run must be over when it is made.
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
        """How the run has gone so far."""
        return RunReport(self._row, tuple(self._steps()), self.warehouse.directory)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _start(self, *, prepare: bool) -> list[RunReport]:
        """Record that the run begins; returns the reports of runs that were killed."""
        # From here on, not from when it began to wait for the lock.
        self._row = self._row.model_copy(update={"started_at": datetime.now(UTC)})
        # First of all: it may be what fills the disk.
        self.warehouse.clear_leftovers()
        self._prepare_tables(self.plugins.tables if prepare else STANDARD_TABLES)
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

    def _prepare_tables(self, tables: Mapping[str, Table]) -> None:
        self.warehouse.prepare(tables.values(), self.plan.table_owners)

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

    def _overtaken(self, result: BatchResult) -> dict[str, list[UUID]]:
        """The subjects of each component whose rows no longer fit those of one that it needs, which are new.

        It was stopped, or speaks another language; its rows go, and are made again when it works again.
        """
        if result.stage != "annotate":
            return {}
        new = {name: set(subjects) for name, subjects in result.replaced.items()}
        overtaken = {}
        for name in self.plugins.annotators:
            outrun = set().union(*(new.get(each, ()) for each in self.plan.upstream[name])) - new.get(name, set())
            if outrun:
                overtaken[name] = sorted(outrun)
        return overtaken

    def _writes(self) -> dict[str, list[str]]:
        writes = {version.component: version.writes for version in self.plan.versions.values()}
        return writes | {name: ["document", "source_item"] for name in self.plugins.ingestors}

    def _step(self, stage: StageName, component: str) -> _Progress:
        return self._progress.setdefault((stage, component), _Progress())

    def _status(self, stage: StageName, component: str) -> str | None:
        progress = self._progress.get((stage, component))
        return progress.status if progress else None

    def _fail(self, stage: StageName, component: str, message: str) -> None:
        progress = self._step(stage, component)
        progress.status, progress.message = "failed", message
        with log_context(stage=stage, component=component):
            log.error("%s %s: %s", stage, component, message, exc_info=sys.exc_info()[0] is not None)

    def _fails_too_often(self, counters: Counters) -> bool:
        allowed = self.settings.run.max_failed_share * (counters.done + counters.failed)
        return counters.failed >= self.settings.run.min_failed and counters.failed > allowed

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
                subjects=counters.subjects,
                done=counters.done,
                failed=counters.failed,
                blocked=counters.blocked,
                rows=counters.rows,
                seconds=counters.seconds,
                wall_seconds=progress.wall_seconds,
                rows_per_second=counters.rows / counters.seconds if counters.seconds else 0.0,
                status=progress.status,
                message=progress.message,
            )


def select_ingestors(plugins: Plugins, sources: Sequence[str]) -> Mapping[str, Ingestor]:
    """The ingestors of these names, or all if none is given. Raises OnrecordError for a name that is none's."""
    if unknown := sorted(set(sources) - set(plugins.ingestors)):
        known = ", ".join(plugins.ingestors) or "none"
        raise OnrecordError(f"there is no source `{unknown[0]}`: the ingestors that are loaded are {known}")
    return {name: each for name, each in plugins.ingestors.items() if not sources or name in sources}


@contextmanager
def start_run(
    plugins: Plugins, *, sources: Sequence[str] | None = (), wait: bool = True, prepare: bool = True
) -> Iterator[ActiveRun]:
    """A run: holds the lock, brings the tables up to date, and writes down how it went, however it ends.

    With `sources`, only these ingestors are asked what there is, with None none at all; the documents of others stay
    as they are. With `prepare` false, nothing but the run itself is recorded until the run's method `prepare` is
    called. Raises OnrecordError for a source that there is not, LockedError if another run has the warehouse and
    `wait` is false, SchemaError if a table cannot become what its class says, and RunFailed at the end of a run of
    which a part failed.
    """
    run = ActiveRun(plugins, sources)
    with run_lifecycle(run, wait=wait, prepare=prepare, finished=plugins.run_finished):
        yield run


@contextmanager
def run_lifecycle(
    run: ActiveRun, *, wait: bool, prepare: bool = True, finished: Callable[[RunReport], None] = lambda report: None
) -> Iterator[None]:
    """What `start_run` does, with a run that has been made; `finished` is told how it went."""
    begun = False
    try:
        with lock_warehouse(run.warehouse.directory, wait=wait):
            killed = run._start(prepare=prepare)
            begun = True
            _log_event("begun", run_id=str(run.id))
            try:
                for report in killed:
                    # At once: should this run be killed as well, nobody would ever hear of the first.
                    finished(report)
                yield
            except BaseException as error:
                # What is no Exception came from outside: Ctrl-C, or the signal of a service manager.
                interrupted = not isinstance(error, Exception)
                message = "by the operator" if interrupted else f"{type(error).__name__}: {error}".rstrip(": ")
                run._finish("interrupted" if interrupted else "failed", message)
                raise
            else:
                run._finish("failed" if run._failures() else "completed")
            finally:
                run.warehouse.close()
    except BaseException:
        # Whoever is told takes their time, which nobody who waits for the lock should have to.
        if begun:
            finished(run.report)
        raise
    finished(run.report)
    if run.report.failed:
        raise RunFailed(run.report.run.message or "failed")


def _log_event(event: str, **fields: Any) -> None:
    """Tell whoever shows progress; see `onrecord.reporting.progress`."""
    log.info(
        "%s %s", event, " ".join(f"{key}={value}" for key, value in fields.items()), extra={"event": event, **fields}
    )
