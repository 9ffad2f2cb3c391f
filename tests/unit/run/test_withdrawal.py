"""Documents that are no longer at their source are marked, never deleted; the ingestor of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onrecord import Annotator, Article, Fetched, Ingestor, Item, Row
from onrecord.testing import Sandbox


class Length(Row):
    words: int


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()))


class Source(Ingestor):
    """A source by name, with the documents that a test gives it."""

    version, schemes = "1", ("s",)

    def __init__(self, name: str, *, complete: bool = True, **documents: str) -> None:
        self.name, self.complete = name, complete
        self.documents = documents
        self.error: Exception | None = None

    def discover(self) -> Iterator[Item]:
        for name, text in self.documents.items():
            yield Item(f"s:{name}", text)
        if self.error:
            raise self.error

    def fetch(self, item: Item) -> Fetched:
        return Fetched(f"{self.documents[item.uri[2:]]} by {self.name}".encode(), "text/plain")


class Desk:
    """A warehouse with sources that come and go."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory, self.plugin_of = directory, plugin_of
        self.sources: list[Source] = []

    def __call__(self, *sources: Source) -> Desk:
        self.sources = list(sources)
        return self

    @property
    def sandbox(self) -> Sandbox:
        modules = [self.plugin_of(source, name=f"plugin_{source.name}") for source in self.sources]
        return Sandbox(self.directory, self.plugin_of(Lengths()), *modules)

    def run(self) -> Any:
        return self.sandbox.run()

    def listed(self) -> dict[str, tuple[str, str, bool]]:
        """For each place: whose it is, what its article says, and whether it is there."""
        rows = self.sandbox.sql(
            "select * exclude (run_id) from source_item join article using (article_id) order by uri"
        )
        return {row["uri"][2:]: (row["ingestor"], row["body"], row["deleted_at"] is None) for row in rows}

    def rows(self) -> dict[str, int]:
        tables = ("document", "article", "segment", "length", "ledger")
        return {t: self.sandbox.sql(f"select count(*) as n from {t}")[0]["n"] for t in tables}


@pytest.fixture
def desk(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Desk:
    return Desk(tmp_path / "warehouse", plugin_of)


def test_a_document_that_is_gone_is_marked_and_all_that_was_made_of_it_stays(desk: Desk) -> None:
    source = Source("one", x="first", y="second")
    desk(source).run()
    rows = desk.rows()

    del source.documents["x"]
    report = desk.run()

    assert desk.listed() == {"x": ("one", "first by one", False), "y": ("one", "second by one", True)}
    assert desk.rows() == rows
    assert {step.subjects for step in report.steps} <= {0}, "nothing is worked out again"
    (row,) = desk.sandbox.sql("select deleted_at, run_id from source_item where deleted_at is not null")
    assert report.run.started_at <= row["deleted_at"] <= report.run.finished_at
    assert str(row["run_id"]) == str(report.run.run_id)


def test_it_is_marked_once_and_keeps_the_time_at_which_it_was_first_missing(desk: Desk) -> None:
    source = Source("one", x="first", y="second")
    desk(source).run()
    del source.documents["x"]
    desk.run()
    query = "select deleted_at, run_id from source_item where uri = 's:x'"
    marked = desk.sandbox.sql(query)
    report = desk.run()
    assert desk.sandbox.sql(query) == marked
    assert not report.run.changed


@pytest.mark.parametrize("text", ["first", "first, revised"])
def test_a_document_that_comes_back_is_no_longer_marked(text: str, desk: Desk) -> None:
    source = Source("one", x="first", y="second")
    desk(source).run()
    del source.documents["x"]
    desk.run()
    source.documents["x"] = text
    report = desk.run()
    assert desk.listed()["x"] == ("one", f"{text} by one", True)
    fetched = sum(step.subjects for step in report.steps if step.stage == "ingest")
    assert fetched == (0 if text == "first" else 1), "what has not changed is not fetched again"


def test_an_ingestor_that_does_not_list_all_it_has_withdraws_nothing(desk: Desk) -> None:
    feed = Source("feed", complete=False, x="old", y="new")
    desk(feed).run()
    del feed.documents["x"]
    desk.run()
    assert desk.listed() == {"x": ("feed", "old by feed", True), "y": ("feed", "new by feed", True)}


def test_an_ingestor_that_cannot_list_its_documents_withdraws_none_and_fails_the_run(desk: Desk) -> None:
    broken, sound = Source("broken", x="first"), Source("sound", y="second")
    desk(broken, sound).run()
    broken.documents.clear()
    broken.error = ValueError("page 2 is missing")
    sound.documents["z"] = "third"

    report = desk.run()

    assert report.failed
    assert report.run.message == "ingest broken: could not list its documents: ValueError: page 2 is missing"
    assert desk.listed() == {
        "x": ("broken", "first by broken", True),
        "y": ("sound", "second by sound", True),
        "z": ("sound", "third by sound", True),
    }


def test_an_ingestor_that_fails_half_way_through_its_list_adds_nothing_either(desk: Desk) -> None:
    source = Source("one", x="first")
    desk(source).run()
    source.documents["y"] = "second"
    source.error = OSError("connection lost")
    assert desk.run().failed
    assert set(desk.listed()) == {"x"}


def test_the_documents_of_an_ingestor_that_is_not_loaded_stay_as_they_are(desk: Desk) -> None:
    desk(Source("one", x="first"), Source("two", y="second")).run()
    desk(Source("two", y="second")).run()
    assert desk.listed()["x"] == ("one", "first by one", True)


def test_a_document_that_was_never_cleaned_does_not_keep_the_rest_from_being_published(desk: Desk) -> None:
    class Empty(Source):
        def fetch(self, item: Item) -> Fetched:
            return Fetched(b"%PDF", "application/pdf") if item.uri == "s:x" else super().fetch(item)

    source = Empty("one", x="first", y="second")
    desk(source).run()
    assert set(desk.listed()) == {"y"}
    assert [row["uri"] for row in desk.sandbox.sql("select uri from source_item order by uri")] == ["s:x", "s:y"]

    source.documents.clear()
    desk.run()
    assert [row["n"] for row in desk.sandbox.sql("select count(deleted_at) as n from source_item")] == [2]


# ── Two ingestors that list the same place ───────────────────────────────────────────────────────


def test_a_document_that_two_ingestors_list_belongs_to_the_one_that_listed_it_first(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = Source("one", x="first"), Source("two", x="other", y="second")
    desk(one, two).run()

    assert desk.listed() == {"x": ("one", "first by one", True), "y": ("two", "second by two", True)}
    assert "two lists 1 document(s) that another ingestor has" in caplog.text
    assert {step.subjects for step in desk.run().steps} <= {0}, "nor does it go back and forth"


def test_a_document_is_taken_over_when_the_one_it_belonged_to_is_not_loaded_any_more(desk: Desk) -> None:
    desk(Source("one", x="first")).run()
    desk(Source("two", x="other")).run()
    assert desk.listed() == {"x": ("two", "other by two", True)}


def test_a_document_that_goes_back_to_its_first_ingestor_is_looked_after_by_it(desk: Desk) -> None:
    one, two = Source("one", x="first"), Source("two", x="other")
    desk(one).run()
    desk(two).run()
    desk(one).run()
    assert desk.listed() == {"x": ("one", "first by one", True)}
    one.documents.clear()
    desk.run()
    assert desk.listed() == {"x": ("one", "first by one", False)}


def test_a_document_that_its_ingestor_no_longer_lists_is_taken_over_by_another_that_does(desk: Desk) -> None:
    one, two = Source("one", x="first"), Source("two", x="other")
    desk(one, two).run()
    one.documents.clear()
    desk.run()
    assert desk.listed() == {"x": ("two", "other by two", True)}

    one.documents["x"] = "first"
    desk.run()
    assert desk.listed() == {"x": ("two", "other by two", True)}, "it is two's now"

    two.documents.clear()
    desk.run()
    desk.run()
    assert desk.listed() == {"x": ("one", "first by one", True)}
