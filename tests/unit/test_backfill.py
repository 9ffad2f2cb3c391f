"""Backfills: a new version's rows are made beside the published ones, and are promoted or dropped."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import onrecord.backfill
from onrecord import Aggregator, Annotator, Article, Cleaner, Draft, Fetched, Row
from onrecord.backfill import Selection, backfilling, candidate_of, candidates, drop, promote, promotion
from onrecord.errors import CheckError, LockedError, OnrecordError, SchemaError, WarehouseError
from onrecord.model.report import RunReport
from onrecord.planning import ledger
from onrecord.planning.versions import targets
from onrecord.run.engine import RunFailed
from onrecord.stages import discover, perform
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.lock import locked

# ── A world of tiny plugins ──────────────────────────────────────────────────────────────────────
#
#   names ← greetings    each reads the other's rows
#   lengths              reads nobody's
#   totals               an aggregator of greetings


class Name(Row, key=("ordinal",)):
    ordinal: int
    name: str


class Greeting(Row, key=("ordinal",)):
    ordinal: int
    whom: str


class Length(Row):
    words: int


class Total(Row, key=("whom",)):
    whom: str
    times: int


class Reads(Cleaner):
    name, version = "reads", "1"

    def clean(self, draft: Draft) -> None:
        draft.outlet = draft.metadata.get("outlet")
        if published := draft.metadata.get("published"):
            draft.published_at = datetime.fromisoformat(published)


class Names(Annotator):
    """Every word with a capital; version 2 leaves out the first word, and fails where there is a BAD one."""

    name, version, writes = "names", "1", [Name]

    def annotate(self, article: Article) -> Iterator[Row]:
        if "BAD" in article.body and self.version == "2":
            raise ValueError("a bad word")
        found = [word.strip(".") for word in article.body.split() if word.istitle()]
        yield from (Name(ordinal=i, name=name) for i, name in enumerate(found[self.version == "2" :]))


class Greetings(Annotator):
    name, version, requires, writes = "greetings", "1", ["names"], [Greeting]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield from (Greeting(ordinal=row.ordinal, whom=f"Dear {row.name}") for row in article.rows(Name))


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()) * int(self.version))


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["greetings"], [Total]
    queries = {Total: "select whom, count(*) as times from greeting group by whom"}


TABLES = ("article", "ledger", "quarantine", "name", "greeting", "length", "total")


class World:
    """A warehouse whose plugins and documents the tests change."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory = directory
        self.plugin_of = plugin_of
        self.parts: dict[str, Any] = {p.name: p for p in (Reads(), Names(), Greetings(), Lengths(), Totals())}
        self.documents: dict[str, Fetched] = {
            "a": document("Hello Anna and Bert.", "Post", "2016-05-01"),
            "b": document("Hello Cora.", "Post", "2016-05-31T23:00:00+00:00"),
            "c": document("Hello Dora, a BAD word.", "Times", "2016-06-01"),
            "d": document("Nobody is here.", "Times"),
        }
        self.settings: dict[str, Any] = {"run": {"batch_size": 1, "min_failed": 10}}

    @property
    def sandbox(self) -> Sandbox:
        modules = [self.plugin_of(part, name=f"plugin_{name}") for name, part in self.parts.items()]
        return Sandbox(self.directory, *modules, documents=self.documents, settings=self.settings)

    def run(self) -> RunReport:
        report = self.sandbox.run()
        assert not report.failed, report.run.message
        return report

    def backfill(self, *names: str, most: int | None = None, **selection: Any) -> list[str]:
        """Backfill; returns what was done, as "names+greetings ab". With `most`, break off after so many batches."""
        done = []
        plugins = self.sandbox.plugins
        with backfilling(plugins, Selection(plugins=names, **selection)) as run:
            for number, batch in enumerate(run.pending("annotate")):
                if number == most:
                    raise KeyboardInterrupt
                uris = sorted(uri.removeprefix("memory:") for uri in batch.subjects["uri"].to_pylist())
                done.append(f"{'+'.join(batch.plugins)} {''.join(uris)}")
                run.load(perform(batch, plugins))
        return sorted(done)

    def promote(self, plugin: str, **options: Any) -> RunReport:
        plugins = self.sandbox.plugins
        return promote(plugins, candidate_of(self.directory, plugin, plugins), **options)

    def to_do(self) -> dict[str, dict[str, int]]:
        plugins = self.sandbox.plugins
        with Warehouse(self.directory).reading() as connection:
            lines = ledger.plan(connection, targets(plugins), discover(plugins.ingestors["documents"]))
        return {line.plugin: dict(line.states) for line in lines if set(line.states) - {"current"}}

    def rows(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """All rows of the published database, less which run wrote them and when."""
        without = {"quarantine": "run_id, failed_at, traceback"}
        return {
            table: self.sandbox.sql(f"select * exclude ({without.get(table, 'run_id')}) from {table} order by all")
            for table in tables or TABLES
        }

    def twin(self) -> World:
        """Another warehouse with the same content and the same plugins."""
        other = World(self.directory.with_name("twin"), self.plugin_of)
        shutil.copytree(self.directory, other.directory, ignore=shutil.ignore_patterns("candidates"))
        other.parts, other.documents, other.settings = self.parts, self.documents, self.settings
        return other


def document(body: str, outlet: str, published: str | None = None) -> Fetched:
    metadata = {"outlet": outlet} | ({"published": f"{published}T12:00:00+00:00"[:25]} if published else {})
    if published and "T" in published:
        metadata["published"] = published
    return Fetched(body.encode(), "text/plain", metadata)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    made = World(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of)
    made.run()
    return made.directory


@pytest.fixture
def world(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> World:
    """A world of which the first run is over, and in which names has come to be of version 2."""
    made = World(Path(shutil.copytree(filled, tmp_path / "warehouse")), plugin_of)
    made.parts["names"].version = "2"
    return made


# ── Making rows beside those that are published ──────────────────────────────────────────────────


def test_a_backfill_leaves_the_live_and_the_published_database_as_they_are(world: World) -> None:
    files = [world.directory / "live.duckdb", world.directory / "onrecord.duckdb"]
    before = [file.read_bytes() for file in files]
    world.backfill("names")
    assert [file.read_bytes() for file in files] == before
    assert [candidate.name for candidate in candidates(world.directory)] == ["names"]


def test_it_makes_the_rows_of_the_chosen_plugin_and_of_those_that_read_them(world: World) -> None:
    world.parts["lengths"].version = "2"
    # In the other order: lengths is stale too, and not meant.
    assert world.backfill("names") == [f"names+greetings {letter}" for letter in "abcd"]
    assert world.backfill("lengths") == [f"lengths {letter}" for letter in "abcd"]


def test_it_reads_the_published_rows_of_what_a_plugin_requires_where_they_are_up_to_date(world: World) -> None:
    world.parts["names"].version = "1"
    world.parts["greetings"].version = "2"
    assert world.backfill("greetings") == [f"greetings {letter}" for letter in "abcd"]
    world.promote("greetings")
    assert [row["whom"] for row in world.rows()["greeting"]].count("Dear Anna") == 1


def test_it_makes_the_rows_of_what_a_plugin_requires_where_they_are_stale(world: World) -> None:
    assert world.backfill("greetings") == [f"names+greetings {letter}" for letter in "abcd"]


def test_where_everything_is_up_to_date_there_is_nothing_to_do(world: World) -> None:
    assert world.backfill("lengths") == []
    assert candidates(world.directory) == []


@pytest.mark.parametrize(
    ("selection", "letters"),
    [
        ({}, "abcd"),
        ({"since": date(2016, 5, 2)}, "bc"),
        ({"until": date(2016, 5, 31)}, "ab"),
        ({"until": date(9999, 12, 31)}, "abc"),
        ({"since": date(2016, 5, 31), "until": date(2016, 5, 31)}, "b"),
        ({"outlets": ("times",)}, "cd"),
        ({"outlets": ("Post", "Times"), "until": date(2016, 5, 1)}, "a"),
        ({"where": "word_count > 3 -- of four words or more"}, "ac"),
        ({"where": "article_id in (select article_id from name where name = 'Cora')"}, "b"),
    ],
)
def test_only_the_selected_articles_are_done(selection: dict[str, Any], letters: str, world: World) -> None:
    assert world.backfill("names", **selection) == [f"names+greetings {letter}" for letter in letters]


@pytest.mark.parametrize("where", ["colour = 'red'", "1 = 1); drop table article; select (1", "word_count >", "('"])
def test_a_condition_that_is_none_is_an_error_and_leaves_no_candidate(where: str, world: World) -> None:
    with pytest.raises(OnrecordError, match="`where` must be a condition on the columns of `article`"):
        world.backfill("names", where=where)
    assert candidates(world.directory) == []


def test_a_selection_of_nothing_is_an_error_and_leaves_no_candidate(world: World) -> None:
    with pytest.raises(OnrecordError, match=r"to be backfilled: articles of Tines\. .* shows what there is"):
        world.backfill("names", outlets=("Tines",))
    assert candidates(world.directory) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("totals", "totals cannot be backfilled, being an aggregator: every run fills its tables afresh"),
        ("reads", "reads cannot be backfilled, being a cleaner"),
        ("documents", "documents cannot be backfilled, being an ingestor"),
        ("nobody", "being not loaded. The annotators are: "),
    ],
)
def test_what_is_no_annotator_cannot_be_backfilled(name: str, reason: str, world: World) -> None:
    with pytest.raises(OnrecordError, match=reason):
        world.backfill(name)


def test_before_anything_is_published_there_is_nothing_to_backfill(
    tmp_path: Path, plugin_of: Callable[..., ModuleType]
) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        World(tmp_path / "new", plugin_of).backfill("names")


# ── Going on ─────────────────────────────────────────────────────────────────────────────────────


def test_a_backfill_that_was_broken_off_does_the_rest_of_the_same_selection(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.backfill("names", where="word_count > 2", most=1)
    # Without naming the articles again.
    assert len(world.backfill("names")) == 2
    assert world.backfill("names") == []


def test_a_backfill_of_other_articles_is_refused_while_there_is_a_candidate(world: World) -> None:
    world.backfill("names", outlets=("Post",))
    with pytest.raises(OnrecordError, match="over articles of Post, which is not articles of Times"):
        world.backfill("names", outlets=("Times",))
    assert world.backfill("names", outlets=("Post",)) == []


def test_a_backfill_of_plugins_of_another_candidate_is_refused(world: World) -> None:
    world.backfill("names")
    with pytest.raises(OnrecordError, match="the candidate of names has rows of the same plugins"):
        world.backfill("greetings")


def test_a_candidate_has_one_writer(world: World) -> None:
    world.backfill("names")
    with locked(world.directory / "candidates" / "names", wait=False):
        for attempt in (lambda: world.backfill("names"), lambda: world.promote("names"),
                        lambda: drop(candidate_of(world.directory, "names"))):  # fmt: skip
            with pytest.raises(LockedError):
                attempt()


def test_of_two_that_begin_at_the_same_time_one_has_its_selection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[Exception] = []

    def other() -> None:
        try:
            world.backfill("names", outlets=("Times",))
        except (OnrecordError, OSError) as error:
            errors.append(error)

    thread = threading.Thread(target=other)

    def begun(*arguments: Any) -> Any:
        monkeypatch.setattr("onrecord.backfill._begun", real)
        found = real(*arguments)
        thread.start()
        # It gets on as far as it can.
        thread.join(0.5)
        return found

    real = onrecord.backfill._begun
    monkeypatch.setattr("onrecord.backfill._begun", begun)
    assert len(world.backfill("names", outlets=("Post",))) == 2
    thread.join()
    assert "which is not articles of Times" in str(errors) or isinstance(errors[0], LockedError)
    assert candidate_of(world.directory, "names").selection.outlets == ("Post",)


def test_an_article_that_a_run_changes_in_between_is_done_again_and_one_that_it_did_is_not(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    world.backfill("names", where="word_count < 4")
    world.documents["b"] = document("Hello Eve.", "Post")
    world.documents["e"] = document("Hello Fay.", "Post")
    world.run()
    # The run has done b and e by itself, with the new version.
    assert world.backfill("names") == []
    world.promote("names")
    assert {row["name"] for row in world.rows()["name"]} >= {"Eve", "Fay"}
    assert "Cora" not in {row["name"] for row in world.rows()["name"]}


def test_a_candidate_of_a_version_that_is_no_more_is_brought_up_to_date(world: World) -> None:
    world.backfill("names")
    world.parts["names"].version = "3"
    assert world.backfill("names") == [f"names+greetings {letter}" for letter in "abcd"]


def test_what_failed_is_not_tried_again_before_something_changes(world: World) -> None:
    assert "names+greetings c" in world.backfill("names")
    assert world.backfill("names") == []


def test_what_somebody_wants_tried_again_is_tried_once(world: World) -> None:
    world.run()
    with Warehouse(world.directory).writing() as connection:
        connection.execute("update quarantine set released = true")
    Warehouse(world.directory).publish()
    assert world.backfill("names") == ["names+greetings c"]
    assert world.backfill("names") == []


def test_a_table_that_changed_too_much_for_its_candidate_says_to_drop_it(world: World) -> None:
    class Length(Row):
        words: str

    world.parts["lengths"].version = "2"
    world.backfill("lengths")
    world.parts["lengths"] = type("Lengths", (Lengths,), {"version": "3", "writes": [Length]})()
    with pytest.raises(SchemaError, match="onrecord backfill --drop lengths"):
        world.backfill("lengths")


# ── Promoting ────────────────────────────────────────────────────────────────────────────────────


def test_a_promoted_backfill_is_row_for_row_what_a_run_makes(world: World) -> None:
    recomputed = world.twin()
    recomputed.run()

    world.backfill("names")
    report = world.promote("names")

    assert world.rows() == recomputed.rows()
    assert world.to_do() == recomputed.to_do() == {"names": {"current": 3, "quarantined": 1},
                                                   "greetings": {"current": 3, "blocked": 1}}  # fmt: skip
    assert not report.failed
    assert world.sandbox.sql("select message from run order by started_at desc limit 1") == [
        {"message": "promoted names: all articles"}
    ]


def test_after_a_promotion_the_candidate_is_gone_and_the_next_run_has_nothing_to_do(world: World) -> None:
    world.backfill("names")
    world.promote("names")
    assert [file.name for file in (world.directory / "candidates").iterdir()] == [".lock"]
    assert not any(step.subjects for step in world.run().steps)


def test_the_rest_of_a_selection_stays_stale(world: World) -> None:
    world.backfill("names", outlets=("Post",))
    world.promote("names")
    assert world.to_do() == {
        "names": {"current": 2, "version": 2}, "greetings": {"current": 2, "requirement": 2},
    }  # fmt: skip


def test_an_article_that_has_changed_since_is_left_to_the_next_run(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    world.backfill("names")
    world.documents["a"] = document("Hello Gus.", "Post")
    # The run that saw the change was broken off before it annotated.
    world.parts["totals"].queries = {Total: "select nonsense"}
    assert world.sandbox.run().failed
    world.parts["totals"].queries = Totals.queries
    with Warehouse(world.directory).writing() as connection:
        connection.execute("delete from ledger where plugin in ('names', 'greetings') and input_hash in "
                           "(select content_hash from article where body like '%Gus%')")  # fmt: skip
        connection.execute("delete from name where name = 'Gus'")
        connection.execute("delete from greeting where whom = 'Dear Gus'")

    world.promote("names")

    assert "Anna" not in {row["name"] for row in world.rows()["name"]}
    assert world.to_do()["names"]["new"] == 1
    world.run()
    assert "Gus" in {row["name"] for row in world.rows()["name"]}


def test_rows_that_the_next_run_would_make_anew_are_not_promoted(world: World) -> None:
    world.backfill("names")
    before = world.rows()
    world.parts["names"].version = "3"
    with pytest.raises(OnrecordError, match=r"names on 3 articles \(made by version 2, now 3\)"):
        world.promote("names")
    assert world.rows() == before


def test_a_backfill_that_is_not_finished_is_promoted_only_on_request(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.backfill("names", most=2)
    with pytest.raises(OnrecordError, match=r"is not finished: its last run was interrupted .by the operator."):
        world.promote("names")
    world.promote("names", incomplete=True)
    states = world.to_do()["names"]
    assert states.pop("version") == 2
    assert sum(states.values()) == 2


def test_a_promotion_that_breaks_a_check_changes_nothing_and_keeps_the_candidate(world: World) -> None:
    world.settings["run"]["stale"] = "leave"
    before = world.rows()
    world.parts["names"].checks = {"somebody says hello": "select 1 where 'Hello' not in (select name from name)"}
    world.backfill("names")
    with pytest.raises(CheckError, match="somebody says hello"):
        world.promote("names")
    assert world.rows() == before
    assert [candidate.name for candidate in candidates(world.directory)] == ["names"]
    # The runs after it publish as if it had not been.
    world.documents["e"] = document("Hello Eve.", "Post")
    world.run()
    assert {row["name"] for row in world.rows()["name"]} == {row["name"] for row in before["name"]} | {"Eve"}


def test_a_promotion_that_is_broken_off_changes_nothing_and_can_be_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.backfill("names")
    before = contents(world)
    # What one that was killed has left is in nobody's way.
    for name in ("live.promoting", "live.promoting.wal"):
        (world.directory / name).write_bytes(b"scrap")

    def interrupted(connection: Any, plugins: Any, number: int) -> Any:
        if number == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(connection, plugins, number)

    real = promotion._outcome
    monkeypatch.setattr(promotion, "_outcome", interrupted)
    monkeypatch.setattr("onrecord.backfill.candidate._PORTION", 1)
    with pytest.raises(KeyboardInterrupt):
        world.promote("names")
    monkeypatch.undo()

    assert contents(world) == before
    with Warehouse(world.directory).reading() as connection:
        query = "select status, changed from run order by started_at desc limit 1"
        assert connection.execute(query).fetchall() == [("interrupted", False)]
    assert not list(world.directory.glob("live.promoting*"))
    world.promote("names")
    assert "Hello" not in {row["name"] for row in world.rows()["name"]}


def contents(world: World) -> dict[str, list[Any]]:
    """What the live database says, other than of runs."""
    with Warehouse(world.directory).reading() as connection:
        return {table: connection.execute(f"from {table} order by all").fetchall() for table in TABLES}


def test_an_aggregator_that_fails_does_not_keep_rows_from_being_promoted(world: World) -> None:
    world.backfill("names")
    world.parts["totals"].queries = {Total: "select nonsense"}
    with pytest.raises(RunFailed, match="totals"):
        world.promote("names")
    assert "Hello" not in {row["name"] for row in world.rows()["name"]}
    assert candidates(world.directory) == []


def test_a_new_plugin_can_be_backfilled_too(world: World) -> None:
    class Vowel(Row):
        count: int

    class Vowels(Annotator):
        name, version, writes = "vowels", "1", [Vowel]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield Vowel(count=sum(letter in "aeiou" for letter in article.body))

    world.parts["vowels"] = Vowels()
    world.backfill("vowels")
    world.promote("vowels")
    assert world.to_do().keys() == {"names", "greetings", "totals"} - {"totals"}
    assert len(world.rows("vowel")["vowel"]) == 4


# ── Dropping ─────────────────────────────────────────────────────────────────────────────────────


def test_a_dropped_candidate_leaves_nothing(world: World) -> None:
    before = world.rows()
    world.backfill("names")
    # By the name of one that reads its rows, too.
    drop(candidate_of(world.directory, "greetings", world.sandbox.plugins))
    assert candidates(world.directory) == []
    assert world.rows() == before
    with pytest.raises(OnrecordError, match="there is no candidate of names"):
        world.promote("names")


def test_a_candidate_of_which_only_a_part_could_be_deleted_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.backfill("names", outlets=("Post",))

    def killed(folder: Path) -> None:
        (folder / "selection.json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr("onrecord.backfill.candidate.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        drop(candidate_of(world.directory, "names"))
    monkeypatch.undo()

    assert candidates(world.directory) == []
    assert len(world.backfill("names")) == 4
    assert [folder.name for folder in (world.directory / "candidates").iterdir() if folder.is_dir()] == ["names"]


def test_the_candidate_of_a_plugin_that_is_gone_can_be_dropped(world: World) -> None:
    world.parts["lengths"].version = "2"
    world.backfill("lengths")
    del world.parts["lengths"]
    drop(candidate_of(world.directory, "lengths", world.sandbox.plugins))
    assert candidates(world.directory) == []


def test_a_candidate_whose_selection_cannot_be_read_says_where_it_is(world: World) -> None:
    world.backfill("names")
    file = world.directory / "candidates" / "names" / "selection.json"
    file.write_text("{")
    with pytest.raises(WarehouseError, match=r"names/selection.json: cannot be read; delete .*candidates/names"):
        candidates(world.directory)


def test_a_selection_says_what_it_is() -> None:
    assert str(Selection(plugins=("a",))) == "all articles"
    chosen = Selection(plugins=("a",), since=date(2016, 5, 1), outlets=("Post", "Times"), where="word_count > 9")
    assert str(chosen) == "articles since 2016-05-01 of Post or Times where word_count > 9"
    assert Selection.model_validate_json(chosen.model_dump_json()) == chosen
