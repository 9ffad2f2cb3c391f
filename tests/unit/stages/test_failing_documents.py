"""Documents that cannot be fetched, stored or cleaned, and those that are no articles."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from onrecord import (
    Cleaner,
    Draft,
    Fetched,
    Ingestor,
    Item,
    TransientError,
)
from onrecord.model.content import ANNOTATED, ArticleKind
from tests.unit.stages.bench import Bench

# ── Ingest and clean ─────────────────────────────────────────────────────────────────────────────


class Source(Ingestor):
    """A source that fails as it is told to."""

    name, version, schemes = "source", "1", ("s",)

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.token = "1"

    def discover(self) -> list[Item]:
        return [Item("s:x", self.token)]

    def fetch(self, item: Item) -> Fetched:
        if self.error:
            raise self.error
        return Fetched(f"version {self.token}".encode(), "text/plain")


@pytest.mark.parametrize("error", [TransientError("busy"), ConnectionError("no route")])
def test_a_fetch_that_may_work_later_is_tried_by_every_run(error: Exception, bench: Bench) -> None:
    source = Source(error)
    bench.parts = [source]
    bench.run()
    assert bench.sql("select transient, uri from quarantine") == [{"transient": True, "uri": "s:x"}]
    since = bench.sql("select failed_at from quarantine")
    bench.run()
    assert bench.sql("select failed_at from quarantine") == since, "it has failed since the first time"

    source.token = "2"
    bench.run()
    assert bench.sql("select failed_at from quarantine") != since, "another version is another failure"

    source.error = None
    bench.run()

    assert bench.quarantined() == []
    assert [row["body"] for row in bench.sql("select body from article where body like 'version%'")] == ["version 2"]


def test_a_fetch_that_fails_for_good_is_tried_again_when_the_document_changes(bench: Bench) -> None:
    source = Source(ValueError("broken"))
    bench.parts = [source]
    bench.run()
    source.error = None
    bench.run()
    assert bench.quarantined() == [("source", "s:x", "ValueError: broken")]

    source.token = "2"
    bench.run()

    assert bench.quarantined() == []
    assert bench.sql("select body from article where body like 'version%'") == [{"body": "version 2"}]


class Large(Ingestor):
    """Lists a document whose size it knows, and one whose size it does not."""

    name, version, schemes = "large", "1", ("s",)

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def discover(self) -> list[Item]:
        return [Item("s:known", "1", 1001), Item("s:unknown", "1"), Item("s:small", "1", 1000)]

    def fetch(self, item: Item) -> Fetched:
        self.asked.append((item.uri, item.limit))
        return Fetched(b"a" * (1000 if item.uri == "s:small" else 1001), "text/plain")


def test_a_document_that_is_too_large_is_quarantined_and_not_stored_nor_fetched_where_its_size_is_known(
    bench: Bench,
) -> None:
    source = Large()
    bench.parts, bench.documents, bench.settings = [source], {}, {"run": {"document_bytes": 1000, "min_failed": 3}}
    bench.run()

    assert source.asked == [("s:unknown", 1000), ("s:small", 1000)]
    assert bench.sql("select uri from document") == [{"uri": "s:small"}]
    known, unknown = bench.quarantined()
    assert known[2].startswith("TooLargeError: s:known has 1,001 bytes, more than the 1,000 that [run] document_bytes")
    assert unknown[2].startswith("TooLargeError: s:unknown has 1,001 bytes, more than the 1,000")


class Picky(Cleaner):
    name, version = "picky", "1"

    def clean(self, draft: Draft) -> None:
        if "unreadable" in draft.text:
            raise ValueError("cannot read this")


def test_a_cleaner_that_fails_keeps_the_last_good_article_and_its_annotations(bench: Bench) -> None:
    bench.parts.append(Picky())
    bench.run()
    bench.documents["a"] = "unreadable"

    report = bench.run()

    assert bench.sql("select body, words from article join length using (article_id) order by 1") == [
        {"body": "a good one", "words": 3},
        {"body": "another good one", "words": 3},
    ]
    clean = next(error for plugin, _, error in bench.quarantined() if plugin == "clean")
    assert clean == "ValueError: cannot read this (raised by the cleaner picky 1)"
    assert not report.failed

    bench.documents["a"] = "readable again"
    bench.run()
    assert "clean" not in {plugin for plugin, *_ in bench.quarantined()}
    assert bench.sql("select count(*) as n from article where body = 'readable again'") == [{"n": 1}]


@pytest.mark.parametrize("stage", ["ingest", "clean"])
def test_a_failure_is_forgotten_when_the_document_is_again_what_was_done_before(stage: str, bench: Bench) -> None:
    source = Source(None)
    bench.parts, bench.documents = [source, Picky()], {}
    bench.run()
    source.token = "2" if stage == "ingest" else "2, unreadable"
    source.error = ValueError("broken") if stage == "ingest" else None
    bench.run()
    assert len(bench.quarantined()) == 1

    source.token, source.error = "1", None
    bench.run()

    assert bench.quarantined() == []


def test_a_document_that_no_cleaner_reads_is_quarantined_and_the_reason_says_what_it_was(bench: Bench) -> None:
    bench.documents = {"a": Fetched(b"\x00\x01", "application/pdf"), "c": "fine"}
    bench.run()
    (error,) = (error for plugin, _, error in bench.quarantined())
    assert "no cleaner reads application/pdf: memory:a, 2 bytes; add a cleaner that does" in error


def test_a_document_without_a_text_is_an_article_of_that_kind_and_is_not_annotated(bench: Bench) -> None:
    bench.documents = {"a": Fetched(b" \n", "text/plain"), "c": "fine"}
    bench.run()
    assert bench.quarantined() == []
    assert bench.sql("select kind, body from article order by kind") == [
        {"kind": "article", "body": "fine"},
        {"kind": "empty", "body": ""},
    ]


class Named(Cleaner):
    """Takes a document for what its text says that it is."""

    name, version = "named", "1"

    def clean(self, draft: Draft) -> None:
        draft.kind = draft.text.strip()  # type: ignore[assignment]


def test_what_is_no_article_is_kept_and_not_annotated(bench: Bench) -> None:
    kinds = get_args(ArticleKind)
    bench.parts, bench.documents = [bench.lengths, Named()], {kind: kind for kind in kinds}
    bench.run()
    assert {row["kind"] for row in bench.sql("select kind from article")} == set(kinds)
    annotated = bench.sql("select kind from length join article using (article_id)")
    assert {row["kind"] for row in annotated} == set(ANNOTATED)


# ── Worker processes ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("headline", ["\ud83d Kerry", float("nan")])
def test_what_cannot_be_stored_is_quarantined_and_costs_no_other_document(headline: Any, bench: Bench) -> None:
    bench.documents["odd"] = Fetched(b"some words", "text/plain", {"headline": headline})

    report = bench.run()

    assert not report.failed
    (failure,) = bench.sql("select uri, error from quarantine where stage = 'ingest'")
    assert failure["uri"] == "memory:odd"
    assert "`document.metadata`" in failure["error"]
    assert len(bench.sql("from article")) == len(bench.documents) - 1
