"""Components of plugins: ingestors, cleaners, annotators and aggregators.

Subclass one, name it, and pass an instance to `register`. A component's results depend on its arguments only: it opens
no database, keeps no state between subjects and may run in any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ..config.settings import DOCUMENT_BYTES
from ..model.row import Row

if TYPE_CHECKING:
    from ..model.content import Article
    from ..model.draft import Draft
    from .reader import Reader


class Config(BaseModel):
    """A component's settings, from `[plugins.NAME]`; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Component:
    """Base of the four kinds of components."""

    name: str
    """A unique name, used for its table in the configuration and in the ledger."""
    version: str
    """Change it when the same input gives different rows: all rows are then recomputed."""
    requires: Sequence[str] = ()
    """Names of components whose rows it reads; it runs after them and is stale when they are."""
    writes: Sequence[type[Row]] = ()
    """The row classes that it may write. No two components write the same table."""
    checks: Mapping[str, str] = {}
    """Queries by name that return invalid rows; any such row blocks publishing."""

    Config: ClassVar[type[BaseModel]] = Config
    """The class of its settings: a nested subclass of onrecord.Config with a field for each setting."""

    @cached_property
    def config(self) -> Any:
        """Its settings, an instance of `Config`: from the configuration, or the defaults."""
        return self.Config()


@dataclass(frozen=True, slots=True)
class Item:
    """A document that an ingestor lists, before it is fetched."""

    uri: str
    """The address of the document, which identifies the article."""
    token: str
    """A modification time, an ETag or similar: when it changes, the document is fetched again."""
    size: int = 0
    """The size in bytes, if known; it limits batches."""
    limit: int = DOCUMENT_BYTES
    """Most bytes of content that the run accepts; `fetch` may stop reading there."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content and metadata of a fetched document."""

    content: bytes
    """The unchanged bytes."""
    media_type: str
    """E.g. text/plain, text/html."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Facts beside the content. Cleaners understand headline, byline, outlet, outlet_domain, url, section, credit,
    published and modified (ISO 8601) and language; other keys are stored unchanged."""


class Ingestor(Component):
    """A source of documents: lists all of them cheaply, and fetches new ones."""

    schemes: Sequence[str] = ()
    """The URI schemes that `fetch` understands, e.g. ("file",)."""
    complete: bool = True
    """Whether `discover` lists all documents. Those missing from a complete listing are marked as deleted;
    a feed, which drops old entries, is not complete."""

    def discover(self) -> Iterable[Item]:
        """List all documents without reading them; raise rather than list too few."""
        raise NotImplementedError

    def fetch(self, item: Item) -> Fetched:
        """Read one document. Raise TransientError or an OSError if a retry may succeed."""
        raise NotImplementedError


class Cleaner(Component):
    """A step that turns a document into an article: it labels stretches of the text."""

    order: int = 500
    """Cleaners run in this order, lowest first; equal ones by name."""

    def clean(self, draft: Draft) -> None:
        """Change the draft: cut or mark stretches, set the headline, outlet, dates, …"""
        raise NotImplementedError


class Annotator(Component):
    """A function from an article to rows."""

    uses_doc: bool = False
    """Whether it reads `article.doc`; its rows are then stale when the spaCy pipeline changes."""
    pipes: Sequence[str] = ()
    """spaCy factories that it needs in the pipeline, e.g. ("onrecord_attributions",). Missing ones are added at the end
    of the pipeline, so that the annotator works with any pipeline."""

    def annotate(self, article: Article) -> Iterable[Row]:
        """Return the rows for one article."""
        raise NotImplementedError

    def annotate_batch(self, articles: Sequence[Article]) -> Iterable[Iterable[Row]]:
        """Return the rows of each article, in order; override it if batches are faster."""
        return [list(self.annotate(article)) for article in articles]


class Aggregator(Component):
    """A function from the warehouse to rows; rerun when its inputs have changed.

    It reads only tables of components that it requires, and those of documents and articles.
    """

    queries: Mapping[type[Row], str] = {}
    """For an aggregator in plain SQL: the query that fills the table of each row class, with columns by name."""
    groups: Sequence[str] = ()
    """For an incremental aggregator: queries for its groups, over all tables that it reads. Their columns name a group,
    and are columns of each of its tables. `queries` or `aggregate` then return the rows of the groups in the table
    `touched`: those that a change reaches. Each query joins tables and filters rows, and names a table once."""

    def aggregate(self, warehouse: Reader) -> Iterable[Row]:
        """Return the rows, computed in Python from the results of `warehouse.sql(…)`."""
        raise NotImplementedError
