"""A task's input and output: Arrow tables and plain values, so that they travel."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from ..model.bookkeeping import ComponentVersion, StageName


@dataclass(frozen=True, slots=True)
class Batch:
    """Subjects for one task, and the components that have work to do on all of them."""

    stage: StageName
    number: int
    versions: Mapping[str, ComponentVersion]
    """The component version that does the work, by component, in the order in which they run."""
    subjects: pa.Table
    """A row per subject: `subject_id`, `input_hash`, `uri` and what the stage reads."""
    language: str | None = None
    """The language of all subjects, in the stage annotate."""
    inputs: Mapping[str, pa.Table] = field(default_factory=dict)
    """Rows already in the warehouse that the components require, by table."""

    def __len__(self) -> int:
        return int(self.subjects.num_rows)

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the components, in the order in which they run."""
        return tuple(self.versions)

    @property
    def label(self) -> str:
        """The name of the task where tasks are shown: stage, components and number."""
        components = "" if self.components == (self.stage,) else f" {'+'.join(self.components)}"
        return f"{self.stage}{components} {self.number:04}"

    def only(self, subject_ids: Collection[UUID]) -> Batch:
        """Keep only these subjects."""
        selected = pa.array([each in subject_ids for each in self.subjects["subject_id"].to_pylist()], pa.bool_())
        return self._with_subjects(self.subjects.filter(selected))

    def halves(self) -> list[Batch]:
        """Cut the batch in two, to find the subject that brings a worker down."""
        return self.cut([len(self) // 2])

    def cut(self, positions: Sequence[int]) -> list[Batch]:
        """Cut the batch before the subjects at these positions."""
        ends = pairwise([0, *positions, len(self)])
        return [self._with_subjects(self.subjects.slice(begin, end - begin)) for begin, end in ends]

    def _with_subjects(self, subjects: pa.Table) -> Batch:
        ids = subjects["subject_id"].cast(pa.binary(16))
        inputs = {
            name: rows.filter(pc.is_in(rows["article_id"].cast(pa.binary(16)), ids))
            for name, rows in self.inputs.items()
        }
        return dataclasses.replace(self, subjects=subjects, inputs=inputs)


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
    """What a task hands back: tables to load, subjects replaced, counters."""

    stage: StageName
    number: int
    tables: dict[str, pa.Table] = field(default_factory=dict)
    """Rows to load by table, `ledger` and `quarantine` among them."""
    replaced: dict[str, list[UUID]] = field(default_factory=dict)
    """For each component, the subjects whose rows these replace, also those that have none any more."""
    counters: dict[str, Counters] = field(default_factory=dict)

    @property
    def transient(self) -> list[UUID]:
        """The subjects whose failures may pass."""
        quarantined = self.tables.get("quarantine")
        if quarantined is None:
            return []
        subject_ids: list[UUID] = quarantined.filter(quarantined["transient"])["subject_id"].to_pylist()
        return subject_ids

    def without(self, subject_ids: Collection[UUID]) -> BatchResult:
        """Leave out the failures of subjects that are about to be tried again."""
        quarantined = self.tables["quarantine"]
        again = pa.array([each in subject_ids for each in quarantined["subject_id"].to_pylist()], pa.bool_())
        counters = dict(self.counters)
        for name, n in Counter(quarantined.filter(again)["component"].to_pylist()).items():
            counters[name] += Counters(subjects=-n, failed=-n)
        kept = quarantined.filter(pc.invert(again))
        return dataclasses.replace(self, tables={**self.tables, "quarantine": kept}, counters=counters)

    @classmethod
    def merge(cls, results: Sequence[BatchResult]) -> BatchResult:
        """Merge the results of the parts of a batch."""
        whole = cls(results[0].stage, results[0].number)
        for result in results:
            for name, table in result.tables.items():
                whole.tables[name] = pa.concat_tables([whole.tables[name], table]) if name in whole.tables else table
            for name, subjects in result.replaced.items():
                whole.replaced[name] = whole.replaced.get(name, []) + subjects
            for name, counters in result.counters.items():
                whole.counters[name] = whole.counters.get(name, Counters()) + counters
        return whole
