"""The tables in which the engine keeps account: ledger, quarantine, runs and their steps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from .row import References, Row

StageName = Literal["ingest", "clean", "annotate", "aggregate", "check", "publish"]


class Ledger(Row, key=("component", "subject_id")):
    """Which component has done which subject, and in what state both were: the answer to what is still to do."""

    stage: StageName
    """The stage."""
    component: str
    """The component; `clean` stands for all cleaners together."""
    subject_id: UUID
    """The article, or for an aggregator the warehouse as a whole."""
    input_hash: str
    """Hash of what the subject was then."""
    fingerprint: str
    """What the component was then: a row of `component_version`."""


class Quarantine(Row, key=("component", "subject_id")):
    """A subject that a component failed on. It is tried again when either of them changes, or on request."""

    stage: StageName
    """The stage."""
    component: str
    """The component that failed."""
    subject_id: UUID
    """The article."""
    uri: str
    """Where its document is."""
    input_hash: str
    """Hash of what the subject was."""
    fingerprint: str
    """What the component was: a row of `component_version`."""
    version: str
    """The component's version."""
    error: str
    """The error's class and text."""
    traceback: str
    """Where it was raised."""
    transient: bool = False
    """Whether every later run tries it again, because it may work then."""
    released: bool = False
    """Whether somebody asked for it to be tried again."""
    failed_at: datetime
    """When it first did, with the component and the subject as they are."""


class ComponentVersion(Row, key=("component", "fingerprint")):
    """A component in each state that it has been used in: what a fingerprint in the ledger stands for."""

    component: str
    """The component's name."""
    fingerprint: str
    """Hash of component, version, configuration, pipeline and requirements."""
    stage: StageName
    """Where it works."""
    version: str
    """The version that its author gave it."""
    configuration: str
    """Its configuration, as canonical JSON."""
    pipeline: str | None = None
    """The spaCy pipeline that it uses, name and version."""
    requirements: str
    """The fingerprints of the components that it requires, as canonical JSON."""
    distribution: str
    """The distribution or file that it came from."""
    source_hash: str
    """Hash of its source files: a change without a new version is warned about."""
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
    """How it went. A run that was killed is found out by the next one."""
    message: str | None = None
    """Why it failed, in a line per reason."""
    changed: bool = False
    """Whether it changed any table but `run`, `step` and `component_version`: then there is something to publish."""
    sources: list[str] = []  # noqa: RUF012 (pydantic copies it)
    """The ingestors that it was to ask what there is."""
    all_sources: bool = False
    """Whether these were all that there were."""
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
    """Subjects that had to wait because a component that it requires failed on them."""
    rows: int
    """Rows that it wrote."""
    seconds: float
    """Seconds inside the component, summed over workers."""
    wall_seconds: float
    """Seconds from the beginning of its stage to the end of it."""
    rows_per_second: float
    """Rows per second inside the component."""
    status: Literal["completed", "failed", "stopped"]
    """How it went; stopped means that it failed too often and was given no more subjects."""
    message: str | None = None
    """What went wrong."""


CLEAN = "clean"
"""The name under which all cleaners together stand in the ledger."""
