"""A warehouse of tiny plugins, for backfills."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from onrecord import Aggregator, Annotator, Article, Cleaner, Draft, Fetched, Row
from onrecord.backfill import Selection, StagedVersion, find_staged_version, promote, start_backfill
from onrecord.model.report import RunReport
from onrecord.planning.plan import Plan
from onrecord.stages import discover, perform
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

#
#   names ← greetings    each reads the other's rows
#   lengths              reads nobody's
#   totals               an aggregator of greetings


class Name(Row, key=("ordinal",)):
    ordinal: int
    name: str


class Greeting(Row, key=("ordinal",)):
    ordinal: int
    whom: str


class Length(Row):
    words: int


class Total(Row, key=("whom",)):
    whom: str
    times: int


class Reads(Cleaner):
    name, version = "reads", "1"

    def clean(self, draft: Draft) -> None:
        draft.outlet = draft.metadata.get("outlet")
        if published := draft.metadata.get("published"):
            draft.published_at = datetime.fromisoformat(published)


class Names(Annotator):
    """Every word with a capital; version 2 leaves out the first word, and fails where there is a BAD one."""

    name, version, writes = "names", "1", [Name]

    def annotate(self, article: Article) -> Iterator[Row]:
        if "BAD" in article.body and self.version == "2":
            raise ValueError("a bad word")
        found = [word.strip(".") for word in article.body.split() if word.istitle()]
        yield from (Name(ordinal=i, name=name) for i, name in enumerate(found[self.version == "2" :]))


class Greetings(Annotator):
    name, version, requires, writes = "greetings", "1", ["names"], [Greeting]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield from (Greeting(ordinal=row.ordinal, whom=f"Dear {row.name}") for row in article.rows(Name))


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()) * int(self.version))


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["greetings"], [Total]
    queries = {Total: "select whom, count(*) as times from greeting group by whom"}


class Vowel(Row):
    count: int


class Vowels(Annotator):
    """Is not loaded at first."""

    name, version, writes = "vowels", "1", [Vowel]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Vowel(count=sum(letter in "aeiou" for letter in article.body))


TABLES = ("article", "ledger", "quarantine", "name", "greeting", "length", "total")


class World:
    """A warehouse whose plugins and documents the tests change."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory = directory
        self.plugin_of = plugin_of
        self.parts: dict[str, Any] = {p.name: p for p in (Reads(), Names(), Greetings(), Lengths(), Totals())}
        self.documents: dict[str, Fetched] = {
            "a": document("Hello Anna and Bert.", "Post", "2016-05-01"),
            "b": document("Hello Cora.", "Post", "2016-05-31T23:00:00+00:00"),
            "c": document("Hello Dora, a BAD word.", "Times", "2016-06-01"),
            "d": document("Nobody is here.", "Times"),
        }
        self.settings: dict[str, Any] = {"run": {"batch_size": 1, "min_failed": 10}}

    @property
    def sandbox(self) -> Sandbox:
        modules = [self.plugin_of(part, name=f"plugin_{name}") for name, part in self.parts.items()]
        return Sandbox(self.directory, *modules, documents=self.documents, settings=self.settings)

    def run(self) -> RunReport:
        report = self.sandbox.run()
        assert not report.failed, report.run.message
        return report

    def backfill(self, *names: str, most: int | None = None, **selection: Any) -> list[str]:
        """Backfill and return what was done, as "names+greetings ab"; with `most`, stop after that many."""
        done = []
        plugins = self.sandbox.plugins
        with start_backfill(plugins, Selection(components=names, **selection)) as run:
            for number, batch in enumerate(run.batches("annotate")):
                if number == most:
                    raise KeyboardInterrupt
                uris = sorted(uri.removeprefix("memory:") for uri in batch.subjects["uri"].to_pylist())
                done.append(f"{'+'.join(batch.components)} {''.join(uris)}")
                run.load(perform(batch, plugins))
        return sorted(done)

    def promote(self, plugin: str, **options: Any) -> RunReport:
        plugins = self.sandbox.plugins
        return promote(plugins, find_staged_version(self.directory, plugin, plugins), **options)

    def find(self, plugin: str) -> StagedVersion:
        return find_staged_version(self.directory, plugin, self.sandbox.plugins)

    def to_do(self) -> dict[str, dict[str, int]]:
        plugins = self.sandbox.plugins
        plan = Plan(plugins, Warehouse(self.directory))
        with plan.warehouse.reading() as connection:
            plan.add_items(connection, "documents", discover(plugins.ingestors["documents"]))
        return {line.component: dict(line.states) for line in plan.lines() if set(line.states) - {"current"}}

    def rows(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """All rows of the published database, less which run wrote them and when."""
        without = {"quarantine": "run_id, failed_at, traceback"}
        return {
            table: self.sandbox.sql(f"select * exclude ({without.get(table, 'run_id')}) from {table} order by all")
            for table in tables or TABLES
        }

    def twin(self) -> World:
        """Another warehouse with the same content and the same plugins."""
        other = World(self.directory.with_name("twin"), self.plugin_of)
        shutil.copytree(self.directory, other.directory, ignore=shutil.ignore_patterns("staged"))
        other.parts, other.documents, other.settings = self.parts, self.documents, self.settings
        return other


def document(body: str, outlet: str, published: str | None = None) -> Fetched:
    metadata = {"outlet": outlet} | ({"published": f"{published}T12:00:00+00:00"[:25]} if published else {})
    if published and "T" in published:
        metadata["published"] = published
    return Fetched(body.encode(), "text/plain", metadata)
