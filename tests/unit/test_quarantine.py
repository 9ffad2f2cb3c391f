"""What a failure costs: the subject that it happened on, that plugin's rows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args
from uuid import UUID

import pytest

from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Cleaner,
    Draft,
    Fetched,
    Ingestor,
    Item,
    Mention,
    Reader,
    References,
    Row,
    TransientError,
)
from onrecord.config.loading import parsed
from onrecord.model.content import ANNOTATED, ArticleKind
from onrecord.model.report import RunReport
from onrecord.plugins.registry import Plugins
from onrecord.run.engine import STAGES, running
from onrecord.stages import discover
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.workers.pool import workers


class Length(Row):
    words: int


class Double(Row):
    words: int


class Other(Row):
    body: str


class Word(Row, key=("ordinal",)):
    ordinal: int


class Stranger(Row):
    """Not among the rows that any component here may write."""

    words: int


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
        rows = self.sql(f"select distinct uri from {table} join listing using (article_id) order by 1")
        return "".join(row["uri"].removeprefix("memory:") for row in rows)

    def quarantined(self) -> list[tuple[str, str, str]]:
        rows = self.sql("select plugin, uri, error from quarantine order by all")
        return [(row["plugin"], row["uri"].removeprefix("memory:"), row["error"]) for row in rows]


@pytest.fixture
def bench(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Bench:
    return Bench(tmp_path / "warehouse", plugin_of)


# ── An annotator that fails on an article ────────────────────────────────────────────────────────


def test_an_annotator_that_raises_on_one_article_costs_that_article_its_rows_and_nothing_else(bench: Bench) -> None:
    report = bench.run()

    assert bench.of("length") == "ac"
    assert bench.of("other") == bench.of("article") == "abc"
    assert bench.of("double") == "ac", "what requires the rows that are missing waits for them"
    assert bench.quarantined() == [("lengths", "b", "ValueError: cannot count 'a bad one'")]
    (row,) = bench.sql("select stage, version, traceback, transient, released from quarantine")
    assert "in annotate" in row.pop("traceback")
    assert row == {"stage": "annotate", "version": "1", "transient": False, "released": False}
    assert not report.failed, "one bad article is no broken plugin"
    counts = {step.plugin: (step.subjects, step.done, step.failed, step.blocked) for step in report.steps}
    assert counts["lengths"] == (3, 2, 1, 0)
    assert counts["doubles"] == (3, 2, 0, 1)
    assert counts["others"] == (3, 3, 0, 0)


def test_a_quarantined_subject_is_left_alone_by_the_next_run_and_so_is_what_waits_for_it(bench: Bench) -> None:
    bench.run()
    bench.lengths.seen.clear()

    report = bench.run()

    assert bench.lengths.seen == []
    assert {step.subjects for step in report.steps} <= {0}
    assert len(bench.quarantined()) == 1


def change_the_article(bench: Bench) -> None:
    bench.documents["b"] = "a better one"


def mend_the_plugin(bench: Bench) -> None:
    bench.lengths.bad, bench.lengths.version = set(), "2"


def ask_for_it(bench: Bench) -> None:
    bench.lengths.bad = set()
    with Warehouse(bench.directory).writing() as connection:
        connection.execute("update quarantine set released = true")


@pytest.mark.parametrize("mend", [change_the_article, mend_the_plugin, ask_for_it])
def test_it_is_tried_again_when_this_happens_and_what_waits_for_it_is_done_then(
    mend: Callable[[Bench], None], bench: Bench
) -> None:
    bench.run()
    mend(bench)

    bench.run()

    assert bench.quarantined() == []
    assert bench.of("length") == bench.of("double") == "abc"


def test_what_fails_again_on_request_is_quarantined_again_and_no_longer_released(bench: Bench) -> None:
    bench.run()
    ask_for_it(bench)
    bench.lengths.bad = {"bad"}

    bench.run()

    assert bench.sql("select plugin, released from quarantine") == [{"plugin": "lengths", "released": False}]


def test_an_annotator_that_comes_to_fail_on_an_article_loses_its_rows_and_those_that_require_them(
    bench: Bench,
) -> None:
    bench.lengths.bad = set()
    bench.run()
    assert bench.of("length") == bench.of("double") == "abc"

    bench.lengths.bad, bench.lengths.version = {"bad"}, "2"
    bench.run()

    assert bench.of("length") == bench.of("double") == "ac"
    assert bench.of("other") == "abc"


def test_a_batch_that_fails_as_a_whole_is_done_article_by_article(bench: Bench) -> None:
    class Together(Lengths):
        def annotate_batch(self, articles: Sequence[Article]) -> list[list[Row]]:
            return [list(self.annotate(article)) for article in reversed(articles)][::-1]

    together = Together()
    bench.parts = [together]

    bench.run()

    assert bench.of("length") == "ac"
    assert [plugin for plugin, *_ in bench.quarantined()] == ["lengths"]


def test_an_error_that_no_file_can_hold_is_quarantined_like_any_other(bench: Bench) -> None:
    class Odd(Lengths):
        def annotate(self, article: Article) -> Iterator[Row]:
            if "bad" in article.body:
                raise ValueError("a file called \udcff")  # what Python makes of a name that is not UTF-8
            yield from super().annotate(article)

    bench.parts = [Odd()]

    bench.run()

    assert bench.of("length") == "ac"
    assert bench.quarantined() == [("lengths", "b", "ValueError: a file called \\udcff")]


def test_a_plugin_that_ends_the_program_on_one_article_is_quarantined_for_it(bench: Bench) -> None:
    class Exits(Lengths):
        def annotate(self, article: Article) -> Iterator[Row]:
            if "bad" in article.body:
                raise SystemExit(3)
            yield from super().annotate(article)

    bench.parts = [Exits()]

    bench.run()

    assert bench.of("length") == "ac"
    assert bench.quarantined() == [("lengths", "b", "SystemExit: 3")]


# ── Rows that do not fit ─────────────────────────────────────────────────────────────────────────


def mention(start: int, end: int, words: str) -> Mention:
    return Mention(ordinal=0, start_char=start, end_char=end, text=words, kind="name", label="other")


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([mention(0, 3, "bad")], "is not what stands at 0–3"),
        ([mention(2, 50, "bad one")], "is not what stands at 2–50"),
        ([mention(-3, 9, "one")], "is not what stands at -3–9"),
        ([mention(2, 2, "")], "is not what stands at 2–2"),
        ([mention(2, 5, "bad"), mention(2, 5, "bad")], "two rows with the same key (article_id, ordinal)"),
        ([Stranger(words=1)], "yielded a Stranger, which is not among the rows that it `writes`"),
        ([Mention.model_construct(ordinal=0, start_char=2, end_char=5, text="bad", kind=[], label="other")], "kind"),
        (["not a row"], "yielded a str"),
        (7, "TypeError"),
    ],
)
def test_rows_that_do_not_fit_quarantine_their_article_only(rows: Any, error: str, bench: Bench) -> None:
    class Mentions(Annotator):
        name, version, writes = "mentions", "1", [Mention]

        def annotate(self, article: Article) -> Any:
            return rows if "bad" in article.body else [mention(0, 1, "a")]

    bench.parts = [Mentions(), Others()]

    report = bench.run()

    assert bench.of("mention") == "ac"
    assert bench.of("other") == "abc"
    ((plugin, document, said),) = bench.quarantined()
    assert (plugin, document) == ("mentions", "b")
    assert error in said
    assert not report.failed


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


# ── A plugin that fails too often ────────────────────────────────────────────────────────────────


def test_a_plugin_that_fails_on_too_large_a_share_is_stopped_and_the_run_fails_with_the_rest_loaded(
    bench: Bench,
) -> None:
    bench.documents = {f"d{i:02}": "a bad one" if i < 30 else "a good one" for i in range(60)}
    bench.settings = {"run": {"batch_size": 10}}

    report = bench.run()

    assert report.failed
    assert report.run.message == "annotate lengths: failed on 10 of 10 subjects"
    steps = {step.plugin: step for step in report.steps}
    assert (steps["lengths"].status, steps["lengths"].subjects) == ("stopped", 10)
    assert (steps["others"].status, steps["others"].done) == ("completed", 60)
    assert steps["doubles"].status == "completed"
    assert bench.sql("select count(*) as n from other") == [{"n": 60}], "all else is loaded and published"
    assert bench.sql("select count(*) as n from length") == [{"n": 0}]
    assert bench.sql("select count(*) as n from quarantine") == [{"n": 10}]

    # What was not tried is still to do: the next run goes on where this one stopped.
    bench.lengths.bad = set()
    bench.run()
    assert bench.sql("select count(*) as n from length") == [{"n": 50}]
    assert bench.sql("select count(*) as n from double") == [{"n": 50}]


def test_what_a_stopped_plugin_said_goes_where_what_it_went_by_is_new(bench: Bench) -> None:
    bench.documents = {f"d{i:02}": "a good one" for i in range(20)}
    bench.settings = {"run": {"batch_size": 5}}
    doubles = bench.parts[1]
    assert not bench.run().failed
    assert bench.sql("select count(*) as n from double") == [{"n": 20}]

    bench.lengths.version = "2"
    doubles.fails = True
    assert bench.run().run.message == "annotate doubles: failed on 5 of 5 subjects"
    assert bench.sql("select count(*) as n from length") == [{"n": 20}]
    assert bench.sql("select count(*) as n from double") == [{"n": 0}], "they went by lengths that are gone"

    doubles.fails, doubles.version = False, "2"
    bench.run()
    assert bench.sql("select count(*) as n from double") == [{"n": 20}]


@pytest.mark.parametrize(
    ("bad", "settings", "failed"),
    [
        (2, {}, False),  # fewer than min_failed never stop a plugin, whatever their share
        (3, {}, True),  # three of three
        (3, {"min_failed": 4}, False),
        (3, {"max_failed_share": 1.0}, False),
        (2, {"min_failed": 1, "max_failed_share": 0.0}, True),
    ],
)
def test_how_many_failures_are_too_many(bad: int, settings: dict[str, Any], failed: bool, bench: Bench) -> None:
    bench.documents = {f"d{i}": "a bad one" for i in range(bad)}
    bench.settings = {"run": settings}
    assert bench.run().failed is failed


def test_the_share_counts_what_was_tried_and_just_at_the_limit_goes_on(bench: Bench) -> None:
    bench.documents = {f"d{i}": "a bad one" if i < 4 else "a good one" for i in range(20)}
    assert not bench.run().failed, "4 of 20 are the 20 % that may fail"
    bench.lengths.version = "2"
    bench.documents["d4"] = "a bad one"
    assert bench.run().failed, "5 of 20 are more"


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

DEADLY = """
import os
from onrecord import Annotator, Fetched, Ingestor, Item, Row, hookimpl

class Length(Row):
    words: int

class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        if "deadly" in article.body:
            os._exit(9)
        yield Length(words=len(article.body.split()))

class Bodies(Ingestor):
    name, version, schemes = "bodies", "1", ("body",)

    def discover(self):
        return [Item(f"body:{i}", "1") for i in range(45)]

    def fetch(self, item):
        return Fetched(b"a deadly one" if item.uri == "body:30" else b"a good one", "text/plain")

@hookimpl
def register_annotators(register):
    register(Lengths())

@hookimpl
def register_ingestors(register):
    register(Bodies())
"""


def test_an_article_that_kills_worker_processes_is_quarantined_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(DEADLY)
    settings = {
        "warehouse": str(tmp_path / "w"),
        "plugins_dir": str(tmp_path),
        # Workers would load them, and take seconds of their time for it.
        "disable": ["claims", "clean", "entities", "flows", "language", "resolution", "tally"],
        "workers": {"processes": 2},
    }
    plugins = Plugins(parsed(settings), installed=False)
    with running(plugins) as run:
        run.listed("bodies", discover(plugins.ingestors["bodies"]))
        with workers(plugins) as team:
            for stage in STAGES:
                for batch in run.pending(stage, team.processes(stage)):
                    run.load(team.perform(batch))
        run.check()
        run.publish()

    connection = Warehouse(tmp_path / "w").open_published()
    try:
        assert connection.execute("select uri, plugin, version from quarantine").fetchall() == [
            ("body:30", "lengths", "1")
        ]
        (error,) = connection.execute("select error from quarantine").fetchone()
        assert error.startswith("RuntimeError: the worker process died of this subject")
        assert connection.execute("select count(*) from length").fetchone() == (44,)
        assert connection.execute("select count(*) from ledger where plugin = 'lengths'").fetchone() == (44,)
    finally:
        connection.close()


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


@pytest.mark.parametrize("headline", ["\ud83d Kerry", float("nan")])
def test_what_cannot_be_stored_is_quarantined_and_costs_no_other_document(headline: Any, bench: Bench) -> None:
    bench.documents["odd"] = Fetched(b"some words", "text/plain", {"headline": headline})

    report = bench.run()

    assert not report.failed
    (failure,) = bench.sql("select uri, error from quarantine where stage = 'ingest'")
    assert failure["uri"] == "memory:odd"
    assert "`document.metadata`" in failure["error"]
    assert len(bench.sql("from article")) == len(bench.documents) - 1


def test_an_exception_without_a_text_is_quarantined_like_any_other(bench: Bench) -> None:
    class Speechless(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    class Nothing(Row):
        words: int

    class Mute(Annotator):
        name, version, writes = "mute", "1", [Nothing]

        def annotate(self, article: Article) -> Iterator[Row]:
            raise Speechless

    bench.parts.append(Mute())
    bench.run()

    errors = {row["error"] for row in bench.sql("select error from quarantine where plugin = 'mute'")}
    assert errors == {"Speechless: (its text cannot be shown)"}
