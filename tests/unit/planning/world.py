"""A warehouse of tiny plugins whose documents, plugins and settings a test may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import spacy

from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Cleaner,
    Config,
    Draft,
    Fetched,
    Pipeline,
    Row,
)
from onrecord.model.identity import identify
from onrecord.model.report import RunReport
from onrecord.planning.plan import Plan, PlanLine
from onrecord.stages import discover
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

#
#   words ← names        without docs
#   tokens ← phrases     from the spaCy doc; phrases reads tokens' rows only
#   totals               an aggregator of words
#   token_totals         an aggregator of tokens


class WordCount(Row):
    words: int


class Name(Row, key=("ordinal",)):
    ordinal: int
    name: str


class TokenCount(Row):
    tokens: int
    version: str


class Phrase(Row):
    tokens: int


class Total(Row, key=("words",)):
    words: int


class TokenTotal(Row, key=("tokens",)):
    tokens: int


class Reads(Cleaner):
    """Takes the headline and the language from the metadata, and drops lines that begin with #."""

    name, version = "reads", "1"
    drop = "#"

    def clean(self, draft: Draft) -> None:
        draft.headline = draft.metadata.get("headline")
        draft.language = draft.metadata.get("language")
        for stretch in draft.stretches:
            if draft.words(stretch).startswith(self.drop):
                draft.mark(stretch, "boilerplate", "begins with a sign")


class Words(Annotator):
    name, version, writes = "words", "1", [WordCount]

    class Config(Config):
        least: int = 1
        """Words shorter than this do not count."""

    def annotate(self, article: Article) -> Iterator[Row]:
        if "BAD" in article.body and self.version != "3":
            raise ValueError("a bad word")
        yield WordCount(words=sum(len(word) >= self.config.least for word in article.body.split()))


class Names(Annotator):
    name, version, requires, writes = "names", "1", ["words"], [Name]

    def annotate(self, article: Article) -> Iterator[Row]:
        (count,) = article.rows(WordCount)
        names = [word for word in article.body.split() if word.istitle()]
        yield from (Name(ordinal=i, name=f"{name} of {count.words}") for i, name in enumerate(names))


class Tokens(Annotator):
    name, version, uses_doc, writes = "tokens", "1", True, [TokenCount]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield TokenCount(tokens=len(article.doc), version=article.doc.vocab.lang)


class Phrases(Annotator):
    name, version, requires, writes = "phrases", "1", ["tokens"], [Phrase]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Phrase(tokens=article.rows(TokenCount)[0].tokens)


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["words"], [Total]
    queries = {Total: "select coalesce(sum(words), 0)::bigint as words from word_count"}


class TokenTotals(Aggregator):
    name, version, requires, writes = "token_totals", "1", ["tokens"], [TokenTotal]
    queries = {TokenTotal: "select coalesce(sum(tokens), 0)::bigint as tokens from token_count"}


def english() -> Any:
    return spacy.blank("en")


def german() -> Any:
    return spacy.blank("de")


class World:
    """A sandbox with the plugins above; the tests change its parts and run it again."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory = directory
        self.plugin_of = plugin_of
        self.documents: dict[str, Fetched] = {
            "a": text("Anna spoke.", headline="A"),
            "b": text("Bert and Cora\n# Shared by readers", headline="B"),
            "d": text("Der Minister sprach.", headline="D", language="de"),
        }
        self.parts: dict[str, Any] = {
            thing.name: thing for thing in (Reads(), Words(), Names(), Tokens(), Phrases(), Totals(), TokenTotals())
        }
        self.pipelines = {"en": Pipeline("en", "blank", "1", english), "de": Pipeline("de", "leer", "1", german)}
        self.settings: dict[str, Any] = {}

    @property
    def sandbox(self) -> Sandbox:
        modules = [self.plugin_of(part, name=f"plugin_{name}") for name, part in self.parts.items()]
        modules += [self.plugin_of(part, name=f"pipeline_{name}") for name, part in self.pipelines.items()]
        return Sandbox(self.directory, *modules, documents=self.documents, settings=self.settings)

    def run(self) -> RunReport:
        report = self.sandbox.run()
        assert not report.failed, report.run.message
        return report

    def plan(self) -> dict[str, dict[str, int]]:
        """The work of the next run, by component and reason, without components that are up to date."""
        return {name: states for name, states in self.states().items() if set(states) - {"current"}}

    def states(self) -> dict[str, dict[str, int]]:
        return {line.component: dict(line.states) for line in self.lines()}

    def lines(self) -> list[PlanLine]:
        return self.make_plan().lines()

    def make_plan(self) -> Plan:
        """The plan of the next run."""
        plugins = self.sandbox.plugins
        plan = Plan(plugins, Warehouse(self.directory))
        with plan.warehouse.reading() as connection:
            plan.add_items(connection, "documents", discover(plugins.ingestors["documents"]))
        return plan

    def written_by(self, report: RunReport) -> dict[str, str]:
        """Of which documents a run wrote rows, table by table; "*" for an aggregator that was rerun.

        Rows of an aggregator that come out the same are not written again.
        """
        letters = {identify("article", f"memory:{name}"): name for name in self.documents}
        query = " union all ".join(
            f"select distinct '{table}' as t, article_id as x from {table} where run_id = $run"
            for table in (*DONE_BY_DOCUMENT, *ANNOTATIONS)
        )
        query += " union all select component[:-2], null from ledger where stage = 'aggregate' and run_id = $run"
        found: dict[str, str] = {}
        for row in self.sandbox.sql(f"from ({query}) order by x", run=report.run.run_id):
            found[row["t"]] = "".join(sorted(found.get(row["t"], "") + letters.get(row["x"], "*")))
        return found


def text(body: str, **metadata: Any) -> Fetched:
    return Fetched(body.encode(), "text/plain", metadata)


# ── What changes, what the plan says, what is written again ──────────────────────────────────────

DONE_BY_DOCUMENT = ("document", "source_item", "article", "segment")

ANNOTATIONS = ("word_count", "name", "token_count", "phrase")


def of(documents: str, *tables: str) -> dict[str, str]:
    return dict.fromkeys(tables, documents)


def change_version(name: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.parts[name].version = "2"

    return change


def change_configuration(world: World) -> None:
    world.settings["plugins"] = {"words": {"least": 4}}


def change_english_pipeline(world: World) -> None:
    world.pipelines["en"] = Pipeline("en", "blank", "2", english)


def contents(world: World, *, without: str = "") -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but those that say which runs there were."""
    connection = Warehouse(world.directory).open_published()
    try:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {
            table: connection.sql(f"select * {without} from {table} order by all").to_arrow_table().to_pylist()
            for table in tables
            if table not in ("run", "step", "component_version", "migration")
        }
    finally:
        connection.close()
