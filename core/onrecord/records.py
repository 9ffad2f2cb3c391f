"""The standard tables: what every warehouse has, whichever plugins fill it.

Plugins import the rows that they write or read from here (`Mention`, `Claim`, …); a plugin's own
tables are declared in the plugin, in the same way.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import PrivateAttr

from .rows import References, Row, Span, Table, table_of

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from .reading import Reading

AnyRow = TypeVar("AnyRow", bound=Row)


# ── What the stages write ────────────────────────────────────────────────────────────────────────


class Document(Row, key=("document_id",), append_only=True):
    """What an ingestor fetched, byte for byte. A changed document is a new row: old versions stay."""

    document_id: UUID
    """Identifies the URI and the content together."""
    article_id: UUID
    """Identifies the URI: all versions of a document are readings of one article."""
    uri: str
    """Where it was fetched from."""
    ingestor: str
    """The ingestor that fetched it."""
    fetched_at: datetime
    """When this version was first fetched."""
    media_type: str
    """Its media type, e.g. text/html."""
    content_hash: str
    """Hash of content, media type and metadata together."""
    content: bytes
    """The bytes as fetched."""
    metadata: dict[str, Any]
    """What the source said of it beside the content: headline, byline, outlet, published, language, url, …"""


class Listing(Row, key=("article_id",)):
    """What is known of each place that documents come from: which version is current, and whether it is gone."""

    article_id: UUID
    """Identifies the URI. There is no article yet where the document could not be cleaned."""
    uri: str
    """Where it is."""
    ingestor: str
    """The ingestor that lists it."""
    document_id: Annotated[UUID, References("document")]
    """The version of the document that was fetched last."""
    withdrawn_at: datetime | None = None
    """When it was first missing at its source; empty while it is there."""


ArticleKind = Literal["article", "stub", "index", "login", "error", "empty"]
ANNOTATED: tuple[ArticleKind, ...] = ("article", "stub")
"""The kinds that annotators get to see."""
ANNOTATED_SQL = ", ".join(f"'{kind}'" for kind in ANNOTATED)
"""The same for a query: `kind in (…)`."""


class Article(Row):
    """An article: a document after cleaning. Annotators receive this class."""

    article_id: UUID
    """Identifies the article's URI."""
    document_id: Annotated[UUID, References("document")]
    """The version of the document that it was read from."""
    headline: str | None = None
    """The headline, where the document has one."""
    body: str
    """The running text: paragraphs separated by an empty line. All offsets refer to it."""
    body_hash: str
    """Hash of the body: equal bodies have equal hashes."""
    content_hash: str
    """Hash of all that an annotator can read of the article: what makes annotations stale."""
    outlet: str | None = None
    """The name of the outlet that carried it."""
    outlet_domain: str | None = None
    """The outlet's domain, e.g. aljazeera.com."""
    byline: str | None = None
    """Its authors, as written."""
    credit: str | None = None
    """Whom the outlet credits as the source, e.g. a news agency, as written."""
    dateline: str | None = None
    """The place (and agency) at the head of the text, as written."""
    published_at: datetime | None = None
    """When it was published."""
    published_precision: Literal["second", "minute", "day", "month", "year"] | None = None
    """How much of published_at is known."""
    published_method: str | None = None
    """How published_at is known, best first: metadata (of the source), json-ld, meta, microdata, time element, url,
    or by the text: a line of it, dateline, weekday."""
    published_doubt: str | None = None
    """Why published_at can hardly be right, e.g. in the future; empty where it may be."""
    modified_at: datetime | None = None
    """When it was last changed, as its page says."""
    url: str | None = None
    """Its canonical address, as its page gives it; without one, the address that the source gave."""
    section: str | None = None
    """The outlet's section that it stands in, as written."""
    language: str
    """ISO 639 code, of two letters where there is one."""
    language_method: Literal["stated", "identified", "default"] = "default"
    """Whether the source said so, or the words did, or nothing did and it is the configured default."""
    language_confidence: float | None = None
    """How certain it is, from 0 to 1, where it was identified by the words."""
    kind: ArticleKind = "article"
    """What it is: an article; the beginning of one that only subscribers can read (stub); or what is no article and
    is not annotated: a list of other pages (index), a page to sign in at, an error's, or one without a text."""
    kind_reason: str | None = None
    """Why it is not an ordinary article; empty where it is."""
    word_count: int
    """Words in the body, split at white space."""

    _reading: Reading | None = PrivateAttr(default=None)

    @property
    def doc(self) -> Doc:
        """The body as a spaCy `Doc`, parsed once for all annotators; for annotators with `uses_doc = True`.

        Raises PluginError when the annotator did not say so (its rows could not be kept up to date), and
        when no pipeline is registered for the article's language.
        """
        if self._reading is None:
            raise RuntimeError("this article was made outside a stage; use onrecord.testing.read()")
        return self._reading.doc(self)

    def rows(self, row: type[AnyRow]) -> list[AnyRow]:
        """The rows of that class which the annotators named in `requires` wrote for this article."""
        if self._reading is None:
            raise RuntimeError("this article was made outside a stage; use onrecord.testing.read()")
        return self._reading.rows(self, row)


SegmentKind = Literal[
    "headline", "body", "caption", "sidebar", "subheading", "byline", "dateline", "credit",
    "boilerplate", "duplicate", "fragment", "comment", "teaser", "metadata",
]  # fmt: skip


class Segment(Row, key=("ordinal",)):
    """A stretch of a document's text with a verdict: kept, and as what, or cut, and why."""

    ordinal: int
    """Its place in the document, from 0."""
    kind: SegmentKind
    """What it is."""
    kept: bool
    """Whether the article has it: in the body, or as headline, byline, dateline or credit."""
    reason: str | None = None
    """Why it was given that kind or cut; empty for plain body text."""
    cleaner: str | None = None
    """The cleaner that decided; empty where none had to."""
    start_char: int
    """Where it begins in the document's text: 0-based, in Unicode code points."""
    end_char: int
    """Where it ends there, exclusive."""
    body_start: int | None = None
    """Where it begins in the article's body, if it is in it."""
    body_end: int | None = None
    """Where it ends there, exclusive."""
    text: str | None = None
    """The words of a stretch that is not in the body."""


# ── What annotators write ────────────────────────────────────────────────────────────────────────


class Mention(Span, key=("ordinal",)):
    """A name, or a word that stands for one, at a place in an article."""

    ordinal: int
    """Its place among the article's mentions, from 0."""
    kind: Literal["name", "pronoun", "nominal"]
    """A name (John Kerry), a pronoun (he), or a noun phrase (the secretary)."""
    label: Literal["person", "organization", "place", "group", "event", "other"]
    """What kind of thing it names."""


class Claim(Row, key=("ordinal",)):
    """An attributed statement: who is on record saying what, where."""

    claim_id: UUID
    """Identifies the article, the place and the words."""
    ordinal: int
    """Its place among the article's claims, from 0."""
    speaker: str | None = None
    """The source as written; empty where there is none."""
    speaker_mention: int | None = None
    """Ordinal of the mention that names the speaker: in the source, or what a pronoun stands for."""
    speaker_status: Literal["named", "pronoun", "anonymous", "none"]
    """How the source is given."""
    speaker_rule: str | None = None
    """How speaker_mention was found, e.g. in_source, nearest_person."""
    cue: str | None = None
    """The words that attribute, as written: said, according to."""
    cue_lemma: str | None = None
    """The cue in its base form: say."""
    cue_class: str | None = None
    """What is done in saying it: say, claim, deny, demand, promise, accuse, believe, ask, agree, …"""
    content: str
    """What is said, as written; an ellipsis ( … ) stands between separate stretches."""
    quote_type: Literal["direct", "indirect", "mixed"]
    """In quotation marks, without, or in part."""
    negated: bool = False
    """Whether the cue is negated: did not say."""
    confidence: float
    """From 0 to 1."""


class ClaimSpan(Span, key=("claim_id", "role", "ordinal")):
    """A stretch of a claim: its source, cue or (part of its) content in the article's body."""

    claim_id: Annotated[UUID, References("claim")]
    """The claim."""
    role: Literal["source", "cue", "content"]
    """What the stretch is in the claim."""
    ordinal: int
    """Its place among the stretches with that role, from 0."""


# ── What aggregators write ───────────────────────────────────────────────────────────────────────


EntityKind = Literal["person", "organization", "place", "group", "event", "other"]


class Entity(Row, key=("entity_id",)):
    """A person, organization, place or group that mentions refer to, across articles and outlets."""

    entity_id: UUID
    """Identifies the kind and the name."""
    name: str
    """The name to show."""
    kind: EntityKind
    """What it is."""
    mention_count: int
    """Mentions that refer to it."""
    article_count: int
    """Articles with such a mention."""
    first_seen: datetime | None = None
    """When the earliest such article was published, where known."""
    last_seen: datetime | None = None
    """When the latest such article was published, where known."""


class Alias(Row, key=("entity_id", "alias")):
    """A name that an entity goes by."""

    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    alias: str
    """The name as written."""
    kind: Literal["name", "short", "title", "acronym", "spelling", "metonym"]
    """How it relates to the entity's name."""
    rule: str
    """How that is known."""
    mention_count: int
    """Mentions by that name."""


class MentionEntity(Row, key=("article_id", "ordinal")):
    """Which entity a mention refers to."""

    article_id: Annotated[UUID, References("article")]
    """The article."""
    ordinal: int
    """The mention's ordinal in it."""
    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    metonym: bool = False
    """Whether the name stands for something else, as Moscow does for a government."""
    rule: str
    """How that is known, e.g. exact, last_name."""
    score: float
    """From 0 to 1."""


class ClaimEntity(Row, key=("claim_id", "entity_id", "role")):
    """An entity that has a part in a claim."""

    claim_id: Annotated[UUID, References("claim")]
    """The claim."""
    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    role: Literal["speaker", "addressee", "about"]
    """Its part."""


# ── Bookkeeping ──────────────────────────────────────────────────────────────────────────────────

StageName = Literal["ingest", "clean", "annotate", "aggregate", "check", "publish"]


class Ledger(Row, key=("plugin", "subject_id")):
    """Which plugin has done which subject, and in what state both were: the answer to what is still to do."""

    stage: StageName
    """The stage."""
    plugin: str
    """The plugin's component; `clean` stands for all cleaners together."""
    subject_id: UUID
    """The article, or for an aggregator the warehouse as a whole."""
    input_hash: str
    """Hash of what the subject was then."""
    fingerprint: str
    """What the plugin was then: a row of `plugin`."""


class Quarantine(Row, key=("plugin", "subject_id")):
    """A subject that a plugin failed on. It is tried again when either of them changes, or on request."""

    stage: StageName
    """The stage."""
    plugin: str
    """The component that failed."""
    subject_id: UUID
    """The article."""
    uri: str
    """Where its document is."""
    input_hash: str
    """Hash of what the subject was."""
    fingerprint: str
    """What the plugin was: a row of `plugin`."""
    version: str
    """The plugin's version."""
    error: str
    """The error's class and text."""
    traceback: str
    """Where it was raised."""
    transient: bool = False
    """Whether every later run tries it again, because it may work then."""
    released: bool = False
    """Whether somebody asked for it to be tried again."""
    failed_at: datetime
    """When it first did, with the plugin and the subject as they are."""


class Plugin(Row, key=("plugin", "fingerprint")):
    """A component in each state that it has been used in: what a fingerprint in the ledger stands for."""

    plugin: str
    """The component's name."""
    fingerprint: str
    """Hash of all that follows up to `requirements`."""
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
    """Whether it changed anything but this table, `step` and `plugin`: then there is something to publish."""
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
    plugin: str
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


INGEST_TABLES = (table_of(Document, per_article=False), table_of(Listing, per_article=False))
CLEAN_TABLES = (table_of(Article, per_article=True), table_of(Segment, per_article=True))
ANNOTATION_TABLES = tuple(table_of(row, per_article=True) for row in (Mention, Claim, ClaimSpan))
AGGREGATE_TABLES = tuple(table_of(row, per_article=False) for row in (Entity, Alias, MentionEntity, ClaimEntity))
BOOKKEEPING_TABLES = tuple(table_of(row, per_article=False) for row in (Ledger, Quarantine, Plugin, Run, Step))
STANDARD_TABLES: dict[str, Table] = {
    table.name: table
    for table in INGEST_TABLES + CLEAN_TABLES + ANNOTATION_TABLES + AGGREGATE_TABLES + BOOKKEEPING_TABLES
}
