"""What a change makes stale: what the plan says, and what the next run writes again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord import (
    Pipeline,
)
from tests.unit.planning.world import (
    ANNOTATIONS,
    DONE_BY_DOCUMENT,
    World,
    change_configuration,
    change_english_pipeline,
    change_version,
    contents,
    german,
    of,
    text,
)

# ── What changes, what the plan says, what is written again ──────────────────────────────────────


def change_content(world: World) -> None:
    world.documents["a"] = text("Anna spoke again.", headline="A")


def change_metadata_that_is_read(world: World) -> None:
    world.documents["a"] = text("Anna spoke.", headline="Another")


def change_metadata_that_nobody_reads(world: World) -> None:
    world.documents["a"] = text("Anna spoke.", headline="A", rating=5)


def rename_german_pipeline(world: World) -> None:
    world.pipelines["de"] = Pipeline("de", "besser", "1", german)


def cleaner_that_gives_other_articles(world: World) -> None:
    world.parts["reads"].version = "2"
    world.parts["reads"].drop = "Bert"


def change_default_language(world: World) -> None:
    world.settings["language"] = {"default": "de"}


def remove(name: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        del world.parts[name]

    return change


def disable_words_and_its_dependants(world: World) -> None:
    world.settings["disable"] = ["words", "names", "totals"]


def nothing(world: World) -> None:
    pass


def swap_source_order(world: World) -> None:
    world.documents = dict(reversed(world.documents.items()))


MATRIX: dict[str, tuple[Callable[[World], None], dict[str, dict[str, int]], dict[str, str]]] = {
    "nothing": (nothing, {}, {}),
    "the order in which documents are listed": (swap_source_order, {}, {}),
    "the content of a": (
        change_content,
        {"documents": {"content": 1, "current": 2}},
        of("a", *DONE_BY_DOCUMENT, *ANNOTATIONS) | of("*", "total", "token_total"),
    ),
    "metadata of a that the article shows": (
        change_metadata_that_is_read,
        {"documents": {"content": 1, "current": 2}},
        of("a", *DONE_BY_DOCUMENT, *ANNOTATIONS) | of("*", "total", "token_total"),
    ),
    "metadata of a that nobody reads": (
        change_metadata_that_nobody_reads,
        {"documents": {"content": 1, "current": 2}},
        # The same article: annotations stay. Aggregators can see documents, so they are done again.
        of("a", *DONE_BY_DOCUMENT) | of("*", "total", "token_total"),
    ),
    "the version of words": (
        change_version("words"),
        {"words": {"version": 3}, "names": {"requirement": 3}, "totals": {"requirement": 1}},
        of("abd", "word_count", "name") | of("*", "total"),
    ),
    "the configuration of words": (
        change_configuration,
        {"words": {"configuration": 3}, "names": {"requirement": 3}, "totals": {"requirement": 1}},
        of("abd", "word_count", "name") | of("*", "total"),
    ),
    "the version of names, which nobody requires": (
        change_version("names"), {"names": {"version": 3}}, of("abd", "name"),
    ),
    "the version of tokens": (
        change_version("tokens"),
        {"tokens": {"version": 3}, "phrases": {"requirement": 3}, "token_totals": {"requirement": 1}},
        of("abd", "token_count", "phrase") | of("*", "token_total"),
    ),
    "the version of an aggregator": (change_version("totals"), {"totals": {"version": 1}}, of("*", "total")),
    "the version of the English pipeline": (
        change_english_pipeline,
        {"tokens": {"pipeline": 2, "current": 1}, "phrases": {"requirement": 2, "current": 1},
         "token_totals": {"requirement": 1}},
        of("ab", "token_count", "phrase") | of("*", "token_total"),
    ),
    "the name of the German pipeline": (
        rename_german_pipeline,
        {"tokens": {"pipeline": 1, "current": 2}, "phrases": {"requirement": 1, "current": 2},
         "token_totals": {"requirement": 1}},
        of("d", "token_count", "phrase") | of("*", "token_total"),
    ),
    "the version of a cleaner that gives the same articles": (
        # Annotations are read out of articles, which are the same; an aggregator may have read the segments.
        change_version("reads"),
        {"clean": {"version": 3}},
        of("abd", "article", "segment") | of("*", "total", "token_total"),
    ),
    "the version of a cleaner that gives b another body": (
        cleaner_that_gives_other_articles,
        {"clean": {"version": 3}},
        of("abd", "article", "segment") | of("b", *ANNOTATIONS) | of("*", "total", "token_total"),
    ),
    "the default language": (
        change_default_language,
        {"clean": {"configuration": 3}},
        of("abd", "article", "segment") | of("ab", *ANNOTATIONS) | of("*", "total", "token_total"),
    ),
    "phrases is removed": (remove("phrases"), {}, {}),
    "words is removed, without which names and totals cannot be loaded": (remove("words"), {}, {}),
    "words, names and totals are disabled": (disable_words_and_its_dependants, {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("what", MATRIX)
def test_what_is_written_again_when_this_changes(what: str, world: World) -> None:
    change, planned, written = MATRIX[what]
    before = contents(world)
    change(world)

    assert world.plan() == planned
    report = world.run()

    assert world.written_by(report) == written
    assert world.plan() == {}
    if not written:
        assert contents(world) == before
        assert {step.subjects for step in report.steps} <= {0}


# ── What only warns ──────────────────────────────────────────────────────────────────────────────


def test_a_changed_source_file_with_the_same_version_only_warns(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = tmp_path / "plugins" / "lengths.py"
    plugin.parent.mkdir()
    source = """
from onrecord import Annotator, Row, hookimpl

class Length(Row):
    characters: int

class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        yield Length(characters=len(article.body))

@hookimpl
def register_annotators(register):
    register(Lengths())
"""
    plugin.write_text(source)
    world.settings["plugins_dir"] = str(plugin.parent)
    world.run()
    caplog.clear()

    plugin.write_text(source.replace("len(article.body)", "-1"))
    assert world.plan() == {}
    world.run()

    assert [row["characters"] >= 0 for row in world.sandbox.sql("from length")] == [True] * 3
    (warning,) = [
        r.getMessage() for r in caplog.records if r.levelno == logging.WARNING and "lengths" in r.getMessage()
    ]
    assert warning.startswith("the source of lengths has changed and its version has not")
