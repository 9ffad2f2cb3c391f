"""What the plan says: how many subjects are in each state, what changed where they are stale, what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from onrecord import Cleaner, Draft, Row
from onrecord.errors import SchemaError
from onrecord.model.bookkeeping import ComponentVersion
from onrecord.planning.versions import explain_change, find_connected
from tests.unit.planning.world import World, change_configuration, change_english_pipeline, change_version, text


class Signs(Cleaner):
    name, version = "signs", "7"

    def clean(self, draft: Draft) -> None:
        pass


def add_cleaner(world: World) -> None:
    world.parts["signs"] = Signs()


def change_document(world: World) -> None:
    world.documents["a"] = text("Anna spoke again.", headline="A")


CHANGES = [
    (
        change_version("words"),
        {
            "words": {"version 1 → 2": 3},
            "names": {"requirement words changed": 3},
            "totals": {"requirement words changed": 1},
        },
    ),
    (
        change_configuration,
        {
            "words": {"setting least 1 → 4": 3},
            "names": {"requirement words changed": 3},
            "totals": {"requirement words changed": 1},
        },
    ),
    (
        change_english_pipeline,
        {
            "tokens": {"pipeline blank 1 → blank 2": 2},
            "phrases": {"requirement tokens en changed": 2},
            "token_totals": {"requirement tokens en changed": 1},
        },
    ),
    (change_version("reads"), {"clean": {"cleaner reads 1 → 2": 3}}),
    (add_cleaner, {"clean": {"cleaner signs added": 3}}),
    (change_document, {"documents": {"content": 1}}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_it_says_what_changed_from_what_to_what(
    change: Callable[[World], None], expected: dict[str, dict[str, int]], world: World
) -> None:
    change(world)
    assert {line.component: line.changes for line in world.lines() if line.changes} == expected


def test_it_says_what_changed_where_stale_rows_are_deferred(world: World) -> None:
    world.settings["run"] = {"stale": "leave"}
    world.parts["words"].version = "2"
    (line,) = (line for line in world.lines() if line.component == "words")
    assert (line.to_do, line.stale, line.states, line.changes) == (0, 0, {"deferred": 3}, {"version 1 → 2": 3})


def version_of(component: str, version: str, configuration: str = "{}", requirements: str = "{}") -> ComponentVersion:
    return ComponentVersion(
        component=component, fingerprint="", stage="annotate", version=version, configuration=configuration,
        requirements=requirements, distribution="", source_hash="", writes=[], per_article=True,
    )  # fmt: skip


def test_everything_that_changed_is_named() -> None:
    old = version_of("words", "1", '{"least": 1, "list": {"name": "short", "sorted": true}}', '{"a": "1", "b": "1"}')
    new = version_of("words", "2", f'{{"most": 1, "list": {{"name": "{"x" * 99}", "sorted": true}}}}', '{"b": "1"}')
    assert explain_change(old, new) == (
        f"version 1 → 2, setting least removed, setting list.name short → {'x' * 39}…, setting most added, "
        "requirement a removed"
    )


def test_cleaners_are_compared_one_by_one() -> None:
    old = version_of("clean", "dates 1, signs 2, names 1", '{"dates": {"x": 1}, "signs": {}, "names": {"y": 1}}')
    new = version_of("clean", "dates 1, signs 3, lines 1", '{"dates": {"x": 2}, "signs": {}, "lines": {"z": 1}}')
    assert explain_change(old, new) == (
        "cleaner signs 2 → 3, cleaner names removed, cleaner lines added, setting dates.x 1 → 2"
    )


def test_cleaners_in_another_order_are_another_version() -> None:
    settings = '{"dates": {}, "signs": {}}'
    old, new = version_of("clean", "dates 1, signs 2", settings), version_of("clean", "signs 2, dates 1", settings)
    assert explain_change(old, new) == "version dates 1, signs 2 → signs 2, dates 1"


def test_components_that_require_each_other_directly_or_not_are_connected() -> None:
    requires = {"a": (), "b": ("a",), "c": (), "d": ("c",), "e": ("b", "a"), "f": ()}
    connected = find_connected({name: frozenset(required) for name, required in requires.items()})
    assert connected == {"a": "a", "b": "a", "e": "a", "c": "c", "d": "c", "f": "f"}


def test_a_run_is_refused_for_what_the_plan_calls_a_conflict(world: World) -> None:
    class Total(Row, key=("words",)):
        words: str

    world.parts["totals"].writes = [Total]
    world.parts["totals"].queries = {Total: "select 'many' as words"}
    (conflict,) = world.make_plan().find_conflicts()
    with pytest.raises(SchemaError) as refused:
        world.sandbox.run()
    assert str(refused.value) == str(conflict)
    assert conflict.table == "total"
