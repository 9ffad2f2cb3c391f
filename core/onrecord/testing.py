"""Running plugins without a scheduler: for tests, and for trying things out.

`annotate_text` gives the rows of one annotator for one text. `Sandbox` is a warehouse of its own on which the whole
engine runs, in this process, with nothing but the plugins that it is given::

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
    """An article with that body, outside any warehouse."""
    made_up = identify("article", "testing", body)
    return Article(
        article_id=made_up,
        document_id=made_up,
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
    """The rows of an annotator for one text. `given` has the rows of those that it requires."""
    read = make_article(body) if isinstance(body, str) else body
    reading = BatchContext([read], pipeline.with_pipes(annotator.pipes) if pipeline else None)
    for rows in (given or {}).values():
        reading.give(read.article_id, rows)
    # Everything that was given may be read, whoever would have written it.
    reading.begin(annotator, {name: tuple(given or ()) for name in annotator.requires})
    return [row for rows in annotator.annotate_batch([read]) for row in rows]


def clean_text(
    content: str | bytes, *cleaners: Cleaner, media_type: str = "text/plain", metadata: Mapping[str, Any] | None = None
) -> tuple[Article, list[Segment]]:
    """The article and the segments that cleaners make of a document. Raises what a cleaner raises."""
    fetched = Fetched(content.encode() if isinstance(content, str) else content, media_type, metadata or {})
    document = build_document(fetched, Item("memory:testing", ""), "testing")
    return clean_document(document, sorted(cleaners, key=lambda cleaner: (cleaner.order, cleaner.name)), "en")


class Documents(Ingestor):
    """An ingestor of documents that are held in memory, by name; changing `documents` is changing the source."""

    name, version, schemes = "documents", "1", ("memory",)

    def __init__(self, documents: Mapping[str, str | bytes | Fetched]) -> None:
        self.documents = dict(documents)

    def discover(self) -> list[Item]:
        """List them; the content is the token."""
        return [Item(f"memory:{name}", self._token(name)) for name in self.documents]

    def fetch(self, item: Item) -> Fetched:
        """Hand one over."""
        document = self.documents[item.uri.removeprefix("memory:")]
        if isinstance(document, Fetched):
            return document
        return Fetched(document.encode() if isinstance(document, str) else document, "text/plain")

    def _token(self, name: str) -> str:
        document = self.documents[name]
        return content_hash(repr(document))


class Sandbox:
    """A warehouse with chosen plugins and documents in memory, worked on in this process."""

    def __init__(
        self,
        directory: Path,
        *plugins: ModuleType,
        documents: Mapping[str, str | bytes | Fetched] | None = None,
        settings: Mapping[str, Any] | None = None,
        installed: bool = False,
    ) -> None:
        """`settings` is the content of an onrecord.toml; with `installed`, installed plugins are loaded as well."""
        self.source = Documents(documents or {})
        self.modules = [self._source_module(), *plugins]
        self.settings = parse_settings({"warehouse": str(directory)} | dict(settings or {}))
        self.installed = installed
        self.directory = directory

    @property
    def plugins(self) -> Plugins:
        """The plugins, found and checked afresh."""
        return Plugins(self.settings, self.modules, installed=self.installed)

    def run(self, *sources: str) -> RunReport:
        """Run all stages, on some sources only if any are named.

        A run that failed in part is returned like any other: look at `report.failed`.
        """
        return run_plugins(self.plugins, sources)

    def sql(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query on the published database."""
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
    """One run of all stages, in this process and without a scheduler."""
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
