"""Plugins that are added, removed and exchanged, and pipelines for other languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import spacy

from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Claim,
    ClaimEntity,
    Entity,
    Pipeline,
    Row,
)
from onrecord.model.identity import identify
from onrecord.run.engine import start_run
from onrecord.stages import discover, perform
from tests.unit.planning.world import ANNOTATIONS, DONE_BY_DOCUMENT, WordCount, World, contents, of, text


def french() -> Any:
    return spacy.blank("fr")


# ── What changes, what the plan says, what is written again ──────────────────────────────────────


def annotations(world: World) -> dict[str, list[dict[str, Any]]]:
    """The rows of annotators and aggregators, whichever run wrote them."""
    found = contents(world, without="exclude (run_id)")
    return {table: found[table] for table in (*ANNOTATIONS, "total", "token_total")}


# ── Plugins that come and go ─────────────────────────────────────────────────────────────────────


def test_a_plugin_that_is_added_does_every_article_and_costs_the_others_nothing(world: World) -> None:
    class Length(Row):
        characters: int

    class Lengths(Annotator):
        name, version, writes = "lengths", "1", [Length]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield Length(characters=len(article.body))

    world.parts["lengths"] = Lengths()
    assert world.plan() == {"lengths": {"new": 3}}
    report = world.run()

    assert world.written_by(report) == {}
    assert len(world.sandbox.sql("from length where run_id = $run", run=str(report.run.run_id))) == 3


def test_the_rows_of_a_removed_plugin_stay_and_are_up_to_date_when_it_comes_back(world: World) -> None:
    words = world.parts.pop("words")
    world.documents["b"] = text("Bert and Cora and Dora", headline="B")
    world.run()
    assert len(world.sandbox.sql("from word_count")) == 2, "those of b refer to words that its text no longer has"

    world.parts["words"] = words
    assert world.plan() == {"words": {"content": 1, "current": 2}, "names": {"content": 1, "current": 2},
                            "totals": {"content": 1}}  # fmt: skip
    report = world.run()
    assert world.written_by(report) == of("b", "word_count", "name") | of("*", "total")


def test_an_article_that_is_again_what_it_was_gets_back_the_rows_that_it_lost_while_the_plugin_was_away(
    world: World,
) -> None:
    before, document, words = annotations(world), world.documents["a"], world.parts.pop("words")
    world.documents["a"] = text("Something else for now.")
    world.run()
    world.documents["a"] = document
    world.run()

    world.parts["words"] = words
    world.run()

    assert annotations(world) == before


def test_a_run_that_is_cut_short_between_clean_and_annotate_loses_no_rows_of_an_article_that_changes_back(
    world: World,
) -> None:
    before, document = annotations(world), world.documents["a"]
    world.documents["a"] = text("Something else for now.")
    plugins = world.sandbox.plugins
    with pytest.raises(KeyboardInterrupt), start_run(plugins) as run:  # noqa: PT012
        run.record_listing("documents", discover(plugins.ingestors["documents"]))
        for stage in ("ingest", "clean"):
            for batch in run.batches(stage):
                run.load(perform(batch, plugins))
        raise KeyboardInterrupt

    world.documents["a"] = document
    world.run()

    assert annotations(world) == before


def test_an_annotator_that_takes_over_the_table_of_another_fills_it_afresh(world: World) -> None:
    class Counts(Annotator):
        name, version, writes = "counts", "1", [WordCount]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield WordCount(words=0)

    world.settings["disable"] = ["words", "names", "totals"]
    world.parts["counts"] = Counts()
    world.run()
    assert [row["words"] for row in world.sandbox.sql("from word_count")] == [0, 0, 0]

    del world.settings["disable"], world.parts["counts"]
    world.run()
    assert [row["words"] for row in world.sandbox.sql("from word_count order by words")] == [2, 3, 3]


def test_rows_that_a_table_loses_with_its_writer_are_published_as_lost(world: World) -> None:
    class Counts(Annotator):
        name, version, uses_doc, writes = "counts", "1", True, [WordCount]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield WordCount(words=0)

    world.pipelines.clear()
    world.settings["disable"] = ["words", "names", "totals", "tokens", "phrases", "token_totals"]
    world.run()
    world.parts["counts"] = Counts()
    world.run()
    assert contents(world)["word_count"] == [], "no pipeline reads the articles for the new writer"


def test_articles_may_change_while_plugins_are_disabled_whose_rows_refer_to_them(world: World) -> None:
    """The rows of a disabled aggregator may refer to deleted rows; the rest is published all the same."""

    class Claims(Annotator):
        name, version, writes = "claims", "1", [Claim]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield Claim(claim_id=identify("claim", article.body), ordinal=0, content=article.body,
                        speaker_status="none", quote_type="indirect", confidence=1)  # fmt: skip

    someone = identify("entity", "X")

    class Speakers(Aggregator):
        name, version, requires, writes = "speakers", "1", ["claims"], [Entity, ClaimEntity]
        queries = {
            Entity: f"select '{someone}' as entity_id, 'X' as name, 'person' as kind, 0 mention_count, 0 article_count",
            ClaimEntity: f"select claim_id, '{someone}' as entity_id, 'speaker' as role from claim",
        }

    world.parts |= {"claims": Claims(), "speakers": Speakers()}
    world.run()
    assert len(world.sandbox.sql("from claim_entity")) == 3

    world.settings["disable"] = ["speakers"]
    world.documents["a"] = text("Something else.")
    world.run()

    assert (
        world.sandbox.sql("select body from article anti join (select content as body from claim) using (body)") == []
    )


# ── Languages ────────────────────────────────────────────────────────────────────────────────────


def test_an_article_in_a_language_without_a_pipeline_is_not_parsed_and_the_plan_says_so(world: World) -> None:
    world.documents["f"] = text("Le ministre parla.", language="fr")
    report = world.run()

    assert world.written_by(report) == of("f", *DONE_BY_DOCUMENT, "word_count", "name") | of(
        "*", "total", "token_total"
    )
    assert world.plan() == {"tokens": {"no pipeline": 1, "current": 3}, "phrases": {"no pipeline": 1, "current": 3}}


def test_a_pipeline_for_another_language_leaves_the_annotations_of_the_first_alone(world: World) -> None:
    world.documents["f"] = text("Le ministre parla.", language="fr")
    world.run()
    world.pipelines["fr"] = Pipeline("fr", "vide", "1", french)

    assert world.plan() == {
        "tokens": {"new": 1, "current": 3},
        "phrases": {"new": 1, "current": 3},
        "token_totals": {"requirement": 1},
    }
    assert world.written_by(world.run()) == of("f", "token_count", "phrase") | of("*", "token_total")


def test_without_any_pipeline_the_plan_still_says_what_is_not_annotated(world: World) -> None:
    world.pipelines.clear()
    assert world.plan()["tokens"] == {"no pipeline": 3}
    assert world.plan()["phrases"] == {"no pipeline": 3}
