"""Tools to run plugins without a scheduler, in tests and experiments.

`annotate_text` returns the rows of one annotator for one text. `Sandbox` runs the whole engine in this process, on a
new warehouse and with the given plugins only::

    def test_counts_words(tmp_path):
        sandbox = Sandbox(tmp_path, my_plugin, documents={"a": "Three short words."})
        sandbox.run()
        assert sandbox.sql("select words from length") == [{"words": 3}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .config.loading import parse_settings
from .errors import PLUGIN_FAILURES
from .model.content import Article, Segment
from .model.identity import content_hash, identify
from .model.report import RunReport
from .model.row import Row
from .plugins.components import Annotator, Cleaner, Fetched, Ingestor, Item
from .plugins.hookspecs import hookimpl
from .plugins.pipelines import Pipeline
from .plugins.registry import Plugins
from .run.engine import STAGES, RunFailed, start_run
from .stages import discover, perform
from .stages.clean import clean_document
from .stages.context import BatchContext
from .stages.ingest import build_document

__all__ = ["Documents", "Sandbox", "annotate_text", "clean_text", "make_article", "run_plugins"]


def make_article(body: str, *, language: str = "en", **fields: Any) -> Article:
    """Make an article with this body, outside any warehouse."""
    new_id = identify("article", "testing", body)
    return Article(
        article_id=new_id,
        document_id=new_id,
        body=body,
        body_hash=content_hash(body),
        content_hash=content_hash(body),
        language=language,
        word_count=len(body.split()),
        **fields,
    )


def annotate_text(
    annotator: Annotator,
    body: str | Article,
    *,
    given: Mapping[type[Row], Sequence[Row]] | None = None,
    pipeline: Pipeline | None = None,
) -> list[Row]:
    """Run an annotator on a text; `given` has the rows of required components."""
    article = make_article(body) if isinstance(body, str) else body
    context = BatchContext([article], pipeline.with_pipes(annotator.pipes) if pipeline else None)
    for rows in (given or {}).values():
        context.give(article.article_id, rows)
    # All given rows can be read, whichever required component writes them.
    context.begin(annotator, {name: tuple(given or ()) for name in annotator.requires})
    return [row for rows in annotator.annotate_batch([article]) for row in rows]


def clean_text(
    content: str | bytes, *cleaners: Cleaner, media_type: str = "text/plain", metadata: Mapping[str, Any] | None = None
) -> tuple[Article, list[Segment]]:
    """Clean a document and return its article and segments."""
    fetched = Fetched(content.encode() if isinstance(content, str) else content, media_type, metadata or {})
    document = build_document(fetched, Item("memory:testing", ""), "testing")
    return clean_document(document, sorted(cleaners, key=lambda cleaner: (cleaner.order, cleaner.name)), "en")


class Documents(Ingestor):
    """An ingestor of documents in memory; change `documents` to change the source."""

    name, version, schemes = "documents", "1", ("memory",)

    def __init__(self, documents: Mapping[str, str | bytes | Fetched]) -> None:
        self.documents = dict(documents)

    def discover(self) -> list[Item]:
        """List the documents; the hash of the content is the token."""
        return [Item(f"memory:{name}", content_hash(repr(each))) for name, each in self.documents.items()]

    def fetch(self, item: Item) -> Fetched:
        """Return a document."""
        document = self.documents[item.uri.removeprefix("memory:")]
        if isinstance(document, Fetched):
            return document
        return Fetched(document.encode() if isinstance(document, str) else document, "text/plain")


class Sandbox:
    """A warehouse with given plugins and documents in memory, run in this process."""

    def __init__(
        self,
        directory: Path,
        *plugins: ModuleType,
        documents: Mapping[str, str | bytes | Fetched] | None = None,
        settings: Mapping[str, Any] | None = None,
        installed: bool = False,
    ) -> None:
        """`settings` is an onrecord.toml's content; `installed` adds installed plugins."""
        self.source = Documents(documents or {})
        self.modules = [self._source_module(), *plugins]
        self.settings = parse_settings({"warehouse": str(directory)} | dict(settings or {}))
        self.installed = installed
        self.directory = directory

    @property
    def plugins(self) -> Plugins:
        """The plugins, loaded again at each access."""
        return Plugins(self.settings, self.modules, installed=self.installed)

    def run(self, *sources: str) -> RunReport:
        """Run all stages, by default on all sources.

        A run that failed in part returns its report too: see `report.failed`.
        """
        return run_plugins(self.plugins, sources)

    def sql(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Query the published database and return its rows."""
        from .warehouse import Reader, Warehouse

        connection = Warehouse(self.directory).open_published()
        try:
            rows: list[dict[str, Any]] = Reader(connection).sql(query, **parameters).to_pylist()
            return rows
        finally:
            connection.close()

    def _source_module(self) -> ModuleType:
        module = ModuleType("sandbox_documents")

        @hookimpl
        def register_ingestors(register: Any) -> None:
            register(self.source)

        module.register_ingestors = register_ingestors  # type: ignore[attr-defined]
        return module


def run_plugins(plugins: Plugins, sources: Sequence[str] = ()) -> RunReport:
    """Run all stages once, in this process and without a scheduler."""
    try:
        with start_run(plugins, sources=sources) as active:
            for name, ingestor in active.ingestors.items():
                try:
                    active.record_listing(name, discover(ingestor))
                except PLUGIN_FAILURES as error:
                    active.record_listing_failure(name, error)
            for stage in STAGES:
                for batch in active.batches(stage):
                    active.load(perform(batch, plugins))
            for name in active.aggregators:
                active.aggregate(name)
            if active.has_changed:
                active.check()
                active.publish()
    except RunFailed:
        pass
    return active.report
