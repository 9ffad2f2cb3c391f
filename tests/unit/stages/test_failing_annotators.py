"""An annotator that fails on an article costs that article its rows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from onrecord import (
    Annotator,
    Article,
    Mention,
    Row,
)
from onrecord.warehouse import Warehouse
from tests.unit.stages.bench import Bench, Lengths, Others


class Stranger(Row):
    """Not among the rows that any component here may write."""

    words: int


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
    counts = {step.component: (step.subjects, step.done, step.failed, step.blocked) for step in report.steps}
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

    assert bench.sql("select component, released from quarantine") == [{"component": "lengths", "released": False}]


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


# ── Worker processes ─────────────────────────────────────────────────────────────────────────────


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

    errors = {row["error"] for row in bench.sql("select error from quarantine where component = 'mute'")}
    assert errors == {"Speechless: (its text cannot be shown)"}
