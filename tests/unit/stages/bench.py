"""A warehouse whose plugins fail on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from onrecord import (
    Annotator,
    Article,
    Row,
)
from onrecord.model.report import RunReport
from onrecord.testing import Sandbox


class Length(Row):
    words: int


class Double(Row):
    words: int


class Other(Row):
    body: str


class Lengths(Annotator):
    """Raises where the body has the word `bad`, until it knows better."""

    name, version, writes = "lengths", "1", [Length]

    def __init__(self) -> None:
        self.bad = {"bad"}
        self.seen: list[str] = []

    def annotate(self, article: Article) -> Iterator[Row]:
        self.seen.append(article.body)
        if self.bad & set(article.body.split()):
            raise ValueError(f"cannot count {article.body!r}")
        yield Length(words=len(article.body.split()))


class Doubles(Annotator):
    name, version, requires, writes = "doubles", "1", ["lengths"], [Double]
    fails = False

    def annotate(self, article: Article) -> Iterator[Row]:
        if self.fails:
            raise ValueError("cannot double")
        (length,) = article.rows(Length)
        yield Double(words=2 * length.words)


class Others(Annotator):
    name, version, writes = "others", "1", [Other]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Other(body=article.body)


class Bench:
    """A sandbox whose parts a test can reach."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory, self.plugin_of = directory, plugin_of
        self.documents: dict[str, Any] = {"a": "a good one", "b": "a bad one", "c": "another good one"}
        self.lengths = Lengths()
        self.parts: list[Any] = [self.lengths, Doubles(), Others()]
        self.settings: dict[str, Any] = {}

    @property
    def sandbox(self) -> Sandbox:
        plugin = self.plugin_of(*self.parts)
        return Sandbox(self.directory, plugin, documents=self.documents, settings=self.settings)

    def run(self) -> RunReport:
        return self.sandbox.run()

    def sql(self, query: str) -> list[dict[str, Any]]:
        return self.sandbox.sql(query)

    def of(self, table: str) -> str:
        """The documents of which a table has rows."""
        rows = self.sql(f"select distinct uri from {table} join source_item using (article_id) order by 1")
        return "".join(row["uri"].removeprefix("memory:") for row in rows)

    def quarantined(self) -> list[tuple[str, str, str]]:
        rows = self.sql("select component, uri, error from quarantine order by all")
        return [(row["component"], row["uri"].removeprefix("memory:"), row["error"]) for row in rows]
