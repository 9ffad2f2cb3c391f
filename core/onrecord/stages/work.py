"""What goes into a task and what comes out of it. Both are Arrow tables and plain values, so they travel."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import RowError, TransientError
from ..model.bookkeeping import Ledger, Quarantine, StageName
from ..model.tables import STANDARD_TABLES


@dataclass(frozen=True, slots=True)
class Batch:
    """A few hundred subjects for one task, and the components that have work to do on all of them."""

    stage: StageName
    number: int
    components: tuple[str, ...]
    """Names of the components, in the order in which they run."""
    fingerprints: Mapping[str, str]
    """The fingerprint of each, for the ledger."""
    subjects: pa.Table
    """A row per subject: `subject_id`, `input_hash`, `uri` and what the stage reads."""
    language: str | None = None
    """The language of all subjects, in the stage annotate."""
    given: Mapping[str, pa.Table] = field(default_factory=dict)
    """Rows already in the warehouse that the components require, by table."""

    def __len__(self) -> int:
        return int(self.subjects.num_rows)

    @property
    def label(self) -> str:
        """How the task is called where tasks are shown: stage, plugins and number."""
        plugins = "" if self.components == (self.stage,) else f" {'+'.join(self.components)}"
        return f"{self.stage}{plugins} {self.number:04}"

    def only(self, subject_ids: Iterable[str]) -> Batch:
        """The same batch with fewer subjects."""
        chosen = pc.is_in(self.subjects["subject_id"], pa.array(list(subject_ids), pa.string()))
        return dataclasses.replace(self, subjects=self.subjects.filter(chosen))

    def halves(self) -> tuple[Batch, Batch]:
        """The batch cut in two, to find the subject that brings a worker down."""
        middle = len(self) // 2
        return (
            dataclasses.replace(self, subjects=self.subjects.slice(0, middle)),
            dataclasses.replace(self, subjects=self.subjects.slice(middle)),
        )


@dataclass(slots=True)
class Counters:
    """What a component did in a batch, or in several added up."""

    subjects: int = 0
    done: int = 0
    failed: int = 0
    blocked: int = 0
    rows: int = 0
    seconds: float = 0.0
    """Inside the component."""

    def __add__(self, other: Counters) -> Counters:
        return Counters(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))


@dataclass(slots=True)
class BatchResult:
    """What a task hands back: tables to load, subjects to quarantine, counts and seconds."""

    stage: StageName
    number: int
    tables: dict[str, pa.Table] = field(default_factory=dict)
    """Rows to load by table, `ledger` and `quarantine` among them."""
    replaced: dict[str, list[str]] = field(default_factory=dict)
    """For each component, the subjects whose rows these replace: also those that have no rows any more."""
    counters: dict[str, Counters] = field(default_factory=dict)

    @property
    def transient(self) -> list[str]:
        """The subjects that failed in a way that may pass."""
        quarantined = self.tables.get("quarantine")
        if quarantined is None:
            return []
        return [str(i) for i in quarantined.filter(quarantined["transient"])["subject_id"].to_pylist()]

    def without(self, subject_ids: Sequence[str]) -> BatchResult:
        """The result less what it says of some subjects that failed, which are about to be tried again."""
        quarantined = self.tables["quarantine"]
        again = pc.is_in(quarantined["subject_id"], pa.array(list(subject_ids), pa.string()))
        counted = {}
        for name, counters in self.counters.items():
            n = sum(q["component"] == name for q in quarantined.filter(again).to_pylist())
            counted[name] = dataclasses.replace(counters, subjects=counters.subjects - n, failed=counters.failed - n)
        kept = quarantined.filter(pc.invert(again))
        return dataclasses.replace(self, tables={**self.tables, "quarantine": kept}, counters=counted)

    @classmethod
    def merged(cls, results: Sequence[BatchResult]) -> BatchResult:
        """One result of several parts of a batch."""
        whole = cls(results[0].stage, results[0].number)
        for result in results:
            for name, table in result.tables.items():
                whole.tables[name] = pa.concat_tables([whole.tables[name], table]) if name in whole.tables else table
            for name, subjects in result.replaced.items():
                whole.replaced[name] = whole.replaced.get(name, []) + subjects
            for name, counters in result.counters.items():
                whole.counters[name] = whole.counters.get(name, Counters()) + counters
        return whole


Made = Mapping[str, Sequence[Any]]
"""What was made of one subject: rows by table, as `Table.arrow` takes them."""


class Book:
    """Keeps the ledger of a batch while it is worked on."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._subjects = {
            subject["subject_id"]: subject
            for subject in batch.subjects.select(["subject_id", "input_hash", "uri"]).to_pylist()
        }
        self._ledger: list[Ledger] = []
        self._quarantine: list[Quarantine] = []

    def done(self, component: str, subject_id: str) -> None:
        """Enter that a component has done a subject."""
        self._ledger.append(
            Ledger.model_construct(
                stage=self.batch.stage,
                component=component,
                subject_id=subject_id,
                input_hash=self._subjects[subject_id]["input_hash"],
                fingerprint=self.batch.fingerprints[component],
            )
        )

    def failed(self, component: str, version: str, subject_id: str, error: BaseException) -> None:
        """Enter that a component failed on a subject."""
        subject = self._subjects[subject_id]
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        self._quarantine.append(
            Quarantine(
                stage=self.batch.stage,
                component=component,
                subject_id=subject_id,  # type: ignore[arg-type]
                uri=subject["uri"],
                input_hash=subject["input_hash"],
                fingerprint=self.batch.fingerprints[component],
                version=version,
                error=_storable(f"{type(error).__name__}: {_words_of(error)}{notes}"),
                traceback=_storable("".join(traceback.format_exception(error))),
                transient=self.batch.stage == "ingest" and isinstance(error, TransientError | OSError),
                failed_at=datetime.now(UTC),
            )
        )

    def stored(self, component: str, version: str, made: dict[str, Made]) -> dict[str, pa.Table]:
        """What was made of each subject, by table, and the entries for it.

        A subject whose rows do not fit their tables is taken out of `made` and entered as failed.
        """
        try:
            tables = _converted(made)
        except RowError:
            for subject_id in list(made):
                try:
                    _converted({subject_id: made[subject_id]})
                except RowError as error:
                    del made[subject_id]
                    self.failed(component, version, subject_id, error)
            tables = _converted(made)
        for subject_id in made:
            self.done(component, subject_id)
        return tables | self.tables()

    def tables(self) -> dict[str, pa.Table]:
        """The ledger and quarantine rows."""
        return {
            "ledger": STANDARD_TABLES["ledger"].arrow(self._ledger),
            "quarantine": STANDARD_TABLES["quarantine"].arrow(self._quarantine),
        }


def _converted(made: Mapping[str, Made]) -> dict[str, pa.Table]:
    names = dict.fromkeys(name for rows in made.values() for name in rows)
    return {name: STANDARD_TABLES[name].arrow([row for rows in made.values() for row in rows[name]]) for name in names}


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"


def _storable(text: str) -> str:
    """Text as UTF-8 can hold it: the name of a file, say, that is not UTF-8 has halves of characters in it."""
    return text.encode("utf-8", "backslashreplace").decode()
