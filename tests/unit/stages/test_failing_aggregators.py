"""An aggregator that fails keeps what it had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import pytest

from onrecord import (
    Aggregator,
    Reader,
    References,
    Row,
)
from tests.unit.stages.bench import Bench

# ── Aggregators ──────────────────────────────────────────────────────────────────────────────────


class Total(Row, key=("words",)):
    words: int


class Square(Row, key=("words",)):
    words: int


class Count(Row, key=("articles",)):
    articles: int


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["lengths"], [Total]
    fails = False

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        yield Total(words=warehouse.sql("select sum(words)::bigint as n from length")["n"][0].as_py())
        if self.fails:
            raise ValueError("cannot add up")


class Squares(Aggregator):
    name, version, requires, writes = "squares", "1", ["totals"], [Square]
    queries = {Square: "select words * words as words from total"}


class Counts(Aggregator):
    name, version, writes = "counts", "1", [Count]
    queries = {Count: "select count(*) as articles from article"}


def test_an_aggregator_that_fails_keeps_what_it_had_and_so_do_those_that_require_it(bench: Bench) -> None:
    totals = Totals()
    bench.parts += [totals, Squares(), Counts()]
    assert not bench.run().failed
    assert bench.sql("select t.words as total, s.words as square from total t, square s") == [
        {"total": 6, "square": 36}
    ]

    totals.fails = True
    bench.documents["d"] = "one more"
    report = bench.run()

    assert report.failed
    assert report.run.message == (
        "aggregate totals: ValueError: cannot add up\naggregate squares: OnrecordError: requires totals, which failed"
    )
    assert bench.sql("select t.words as total, s.words as square from total t, square s") == [
        {"total": 6, "square": 36}
    ]
    assert [row["articles"] for row in bench.sql("from count")] == [4], "the others are done and published"

    totals.fails = False
    assert not bench.run().failed
    assert [row["words"] for row in bench.sql("from total union all from square order by words")] == [8, 64]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("select 1 as words from nowhere", "nowhere"),
        ("select 'x' as words", "x"),
        ("select 1 as letters", "letters"),
        ("select null::bigint as words", "NOT NULL"),
    ],
)
def test_a_query_that_cannot_fill_its_table_costs_that_aggregator_only(query: str, error: str, bench: Bench) -> None:
    class Wrong(Aggregator):
        name, version, writes = "wrong", "1", [Total]
        queries = {Total: query}

    bench.parts += [Wrong(), Counts()]
    report = bench.run()
    assert report.run.message is not None
    assert report.run.message.startswith("aggregate wrong: ")
    assert error in report.run.message
    assert [row["articles"] for row in bench.sql("from count")] == [3]


# ── Worker processes ─────────────────────────────────────────────────────────────────────────────


class Longest(Row, key=("article_id",)):
    article_id: Annotated[UUID, References("article")]
    segment_of: Annotated[UUID, References("length", "article_id")]


class FindLongest(Aggregator):
    name, version, writes, requires = "longest", "1", [Longest], ["lengths"]
    fails = False

    def aggregate(self, warehouse: Reader) -> Iterator[Longest]:
        if self.fails:
            raise MemoryError("for the moment")
        for row in warehouse.sql("select article_id from length").to_pylist():
            yield Longest(article_id=row["article_id"], segment_of=row["article_id"])


def test_what_a_failing_aggregator_says_of_things_that_are_gone_goes_and_the_rest_is_published(bench: Bench) -> None:
    longest = FindLongest()
    bench.parts.append(longest)
    assert not bench.run().failed
    before = len(bench.sql("from longest"))

    longest.fails = True
    bench.documents["a"] = "this one is bad"
    report = bench.run()

    assert report.run.message == "aggregate longest: MemoryError: for the moment"
    assert len(bench.sql("from length")) == len(bench.sql("from longest")) == before - 1

    longest.fails = False
    bench.documents["a"] = "fine again"
    assert not bench.run().failed
    assert len(bench.sql("from longest")) == before
