"""The builder of batch results: takes rows and failures, hands back Arrow tables."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import pyarrow as pa

from ..errors import PluginError, RowError, TransientError
from ..model.bookkeeping import Ledger, Quarantine
from ..model.row import Row
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..plugins.components import Aggregator, Annotator
from .work import Batch, BatchResult, Counters


class ResultBuilder:
    """Collects what components make of a batch's subjects, and builds its result.

    Each subject is added or failed, by each component. One that is neither was blocked: it waits for a component that
    failed on it.
    """

    def __init__(self, batch: Batch, tables: Mapping[str, Table] = STANDARD_TABLES) -> None:
        self._batch = batch
        self._tables = tables
        columns = batch.subjects.select(["subject_id", "input_hash", "uri"])
        self._subjects = {subject["subject_id"]: subject for subject in columns.to_pylist()}
        self._rows: dict[str, dict[UUID, Sequence[Row]]] = defaultdict(dict)
        self._converted: dict[str, dict[str, pa.Table]] = {}
        self._failures: list[Quarantine] = []
        self._seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def measure(self, component: str) -> Iterator[None]:
        """Count the seconds of the block as spent inside the component."""
        begun = perf_counter()
        try:
            yield
        finally:
            self._seconds[component] += perf_counter() - begun

    def add(self, component: str, subject_id: UUID, rows: Sequence[Row]) -> None:
        """Add the rows that a component made of a subject."""
        self._rows[component][subject_id] = rows

    def fail(self, component: str, subject_id: UUID, error: BaseException) -> None:
        """Quarantine a subject that a component failed on."""
        subject = self._subjects[subject_id]
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        self._failures.append(
            Quarantine.model_construct(
                stage=self._batch.stage,
                component=component,
                subject_id=subject_id,
                uri=subject["uri"],
                input_hash=subject["input_hash"],
                fingerprint=self._batch.versions[component].fingerprint,
                version=self._batch.versions[component].version,
                error=_escape_surrogates(f"{type(error).__name__}: {_read_message(error)}{notes}"),
                traceback=_escape_surrogates("".join(traceback.format_exception(error))),
                transient=self._batch.stage == "ingest" and isinstance(error, TransientError | OSError),
                failed_at=datetime.now(UTC),
            )
        )

    def convert(self, component: str) -> Mapping[UUID, Sequence[Row]]:
        """Convert a component's rows to Arrow; returns them, by subject.

        Subjects whose rows do not fit their tables fail, and are not among those returned.
        """
        made = self._rows[component]
        if component not in self._converted:
            try:
                tables = convert_rows(made, self._tables)
            except RowError:
                for subject_id, rows in list(made.items()):
                    try:
                        convert_rows({subject_id: rows}, self._tables)
                    except RowError as error:
                        del made[subject_id]
                        self.fail(component, subject_id, error)
                tables = convert_rows(made, self._tables)
            self._converted[component] = tables
        return made

    def build(self) -> BatchResult:
        """Build the result, with entries for the ledger and the quarantine."""
        batch, result = self._batch, BatchResult(self._batch.stage, self._batch.number)
        entries = []
        for component in batch.components:
            done = list(self.convert(component))
            result.tables |= self._converted[component]
            # A failed annotator's rows go; the last document that could be fetched, or cleaned, stays.
            result.replaced[component] = list(self._subjects) if batch.stage == "annotate" else done
            failed = sum(failure.component == component for failure in self._failures)
            result.counters[component] = Counters(
                subjects=len(batch),
                done=len(done),
                failed=failed,
                blocked=len(batch) - len(done) - failed,
                rows=sum(table.num_rows for table in self._converted[component].values()),
                seconds=self._seconds[component],
            )
            entries += [
                Ledger.model_construct(
                    stage=batch.stage,
                    component=component,
                    subject_id=subject_id,
                    input_hash=self._subjects[subject_id]["input_hash"],
                    fingerprint=batch.versions[component].fingerprint,
                )
                for subject_id in done
            ]
        result.tables["ledger"] = STANDARD_TABLES["ledger"].arrow(entries)
        result.tables["quarantine"] = STANDARD_TABLES["quarantine"].arrow(self._failures)
        return result


def fail_batch(batch: Batch, error: BaseException) -> BatchResult:
    """Build the result of a batch whose components all failed on all subjects."""
    builder = ResultBuilder(batch)
    for subject_id in batch.subjects["subject_id"].to_pylist():
        for component in batch.components:
            builder.fail(component, subject_id, error)
    return builder.build()


def convert_rows(made: Mapping[UUID, Iterable[Row]], tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    """Convert rows to Arrow, by table. Raises RowError for rows that do not fit."""
    by_table: dict[str, list[Any]] = defaultdict(list)
    for subject_id, rows in made.items():
        for row in rows:
            name = row.__table__
            by_table[name].append((subject_id, row) if tables[name].per_article else row)
    return {name: tables[name].arrow(rows) for name, rows in by_table.items()}


def check_class(component: Annotator | Aggregator, row: Row) -> None:
    """Raise PluginError for a row of a class that the component does not write."""
    if type(row) not in component.writes:
        raise PluginError(
            component.name, f"yielded a {type(row).__name__}, which is not among the rows that it `writes`"
        )


def _read_message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"


def _escape_surrogates(text: str) -> str:
    """Escape what UTF-8 cannot hold, e.g. in a file's name that is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
