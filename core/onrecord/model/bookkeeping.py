"""The bookkeeping tables: ledger, quarantine, component versions, runs, steps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from .row import References, Row

StageName = Literal["ingest", "clean", "annotate", "aggregate", "check", "publish"]


class Ledger(Row, key=("component", "subject_id")):
    """Which component version has done which subject, in which state.
    The ledger decides what is pending.
    """

    stage: StageName
    """The stage."""
    component: str
    """The component; `clean` stands for all cleaners together."""
    subject_id: UUID
    """The article, or for an aggregator the warehouse as a whole."""
    input_hash: str
    """Hash of the subject's content then."""
    fingerprint: str
    """The component version then: a row of `component_version`."""


class Quarantine(Row, key=("component", "subject_id")):
    """A subject that a component failed on.
    It is retried if either of them changes, or on request.
    """

    stage: StageName
    """The stage."""
    component: str
    """The component that failed."""
    subject_id: UUID
    """The article."""
    uri: str
    """The URI of its document."""
    input_hash: str
    """Hash of the subject's content."""
    fingerprint: str
    """The component version: a row of `component_version`."""
    version: str
    """The component's version."""
    error: str
    """The error's class and text."""
    traceback: str
    """The traceback of the error."""
    transient: bool = False
    """Whether every later run retries it, since the error may pass."""
    released: bool = False
    """Whether a user asked for a retry."""
    failed_at: datetime
    """When it first failed, with this component version and this content."""


class ComponentVersion(Row, key=("component", "fingerprint")):
    """A component version that a run has used; the ledger has its fingerprint."""

    component: str
    """The component's name."""
    fingerprint: str
    """Hash of component, version, configuration, pipeline and requirements."""
    stage: StageName
    """The stage in which it runs."""
    version: str
    """The version that its author gave it."""
    configuration: str
    """Its configuration, as canonical JSON."""
    pipeline: str | None = None
    """The spaCy pipeline that it uses, name and version."""
    requirements: str
    """The fingerprints of the components that it requires, as canonical JSON."""
    distribution: str
    """The distribution or file that it is from."""
    source_hash: str
    """Hash of its source files: a change under the same version causes a warning."""
    writes: list[str]
    """The tables that it writes."""
    per_article: bool
    """Whether the rows of those tables belong to an article."""


class Run(Row, key=("run_id",)):
    """One execution of the flow; its id is on every row that it wrote."""

    run_id: UUID
    """The run."""
    started_at: datetime
    """When it began."""
    finished_at: datetime | None = None
    """When it ended."""
    status: Literal["running", "completed", "failed", "interrupted", "killed"]
    """How it ended. The next run marks one that was killed."""
    message: str | None = None
    """Why it failed, in a line per reason."""
    changed: bool = False
    """Whether it changed any table other than `run`, `step` and `component_version`, and so has to be published."""
    sources: list[str] = []  # noqa: RUF012 (pydantic copies it)
    """The ingestors that it asked for documents."""
    all_sources: bool = False
    """Whether these were all ingestors."""
    onrecord_version: str
    """The version of the program."""
    config: str
    """The configuration file."""


class Step(Row, key=("run_id", "ordinal")):
    """What one component did in one run."""

    run_id: Annotated[UUID, References("run")]
    """The run."""
    ordinal: int
    """Its place in the run, from 0."""
    stage: StageName
    """The stage."""
    component: str
    """The component, or the stage's own name."""
    subjects: int
    """Subjects that it was given."""
    done: int
    """Subjects that it finished."""
    failed: int
    """Subjects that it failed on."""
    blocked: int
    """Subjects that it skipped because a component that it requires failed on them."""
    rows: int
    """Rows that it wrote."""
    seconds: float
    """Seconds inside the component, summed over workers."""
    wall_seconds: float
    """Seconds from the beginning to the end of its stage."""
    rows_per_second: float
    """Rows per second inside the component."""
    status: Literal["completed", "failed", "stopped"]
    """How it ended; stopped means that it failed too often and got no more subjects."""
    message: str | None = None
    """What went wrong."""


CLEAN = "clean"
"""The name of all cleaners together in the ledger."""
