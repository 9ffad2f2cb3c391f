"""Any history of changes and runs ends in the warehouse that is built from scratch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord import (
    Fetched,
    Pipeline,
)
from onrecord.backfill import Selection, find_staged_version, promote, start_backfill
from onrecord.errors import CheckError, OnrecordError
from onrecord.run.engine import RunFailed
from onrecord.stages import perform
from tests.unit.planning.world import World, contents, english, german, text

BODIES = ["Anna spoke.", "Cora and Bert spoke.", "Der Minister", "A BAD word", "# Cut\nDora stays", "Bert\nEve"]

CHANGES = st.one_of(
    st.tuples(
        st.just("put"),
        st.sampled_from("abcd"),
        st.builds(
            text,
            st.sampled_from(BODIES),
            headline=st.sampled_from(["One", "Two"]),
            language=st.sampled_from(["en", "en", "de", "fr"]),
            rating=st.sampled_from([1, 2]),
        ),
    ),
    st.tuples(st.just("remove"), st.sampled_from("abcd"), st.none()),
    st.tuples(
        st.just("version"),
        st.sampled_from(["reads", "words", "names", "tokens", "phrases", "totals"]),
        st.sampled_from("123"),
    ),
    st.tuples(st.just("toggle"), st.sampled_from(["words", "names", "tokens", "totals"]), st.none()),
    st.tuples(st.just("drop"), st.sampled_from(["#", "Bert"]), st.none()),
    st.tuples(st.just("least"), st.sampled_from([1, 5]), st.none()),
    st.tuples(st.just("pipeline"), st.sampled_from(["en", "de"]), st.sampled_from(["1", "2", None])),
    st.tuples(st.just("stale"), st.sampled_from(["recompute", "leave"]), st.none()),
    st.tuples(st.just("backfill"), st.sampled_from(["words", "names", "tokens"]), st.sampled_from([0, 1, 99])),
    st.tuples(st.just("promote"), st.sampled_from(["words", "names", "tokens"]), st.none()),
    st.tuples(st.just("run"), st.none(), st.none()),
)


class History(World):
    """A world that goes through changes, and knows of every document that a run has seen."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        super().__init__(directory, plugin_of)
        self.settings["run"] = {"min_failed": 1000}
        self.least = 1
        self.seen: dict[str, Fetched] = {}
        self.away: dict[str, Any] = {}

    def change(self, what: str, which: Any, value: Any) -> None:
        if what == "put":
            self.documents[which] = value
        elif what == "remove":
            self.documents.pop(which, None)
        elif what == "version":
            (self.parts | self.away)[which].version = value
        elif what == "toggle":
            source, target = (self.parts, self.away) if which in self.parts else (self.away, self.parts)
            target[which] = source.pop(which)
        elif what == "drop":
            # Another cleaner without another version would be a mistake of its author's.
            self.parts["reads"].drop = which
            self.parts["reads"].version = f"drops {which}"
        elif what == "least":
            self.least = which
        elif what == "pipeline" and value is None:
            self.pipelines.pop(which, None)
        elif what == "pipeline":
            self.pipelines[which] = Pipeline(which, "blank", value, {"en": english, "de": german}[which])
        elif what == "stale":
            self.settings["run"] = self.settings["run"] | {"stale": which}
        elif what in ("backfill", "promote"):
            try:
                self.backfill(which, value) if what == "backfill" else self.promote(which)
            except (CheckError, RunFailed):
                raise
            except OnrecordError:
                # Refused: there is nothing to backfill or to promote, or it is not what the plugins would make.
                pass
        elif what == "run":
            self.run_as_planned()
        self.configure()

    def configure(self) -> None:
        # A table for a plugin that is not there would be an error.
        self.settings["plugins"] = {"words": {"least": self.least}} if "words" in self.parts else {}

    def backfill(self, name: str, most: int) -> None:
        """Backfill a number of batches."""
        plugins = self.sandbox.plugins
        with start_backfill(plugins, Selection(components=(name,))) as run:
            for batch in islice(run.batches("annotate"), most):
                run.load(perform(batch, plugins))

    def promote(self, name: str) -> None:
        plugins = self.sandbox.plugins
        promote(plugins, find_staged_version(self.directory, name, plugins), incomplete=True)

    def run_as_planned(self) -> None:
        """Run, and compare with what the plan says; a stage's own work shows where nothing happens before it."""
        plan = self.make_plan()
        lines, source_changes = plan.lines(), plan.count_source_changes()
        report = self.run()
        done = {(step.stage, step.component): step.subjects for step in report.steps}
        for stage in ("ingest", "clean", "annotate", "aggregate"):
            planned = {line.component: line.to_do for line in lines if line.stage == stage}
            if stage == "aggregate" and source_changes != (0, 0):
                break
            assert {name: done.get((stage, name), 0) for name in planned} == planned, stage
            if any(planned.values()):
                break
        self.seen |= self.documents

    def end(self) -> None:
        """Bring back what is away, and run."""
        self.parts |= self.away
        self.away.clear()
        self.change("stale", "recompute", None)
        for language, load in (("en", english), ("de", german)):
            self.pipelines.setdefault(language, Pipeline(language, "blank", "1", load))
        self.run_as_planned()

    def from_scratch(self, directory: Path) -> World:
        """A world that has only ever seen what this one has come to."""
        other = History(directory, self.plugin_of)
        other.parts, other.pipelines, other.settings = self.parts, self.pipelines, self.settings
        other.documents = self.seen
        other.run()
        other.documents = self.documents
        other.run()
        return other


def check_history(changes: list[tuple[str, Any, Any]], directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
    history = History(directory / "history", plugin_of)
    for change in changes:
        history.change(*change)
    history.end()
    assert sum(line.to_do for line in history.lines()) == 0
    assert history.make_plan().count_source_changes() == (0, 0)

    scratch = history.from_scratch(directory / "scratch")

    assert history.states() == scratch.states()
    assert timeless(history) == timeless(scratch)


def timeless(world: World) -> dict[str, list[dict[str, Any]]]:
    """All that the warehouse says now: without run ids and times, and without earlier versions of documents."""
    tables = contents(world, without="exclude (run_id)")
    current = {row["document_id"] for row in tables["source_item"]}
    tables["document"] = [row | {"fetched_at": 0} for row in tables["document"] if row["document_id"] in current]
    tables["source_item"] = [row | {"deleted_at": row["deleted_at"] is None} for row in tables["source_item"]]
    tables["quarantine"] = [row | {"failed_at": 0, "traceback": ""} for row in tables["quarantine"]]
    # What an entry of the ledger means is compared as the states.
    del tables["ledger"]
    return tables


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, min_size=4, max_size=12))
def test_any_history_ends_in_the_warehouse_that_is_built_from_scratch(
    changes: list[tuple[str, Any, Any]], tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]
) -> None:
    check_history(changes, tmp_path_factory.mktemp("history"), plugin_of)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, min_size=8, max_size=30))
def test_any_long_history_ends_in_the_warehouse_that_is_built_from_scratch(
    changes: list[tuple[str, Any, Any]], tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]
) -> None:
    check_history(changes, tmp_path_factory.mktemp("history"), plugin_of)


AROUND_BACKFILLS = CHANGES.filter(lambda change: change[0] in ("put", "version", "backfill", "promote", "stale", "run"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(AROUND_BACKFILLS, min_size=8, max_size=20))
def test_whatever_is_backfilled_and_promoted_between_runs_the_end_is_the_same(
    changes: list[tuple[str, Any, Any]], tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]
) -> None:
    first = [("put", "a", text(BODIES[0], headline="One")), ("put", "b", text(BODIES[3])), ("run", None, None)]
    check_history([*first, *changes], tmp_path_factory.mktemp("history"), plugin_of)
