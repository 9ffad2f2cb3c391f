"""An aggregator with groups recomputes what a change touches, and its tables are as if computed from scratch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from onrecord import Aggregator, Annotator, Article, Cleaner, Draft, Fetched, Reader, References, Row, RunReport
from onrecord.errors import CheckError
from onrecord.planning.plan import Plan
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from tests.unit.conftest import make_plugin

# Articles are like "Ann 3; Bob 5": names and numbers. Three kinds of users:
#
#   weeks       an SQL count per (name, week)
#   persons     a person per name without case, in Python; its display name depends on all its spellings
#   fame        per person: rows of an incremental aggregator, joined with an annotator's


class Said(Row, key=("ordinal",)):
    ordinal: int
    name: str
    number: int


class Week(Row, key=("name", "week")):
    name: str
    week: date
    times: int
    articles: int


class Person(Row, key=("folded",)):
    folded: str
    display: str


class Fame(Row, key=("folded", "outlet")):
    folded: Annotated[str, References("person")]
    outlet: str
    display: str
    total: int


class Reads(Cleaner):
    name, version = "reads", "1"

    def clean(self, draft: Draft) -> None:
        draft.outlet = draft.metadata.get("outlet")
        draft.published_at = draft.metadata.get("published")


class Sayings(Annotator):
    name, version, writes = "sayings", "1", [Said]

    def annotate(self, article: Article) -> Iterator[Row]:
        for ordinal, line in enumerate(article.body.split("; ")):
            name, _, number = line.partition(" ")
            if name == "BAD" and self.version == "1":
                raise ValueError("a bad name")
            yield Said(ordinal=ordinal, name=name, number=int(number) * (2 if self.version == "2" else 1))


class Weeks(Aggregator):
    name, version, requires, writes = "weeks", "1", ["sayings"], [Week]
    groups = [
        "select name, date_trunc('week', published_at)::date as week "
        "from said join article using (article_id) join source_item using (article_id)"
    ]
    queries = {
        Week: """
            select name, week, count(*) as times, count(distinct article_id) as articles
            from (
                select name, date_trunc('week', published_at)::date as week, article_id
                from said
                join article using (article_id)
                join source_item using (article_id)
                where deleted_at is null
            )
            semi join touched using (name, week)
            group by all
        """
    }


class Persons(Aggregator):
    name, version, requires, writes = "persons", "1", ["sayings"], [Person]
    groups = ["select lower(name) as folded from said"]

    fails = False

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        if self.fails:
            raise ValueError("not today")
        names: dict[str, list[str]] = {}
        for row in warehouse.sql(
            "select lower(name) as folded, name from said semi join touched on lower(name) = folded"
        ).to_pylist():
            names.setdefault(row["folded"], []).append(row["name"])
        for folded, spellings in names.items():
            display = max(sorted(set(spellings)), key=spellings.count)
            yield Person(folded=folded, display=display if self.version == "1" else f"{display}!")


class FameOf(Aggregator):
    name, version, requires, writes = "fame", "1", ["persons", "sayings"], [Fame]
    groups = [
        "select folded, coalesce(outlet, '?') as outlet "
        "from said join person on lower(name) = folded join article using (article_id)"
    ]
    queries = {
        Fame: """
            select folded, coalesce(outlet, '?') as outlet, any_value(display) as display, sum(number) as total
            from said
            join person on lower(name) = folded
            join article using (article_id)
            semi join touched on touched.folded = person.folded and touched.outlet = coalesce(article.outlet, '?')
            group by all
        """
    }


class World:
    """A warehouse with these components, and what a test may change about it."""

    def __init__(self, folder: Path) -> None:
        self.parts = {part.name: part for part in (Reads(), Sayings(), Weeks(), Persons(), FameOf())}
        self.documents: dict[str, Fetched] = {}
        self.listed: dict[str, Fetched] = {}
        """The last version of each document that a run has seen."""
        self.settings: dict[str, Any] = {"run": {"max_failed_share": 1.0}}
        self.sandbox = self.open(folder)

    def open(self, folder: Path) -> Sandbox:
        plugin = make_plugin(*self.parts.values())
        return Sandbox(folder, plugin, documents=self.documents, settings=self.settings)

    def put(self, name: str, *lines: str, outlet: str | None = "Post", day: int = 1) -> None:
        metadata = {"outlet": outlet, "published": f"2024-01-{day:02}T12:00:00Z"}
        self.documents[name] = Fetched("; ".join(lines).encode(), "text/plain", metadata)

    def run(self) -> RunReport:
        self.sandbox.source.documents = dict(self.documents)
        self.listed |= self.documents
        return self.sandbox.run()

    def rows(self, table: str, sandbox: Sandbox | None = None) -> list[dict[str, Any]]:
        return (sandbox or self.sandbox).sql(f"select * exclude (run_id) from {table} order by all")

    def written(self, table: str, report: RunReport) -> int:
        """How many rows of a table a run has written."""
        return len(self.sandbox.sql(f"from {table} where run_id = $run", run=report.run.run_id))

    def computed(self, component: str, report: RunReport) -> int:
        """How many rows a component has computed in a run."""
        return next(step.rows for step in report.steps if step.component == component)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "warehouse")
    world.put("a", "Ann 1", "Bob 2")
    world.put("b", "ann 3", "Cid 4", outlet="Times", day=9)
    world.put("c", "Bob 5", day=9)
    assert not world.run().failed
    return world


def test_the_first_run_fills_all_groups(world: World) -> None:
    assert [(row["name"], row["week"].day, row["times"]) for row in world.rows("week")] == [
        ("Ann", 1, 1), ("Bob", 1, 1), ("Bob", 8, 1), ("Cid", 8, 1), ("ann", 8, 1)
    ]  # fmt: skip
    assert world.rows("person") == [
        {"folded": "ann", "display": "Ann"}, {"folded": "bob", "display": "Bob"}, {"folded": "cid", "display": "Cid"}
    ]  # fmt: skip


def test_a_new_article_costs_its_own_groups_only(world: World) -> None:
    world.put("d", "Cid 6", day=9)
    report = world.run()
    assert [world.computed(name, report) for name in ("weeks", "persons", "fame")] == [1, 1, 1]
    assert world.rows("week")[3] == {"name": "Cid", "week": date(2024, 1, 8), "times": 2, "articles": 2}


def test_rows_that_come_out_the_same_are_not_written(world: World) -> None:
    world.put("d", "Cid 6", day=9)
    report = world.run()
    assert world.written("person", report) == 0
    assert world.written("fame", report) == 1


def test_an_article_that_changes_touches_the_groups_that_it_was_in(world: World) -> None:
    world.put("a", "Ann 1", day=9)
    world.run()
    assert [(row["name"], row["week"].day, row["times"]) for row in world.rows("week")] == [
        ("Ann", 8, 1), ("Bob", 8, 1), ("Cid", 8, 1), ("ann", 8, 1)
    ]  # fmt: skip


def test_a_deletion_at_the_source_touches_the_groups_that_the_article_was_in(world: World) -> None:
    del world.documents["b"]
    world.run()
    assert {row["name"] for row in world.rows("week")} == {"Ann", "Bob"}


def test_a_changed_row_of_an_incremental_aggregator_touches_the_groups_that_read_it(world: World) -> None:
    world.put("d", "ann 1", outlet="Herald")
    world.put("e", "ann 1", outlet="Herald")
    report = world.run()
    fame = [row for row in world.rows("fame") if row["folded"] == "ann"]
    assert {row["display"] for row in fame} == {"ann"}, "the commoner spelling, in each outlet"
    assert world.written("fame", report) == len(fame) == 3


@pytest.mark.parametrize("name", ["weeks", "persons"])
def test_an_aggregator_that_was_disabled_for_a_while_is_filled_whole(name: str, world: World) -> None:
    world.settings["disable"] = [name, "fame"]
    world.sandbox = world.open(world.sandbox.directory)
    world.put("a", "Dan 1")
    world.run()
    world.settings["disable"] = []
    world.sandbox = world.open(world.sandbox.directory)
    world.put("d", "Eve 1")
    world.run()
    assert [world.rows(t) for t in TABLES] == scratch(world)


def test_groups_are_filled_whole_where_the_published_database_has_other_tables(world: World) -> None:
    published = world.sandbox.directory / "onrecord.duckdb"
    published.chmod(0o644)
    with duckdb.connect(published) as connection:
        connection.execute("drop table said")
    world.put("d", "Dan 1")
    assert world.computed("persons", world.run()) == 4


class Waiting(Persons):
    """Reads the live database in another process while it computes."""

    live: Path

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        code = f"import duckdb; duckdb.connect({str(self.live)!r}, read_only=True)"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        yield from super().aggregate(warehouse)


def test_others_can_read_the_live_database_while_an_aggregator_computes(world: World) -> None:
    Waiting.live = world.sandbox.directory / "live.duckdb"
    world.parts["persons"] = Waiting()
    world.sandbox = world.open(world.sandbox.directory)
    world.put("d", "Dan 1")
    assert not world.run().failed


# ── What is refused ──────────────────────────────────────────────────────────────────────────────


class Number(Row, key=("name",)):
    name: str
    number: int


class Numbers(Aggregator):
    """Each parameter set below breaks one thing of it."""

    name, version, requires, writes = "numbers", "1", ["sayings"], [Number]
    groups = ["select name from said"]
    queries = {Number: "select name, sum(number) as number from said semi join touched using (name) group by name"}


def query(text: str, groups: Sequence[str] = ()) -> dict[str, Any]:
    return {"queries": {Number: text}, "groups": groups}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"requires": []}, "reads `said`, which `sayings` fills, and does not require it"),
        (query("select folded as name, 1 as number from person"),
         'reads `person`, which `persons` fills, and does not require it. Write requires = ["sayings", "persons"]'),
        (query("select coalesce(speaker, '') as name, count(*) as number from statement group by 1"), None),
        (query("select said.name, 1 as number from said join week using (name), touched", groups=Numbers.groups),
         "reads `week`, which `weeks` fills, and does not require it"),
        (query("select said.name, 1 as number from said, article, touched", groups=Numbers.groups),
         "reads `article`, which no query of its `groups` joins: changes there would not reach its rows. Add a query"),
        ({"groups": ["select name, count(*) as number from said group by name"]}, "may only filter rows and join"),
        ({"groups": ["select name from said left join article using (article_id)"]}, "has a left join"),
        ({"groups": ["select name from said where name not in (from said select name)"]},
         "has a mark join or subquery"),
        ({"groups": ["select a.name from said a join said b using (article_id)"]}, "names `said` 2 times"),
        ({"groups": ["select outlet from said join article using (article_id)"]},
         "has the column `outlet`, which table `number` lacks"),
        ({"groups": ["select name from said", "select number from said"]},
         "has the columns ['number'], and the first has ['name']"),
        ({"groups": ["select name from entity"]}, "reads `entity`, which has no column article_id"),
        ({"groups": ["select nullif(name, 'Ann') as name from said"]}, "has no value in `name`"),
        (query("select distinct name, 1 as number from said", groups=Numbers.groups),
         "a query does not join `touched`"),
        (query("select component as name, 1 as number from ledger"),
         "reads `ledger`, a table of the engine, whose changes make no rows stale"),
    ],
)  # fmt: skip
def test_an_aggregator_that_reads_what_would_not_make_it_stale_fails(
    changes: dict[str, Any], message: str | None, world: World
) -> None:
    numbers = type("Changed", (Numbers,), changes)()
    world.parts["numbers"] = numbers
    world.sandbox = world.open(world.sandbox.directory)
    planned = [
        str(error) for error in Plan(world.sandbox.plugins, Warehouse(world.sandbox.directory)).find_refused_reads()
    ]
    world.put("d", "Dan 1", "Ann 1")
    report = world.run()
    if message is None:
        assert planned == [] == [step.message for step in report.steps if step.status != "completed"]
        return
    assert message in str(report.run.message)
    # Whether a row has a group shows only when there are rows.
    assert ("no value" in message) == (planned == [])
    assert all(message in each for each in planned)
    assert world.rows("week"), "the others are done and published"


class Failing(Persons):
    """Fails for an article that the others can use."""

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        raise MemoryError("for the moment")


class Owner(Row, key=("name",)):
    name: str
    folded: Annotated[str, References("person")]


class Owners(Aggregator):
    """Refers to rows that another aggregator fills later."""

    name, version, requires, writes = "owners", "1", ["sayings"], [Owner]
    groups = ["select name from said"]
    queries = {Owner: "select distinct name, lower(name) as folded from said semi join touched using (name)"}


def test_references_to_the_tables_of_an_aggregator_that_failed_do_not_block_publishing(world: World) -> None:
    world.parts |= {"persons": Failing(), "owners": Owners()}
    world.sandbox = world.open(world.sandbox.directory)
    world.put("d", "Dan 1")
    assert "MemoryError: for the moment" in str(world.run().run.message)
    assert "Dan" in {row["name"] for row in world.rows("owner")}


class Everybody(Persons):
    """Returns rows of all groups, whichever are touched."""

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        for row in warehouse.sql("select distinct lower(name) as folded from said").to_pylist():
            yield Person(folded=row["folded"], display="?")


def test_rows_of_groups_that_were_not_touched_fail_an_aggregator(world: World) -> None:
    world.parts["persons"] = Everybody()
    world.sandbox = world.open(world.sandbox.directory)
    world.put("d", "Dan 1")
    assert "a row of a group that was not asked for" in str(world.run().run.message)
    assert [row["folded"] for row in world.rows("person")] == ["ann", "bob", "cid"], "what it had"


# ── As if from scratch ───────────────────────────────────────────────────────────────────────────

TABLES = ("week", "person", "fame")


def scratch(world: World) -> list[list[dict[str, Any]]]:
    """The tables of a warehouse that is made from scratch, with the documents that the source has or had."""
    fresh = world.open(world.sandbox.directory.with_name("scratch"))
    fresh.source.documents = {**world.listed, **world.documents}
    fresh.run()
    fresh.source.documents = dict(world.documents)
    assert not fresh.run().failed
    return [world.rows(table, fresh) for table in TABLES]


LINES = st.lists(st.sampled_from(["Ann 1", "ann 2", "ANN 3", "Bob 4", "bob 5", "BAD 6"]), min_size=1, max_size=4)
CHANGES = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("abc"), LINES, st.sampled_from(["Post", None]), st.sampled_from([1, 9])),
    st.tuples(st.just("delete"), st.sampled_from("abc")),
    st.tuples(st.just("version"), st.sampled_from(["sayings", "persons"]), st.sampled_from("123")),
    st.tuples(st.just("disable"), st.sampled_from([["weeks"], ["fame"], ["persons", "fame"], []])),
    st.tuples(st.just("fail"), st.booleans()),
    st.tuples(st.just("refuse"), st.booleans()),
)
HISTORIES = st.lists(st.lists(CHANGES, min_size=1, max_size=3), min_size=1, max_size=5)


def change(world: World, what: str, *arguments: Any) -> None:
    match what, arguments:
        case "put", (name, lines, outlet, day):
            world.put(name, *lines, outlet=outlet, day=day)
        case "delete", (name,):
            world.documents.pop(name, None)
        case "version", (component, version):
            world.parts[component].version = version
        case "disable", (names,):
            world.settings["disable"] = names
        case "fail", (fails,):
            world.parts["persons"].fails = fails
        case "refuse", (refuses,):
            world.parts["sayings"].checks = {"nothing pleases": "select 1"} if refuses else {}


@given(history=HISTORIES)
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_ends_in_the_warehouse_that_a_run_from_scratch_makes(
    history: list[list[tuple[Any, ...]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World(tmp_path_factory.mktemp("history") / "warehouse")
    world.put("a", "Ann 1", "Bob 4")
    world.run()
    for changes in history:
        for each in changes:
            change(world, *each)
        world.sandbox = world.open(world.sandbox.directory)
        with suppress(CheckError):
            world.run()
    change(world, "disable", [])
    change(world, "fail", False)
    change(world, "refuse", False)
    world.sandbox = world.open(world.sandbox.directory)
    assert not {"weeks", "persons", "fame"} & {step.component for step in world.run().steps if step.failed}
    assert [world.rows(table) for table in TABLES] == scratch(world)
