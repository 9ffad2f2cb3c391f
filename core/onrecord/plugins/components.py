"""What plugins register: ingestors, cleaners, annotators and aggregators.

Subclass one, name it, and hand an instance to `register`. A component is a function of what it is
given: it opens no database, keeps no state between subjects and may run in any process.
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
    """A component's settings, filled from `[plugins.NAME]` in onrecord.toml; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Component:
    """What all four kinds have in common."""

    name: str
    """Unique among all components: the name of its table in the configuration and of its rows in the ledger."""
    version: str
    """Change it when the same input would give other rows: all of them are then worked out again."""
    requires: Sequence[str] = ()
    """Names of components whose rows it reads; it runs after them and is stale when they are."""
    writes: Sequence[type[Row]] = ()
    """The rows that it may write. No two components write the same table."""
    checks: Mapping[str, str] = {}
    """What must hold of its rows, as SQL that returns the offending ones; it blocks publishing."""

    Config: ClassVar[type[BaseModel]] = Config
    """The class of its settings; a nested subclass of onrecord.Config with a field for each."""

    @cached_property
    def config(self) -> Any:
        """Its settings, an instance of `Config`: from the configuration, or by itself all defaults."""
        return self.Config()


@dataclass(frozen=True, slots=True)
class Item:
    """A document that an ingestor has found and not yet fetched."""

    uri: str
    """Where it is; identifies the article."""
    token: str
    """Changes when the document does (a modification time, an ETag): the document is then fetched again."""
    size: int = 0
    """Its size in bytes, where it is known: batches are cut by it."""
    limit: int = DOCUMENT_BYTES
    """Most bytes of content that the run takes: whoever unpacks, or reads from elsewhere, need not go on beyond."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as an ingestor hands it over."""

    content: bytes
    """Byte for byte."""
    media_type: str
    """E.g. text/plain, text/html."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What is known of it beside the content. Cleaners understand headline, byline, outlet, outlet_domain,
    url, section, credit, published and modified (ISO 8601) and language; anything else is kept as it is."""


class Ingestor(Component):
    """Where documents come from: lists what there is, cheaply, and fetches what is new."""

    schemes: Sequence[str] = ()
    """The URI schemes that `fetch` understands, e.g. ("file",)."""
    complete: bool = True
    """Whether `discover` lists all there is. What is missing from a complete listing is marked as deleted;
    a feed, which drops old entries, is not complete."""

    def discover(self) -> Iterable[Item]:
        """List what there is, without reading it. Raise rather than list too little."""
        raise NotImplementedError

    def fetch(self, item: Item) -> Fetched:
        """Read one document. Raise TransientError or an OSError for what may work later."""
        raise NotImplementedError


class Cleaner(Component):
    """A step that helps to turn a document into an article: it passes verdicts on stretches of the text."""

    order: int = 500
    """Cleaners run in this order, lowest first; equal ones by name."""

    def clean(self, draft: Draft) -> None:
        """Change the draft: cut or mark stretches, set the headline, outlet, dates, …"""
        raise NotImplementedError


class Annotator(Component):
    """Reads something out of an article."""

    uses_doc: bool = False
    """Whether it reads `article.doc`; its rows are then stale when the spaCy pipeline changes."""
    pipes: Sequence[str] = ()
    """spaCy factories of components that it needs in the pipeline, e.g. ("onrecord_attributions",). A pipeline
    that has none of that factory gets one at its end, so that the annotator works with any pipeline."""

    def annotate(self, article: Article) -> Iterable[Row]:
        """The rows for one article."""
        raise NotImplementedError

    def annotate_batch(self, articles: Sequence[Article]) -> Iterable[Iterable[Row]]:
        """The rows for each article of a batch, in order. Override it where a batch is faster than its parts."""
        return [list(self.annotate(article)) for article in articles]


class Aggregator(Component):
    """Works something out across all articles; its tables are filled afresh when what it requires changed."""

    queries: Mapping[type[Row], str] = {}
    """For an aggregator that is SQL and nothing else: for each row class, the query that fills its table,
    with the columns by name."""

    def aggregate(self, warehouse: Reader) -> Iterable[Row]:
        """The rows, worked out in Python from what `warehouse.sql(…)` returns."""
        raise NotImplementedError
