"""The standard tables of the stages ingest and clean."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import PrivateAttr

from .row import References, Row

if TYPE_CHECKING:
    from spacy.tokens import Doc

AnyRow = TypeVar("AnyRow", bound=Row)


class ArticleContext(Protocol):
    """Gives a batch's articles parsed docs and earlier annotators' rows."""

    def doc(self, article: Article) -> Doc:
        """See `Article.doc`."""

    def rows(self, article: Article, row: type[AnyRow]) -> list[AnyRow]:
        """See `Article.rows`."""


class Document(Row, key=("document_id",), append_only=True):
    """A document, byte for byte as fetched.
    A changed document is a new row: old versions stay.
    """

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
    """What the source says about it besides the content: headline, byline, outlet, published, language, url, …"""


class SourceItem(Row, key=("article_id",)):
    """A document at its source: its current version, and when it was deleted."""

    article_id: UUID
    """Identifies the URI. A document that could not be cleaned has no article yet."""
    uri: str
    """The URI of the document."""
    ingestor: str
    """The ingestor that lists it."""
    document_id: Annotated[UUID, References("document")]
    """The version of the document that was fetched last."""
    deleted_at: datetime | None = None
    """When it was first missing at its source; empty while it is there."""


ArticleKind = Literal["article", "stub", "index", "login", "error", "empty"]
ANNOTATED: tuple[ArticleKind, ...] = ("article", "stub")
"""The kinds of articles that are annotated."""
ANNOTATED_SQL = ", ".join(f"'{kind}'" for kind in ANNOTATED)
"""The same as a list of SQL literals, for `kind in (…)`."""


class Article(Row):
    """An article: a document after cleaning. Annotators receive this class."""

    article_id: UUID
    """Identifies the article's URI."""
    document_id: Annotated[UUID, References("document")]
    """The version of the document that it was read from."""
    headline: str | None = None
    """The headline, if the document has one."""
    body: str
    """The running text: paragraphs separated by an empty line. All offsets refer to it."""
    body_hash: str
    """Hash of the body: equal bodies have equal hashes."""
    content_hash: str
    """Hash of all that an annotator can read: if it changes, annotations are stale."""
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
    """The precision of published_at."""
    published_method: str | None = None
    """The source of published_at, best first: metadata (of the source), json-ld, meta, microdata, time element, url,
    or by the text: a line of it, dateline, weekday."""
    published_doubt: str | None = None
    """Why published_at is doubtful, e.g. in the future; empty if it is not."""
    modified_at: datetime | None = None
    """When it was last changed, as its page says."""
    url: str | None = None
    """Its canonical address, as its page gives it; without one, the address that the source gave."""
    section: str | None = None
    """The section of the outlet, as written."""
    language: str
    """ISO 639 code, of two letters if there is one."""
    language_method: Literal["stated", "identified", "default"] = "default"
    """Whether the source stated the language, it was identified by the words, or it is the configured default."""
    language_confidence: float | None = None
    """The confidence, from 0 to 1, if the language was identified by the words."""
    kind: ArticleKind = "article"
    """What it is: an article, or the beginning of one that only subscribers can read (stub); the other kinds are not
    annotated: a list of other pages (index), a login page, an error page, or one without a text (empty)."""
    kind_reason: str | None = None
    """Why it is not an ordinary article; empty if it is one."""
    word_count: int
    """Words in the body, split at white space."""

    _context: ArticleContext | None = PrivateAttr(default=None)

    @property
    def doc(self) -> Doc:
        """The body as a spaCy `Doc`, parsed once for all annotators.

        For annotators with `uses_doc = True`. Raises PluginError for an annotator without `uses_doc`, whose rows could
        not be kept up to date, and if no pipeline is registered for the article's language.
        """
        if self._context is None:
            raise RuntimeError("this article was made outside a stage; use onrecord.testing.read()")
        return self._context.doc(self)

    def rows(self, row: type[AnyRow]) -> list[AnyRow]:
        """Return the article's rows of a class, from annotators in `requires`."""
        if self._context is None:
            raise RuntimeError("this article was made outside a stage; use onrecord.testing.read()")
        return self._context.rows(self, row)


SegmentKind = Literal[
    "headline", "body", "caption", "sidebar", "subheading", "byline", "dateline", "credit",
    "boilerplate", "duplicate", "fragment", "comment", "teaser", "metadata",
]  # fmt: skip


class Segment(Row, key=("ordinal",)):
    """A part of a document's text with a verdict: kept as what, or cut, and why."""

    ordinal: int
    """Its place in the document, from 0."""
    kind: SegmentKind
    """What it is."""
    kept: bool
    """Whether the article has it, in the body or as headline, byline, dateline or credit."""
    reason: str | None = None
    """Why it has that kind or was cut; empty for plain body text."""
    cleaner: str | None = None
    """The cleaner that decided; empty if none had to."""
    start_char: int
    """Where it begins in the document's text: 0-based, in Unicode code points."""
    end_char: int
    """Where it ends there, exclusive."""
    body_start: int | None = None
    """Where it begins in the article's body, if it is in it."""
    body_end: int | None = None
    """Where it ends there, exclusive."""
    text: str | None = None
    """The words, if the body does not have them."""
