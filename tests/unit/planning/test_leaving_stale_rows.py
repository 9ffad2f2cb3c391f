"""A run that leaves to a backfill what is merely stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from onrecord import (
    Annotator,
    Article,
    Row,
)
from tests.unit.planning.world import (
    ANNOTATIONS,
    Name,
    World,
    change_configuration,
    change_english_pipeline,
    change_version,
    of,
    text,
)


@pytest.fixture
def leaving(world: World) -> World:
    """A world whose runs leave what is stale only because a component changed."""
    world.settings["run"] = {"stale": "leave"}
    return world


def test_a_run_that_leaves_what_is_stale_writes_nothing_when_a_version_changes(leaving: World) -> None:
    leaving.parts["words"].version = "2"

    assert leaving.plan() == {"words": {"deferred": 3}, "names": {"deferred": 3}, "totals": {"requirement": 1}}
    # The aggregator's rows are worked out again: from the same rows, so to the same end.
    assert leaving.written_by(leaving.run()) == {"total": "*"}
    assert leaving.plan() == {"words": {"deferred": 3}, "names": {"deferred": 3}}


@pytest.mark.parametrize("change", [change_configuration, change_english_pipeline, change_version("reads")])
def test_every_kind_of_mere_staleness_is_left(change: Callable[[World], None], leaving: World) -> None:
    change(leaving)
    left = {plugin: states["deferred"] for plugin, states in leaving.states().items() if "deferred" in states}

    assert left
    assert not {table for table in leaving.written_by(leaving.run()) if not table.endswith("total")}
    assert {plugin: states["deferred"] for plugin, states in leaving.states().items() if "deferred" in states} == left


def test_what_is_new_or_changed_is_done_with_the_version_of_now_and_the_rest_is_left(leaving: World) -> None:
    leaving.parts["words"].version = "2"
    leaving.documents["a"] = text("Anna spoke again.", headline="A")
    leaving.documents["c"] = text("Dora came.", headline="C")

    written = leaving.written_by(leaving.run())

    assert {table: written[table] for table in ANNOTATIONS} == of("ac", *ANNOTATIONS)
    assert leaving.plan() == {"words": {"deferred": 2, "current": 2}, "names": {"deferred": 2, "current": 2}}


def test_what_is_stale_is_not_left_where_another_plugin_that_reads_its_rows_has_work_to_do(leaving: World) -> None:
    class Initial(Row, key=("ordinal",)):
        ordinal: int
        letter: str

    class Initials(Annotator):
        name, version, requires, writes = "initials", "1", ["names"], [Initial]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield from (Initial(ordinal=n.ordinal, letter=n.name[0]) for n in article.rows(Name))

    leaving.parts["words"].version = "2"
    leaving.parts["tokens"].version = "2"
    leaving.parts["initials"] = Initials()

    assert leaving.plan() == {
        "words": {"version": 3}, "names": {"requirement": 3}, "initials": {"new": 3}, "totals": {"requirement": 1},
        # Nothing of theirs is read by the new one, nor reads it.
        "tokens": {"deferred": 3}, "phrases": {"deferred": 3}, "token_totals": {"requirement": 1},
    }  # fmt: skip
    leaving.run()
    assert leaving.plan() == {"tokens": {"deferred": 3}, "phrases": {"deferred": 3}}


def test_what_was_left_is_done_by_a_run_that_recomputes(leaving: World) -> None:
    leaving.parts["words"].version = "2"
    leaving.run()
    leaving.settings["run"] = {"stale": "recompute"}

    assert leaving.written_by(leaving.run()) == of("abd", "word_count", "name") | of("*", "total")
    assert leaving.plan() == {}
