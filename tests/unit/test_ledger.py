"""What makes work stale, what is done again because of it, and that `plan` says so beforehand."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Claim,
    ClaimEntity,
    Cleaner,
    Config,
    Draft,
    Entity,
    Fetched,
    Pipeline,
    Row,
)
from onrecord.backfill import Selection, backfilling, candidate_of, promote
from onrecord.errors import CheckError, OnrecordError
from onrecord.model.identity import identify
from onrecord.model.report import RunReport
from onrecord.planning import ledger
from onrecord.planning.versions import targets
from onrecord.run.engine import RunFailed, running
from onrecord.stages import discover, perform
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

# ── A world of tiny plugins ──────────────────────────────────────────────────────────────────────
#
#   words ← names        without docs
#   tokens ← phrases     from the spaCy doc; phrases reads tokens' rows only
#   totals               an aggregator of words
#   token_totals         an aggregator of tokens


class WordCount(Row):
    words: int


class Name(Row, key=("ordinal",)):
    ordinal: int
    name: str


class TokenCount(Row):
    tokens: int
    version: str


class Phrase(Row):
    tokens: int


class Total(Row, key=("words",)):
    words: int


class TokenTotal(Row, key=("tokens",)):
    tokens: int


class Reads(Cleaner):
    """Takes the headline and the language from the metadata, and drops lines that begin with #."""

    name, version = "reads", "1"
    drop = "#"

    def clean(self, draft: Draft) -> None:
        draft.headline = draft.metadata.get("headline")
        draft.language = draft.metadata.get("language")
        for stretch in draft.stretches:
            if draft.words(stretch).startswith(self.drop):
                draft.mark(stretch, "boilerplate", "begins with a sign")


class Words(Annotator):
    name, version, writes = "words", "1", [WordCount]

    class Config(Config):
        least: int = 1
        """Words shorter than this do not count."""

    def annotate(self, article: Article) -> Iterator[Row]:
        if "BAD" in article.body and self.version != "3":
            raise ValueError("a bad word")
        yield WordCount(words=sum(len(word) >= self.config.least for word in article.body.split()))


class Names(Annotator):
    name, version, requires, writes = "names", "1", ["words"], [Name]

    def annotate(self, article: Article) -> Iterator[Row]:
        (count,) = article.rows(WordCount)
        names = [word for word in article.body.split() if word.istitle()]
        yield from (Name(ordinal=i, name=f"{name} of {count.words}") for i, name in enumerate(names))


class Tokens(Annotator):
    name, version, uses_doc, writes = "tokens", "1", True, [TokenCount]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield TokenCount(tokens=len(article.doc), version=article.doc.vocab.lang)


class Phrases(Annotator):
    name, version, requires, writes = "phrases", "1", ["tokens"], [Phrase]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Phrase(tokens=article.rows(TokenCount)[0].tokens)


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["words"], [Total]
    queries = {Total: "select coalesce(sum(words), 0)::bigint as words from word_count"}


class TokenTotals(Aggregator):
    name, version, requires, writes = "token_totals", "1", ["tokens"], [TokenTotal]
    queries = {TokenTotal: "select coalesce(sum(tokens), 0)::bigint as tokens from token_count"}


def english() -> Any:
    return spacy.blank("en")


def german() -> Any:
    return spacy.blank("de")


def french() -> Any:
    return spacy.blank("fr")


class World:
    """A sandbox with the plugins above; the tests change its parts and run it again."""

    def __init__(self, directory: Path, plugin_of: Callable[..., ModuleType]) -> None:
        self.directory = directory
        self.plugin_of = plugin_of
        self.documents: dict[str, Fetched] = {
            "a": text("Anna spoke.", headline="A"),
            "b": text("Bert and Cora\n# Shared by readers", headline="B"),
            "d": text("Der Minister sprach.", headline="D", language="de"),
        }
        self.parts: dict[str, Any] = {
            thing.name: thing for thing in (Reads(), Words(), Names(), Tokens(), Phrases(), Totals(), TokenTotals())
        }
        self.pipelines = {"en": Pipeline("en", "blank", "1", english), "de": Pipeline("de", "leer", "1", german)}
        self.settings: dict[str, Any] = {}

    @property
    def sandbox(self) -> Sandbox:
        modules = [self.plugin_of(part, name=f"plugin_{name}") for name, part in self.parts.items()]
        modules += [self.plugin_of(part, name=f"pipeline_{name}") for name, part in self.pipelines.items()]
        return Sandbox(self.directory, *modules, documents=self.documents, settings=self.settings)

    def run(self) -> RunReport:
        report = self.sandbox.run()
        assert not report.failed, report.run.message
        return report

    def plan(self) -> dict[str, dict[str, int]]:
        """What is to be done, and why, by component; those that are up to date are left out."""
        return {name: states for name, states in self.states().items() if set(states) - {"current"}}

    def states(self) -> dict[str, dict[str, int]]:
        return {line.plugin: dict(line.states) for line in self.lines()}

    def lines(self) -> list[ledger.PlanLine]:
        plugins = self.sandbox.plugins
        items = discover(plugins.ingestors["documents"])
        with Warehouse(self.directory).reading() as connection:
            return ledger.plan(connection, targets(plugins), items)

    def written_by(self, report: RunReport) -> dict[str, str]:
        """Of which documents a run wrote rows, table by table; "*" for the tables of aggregators."""
        letters = {str(identify("article", f"memory:{name}")): name for name in self.documents}
        query = " union all ".join(
            f"select distinct '{table}' as t, {'null' if table.endswith('total') else 'article_id'} as x "
            f"from {table} where run_id = $run"
            for table in (*DONE_BY_DOCUMENT, *ANNOTATIONS, "total", "token_total")
        )
        found: dict[str, str] = {}
        for row in self.sandbox.sql(f"from ({query}) order by x", run=str(report.run.run_id)):
            found[row["t"]] = "".join(sorted(found.get(row["t"], "") + letters.get(row["x"], "*")))
        return found


def text(body: str, **metadata: Any) -> Fetched:
    return Fetched(body.encode(), "text/plain", metadata)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    """A warehouse as the first run of a world leaves it."""
    made = World(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of)
    made.run()
    return made.directory


@pytest.fixture
def world(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> World:
    """A world of which the first run is over."""
    return World(Path(shutil.copytree(filled, tmp_path / "warehouse")), plugin_of)


# ── What changes, what the plan says, what is written again ──────────────────────────────────────

DONE_BY_DOCUMENT = ("document", "listing", "article", "segment")
ANNOTATIONS = ("word_count", "name", "token_count", "phrase")


def of(documents: str, *tables: str) -> dict[str, str]:
    return dict.fromkeys(tables, documents)


def change_content(world: World) -> None:
    world.documents["a"] = text("Anna spoke again.", headline="A")


def change_metadata_that_is_read(world: World) -> None:
    world.documents["a"] = text("Anna spoke.", headline="Another")


def change_metadata_that_nobody_reads(world: World) -> None:
    world.documents["a"] = text("Anna spoke.", headline="A", rating=5)


def change_version(name: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.parts[name].version = "2"

    return change


def change_configuration(world: World) -> None:
    world.settings["plugins"] = {"words": {"least": 4}}


def change_english_pipeline(world: World) -> None:
    world.pipelines["en"] = Pipeline("en", "blank", "2", english)


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


def annotations(world: World) -> dict[str, list[dict[str, Any]]]:
    """The rows of annotators and aggregators, whichever run wrote them."""
    found = contents(world, without="exclude (run_id)")
    return {table: found[table] for table in (*ANNOTATIONS, "total", "token_total")}


def contents(world: World, *, without: str = "") -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but those that say which runs there were."""
    connection = Warehouse(world.directory).open_published()
    try:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {
            table: connection.sql(f"select * {without} from {table} order by all").to_arrow_table().to_pylist()
            for table in tables
            if table not in ("run", "step", "plugin", "migration")
        }
    finally:
        connection.close()


# ── Leaving to a backfill what is merely stale ───────────────────────────────────────────────────


@pytest.fixture
def leaving(world: World) -> World:
    """A world whose runs leave what is stale only because a component changed."""
    world.settings["run"] = {"stale": "leave"}
    return world


def test_a_run_that_leaves_what_is_stale_writes_nothing_when_a_version_changes(leaving: World) -> None:
    leaving.parts["words"].version = "2"

    assert leaving.plan() == {"words": {"left": 3}, "names": {"left": 3}, "totals": {"requirement": 1}}
    # The aggregator's rows are worked out again: from the same rows, so to the same end.
    assert leaving.written_by(leaving.run()) == {"total": "*"}
    assert leaving.plan() == {"words": {"left": 3}, "names": {"left": 3}}


@pytest.mark.parametrize("change", [change_configuration, change_english_pipeline, change_version("reads")])
def test_every_kind_of_mere_staleness_is_left(change: Callable[[World], None], leaving: World) -> None:
    change(leaving)
    left = {plugin: states["left"] for plugin, states in leaving.states().items() if "left" in states}

    assert left
    assert not {table for table in leaving.written_by(leaving.run()) if not table.endswith("total")}
    assert {plugin: states["left"] for plugin, states in leaving.states().items() if "left" in states} == left


def test_what_is_new_or_changed_is_done_with_the_version_of_now_and_the_rest_is_left(leaving: World) -> None:
    leaving.parts["words"].version = "2"
    leaving.documents["a"] = text("Anna spoke again.", headline="A")
    leaving.documents["c"] = text("Dora came.", headline="C")

    written = leaving.written_by(leaving.run())

    assert {table: written[table] for table in ANNOTATIONS} == of("ac", *ANNOTATIONS)
    assert leaving.plan() == {"words": {"left": 2, "current": 2}, "names": {"left": 2, "current": 2}}


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
        "tokens": {"left": 3}, "phrases": {"left": 3}, "token_totals": {"requirement": 1},
    }  # fmt: skip
    leaving.run()
    assert leaving.plan() == {"tokens": {"left": 3}, "phrases": {"left": 3}}


def test_what_was_left_is_done_by_a_run_that_recomputes(leaving: World) -> None:
    leaving.parts["words"].version = "2"
    leaving.run()
    leaving.settings["run"] = {"stale": "recompute"}

    assert leaving.written_by(leaving.run()) == of("abd", "word_count", "name") | of("*", "total")
    assert leaving.plan() == {}


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
    assert len(world.sandbox.sql("from word_count")) == 2, "those of b refer to words that are gone"

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
    with pytest.raises(KeyboardInterrupt), running(plugins) as run:  # noqa: PT012
        run.listed("documents", discover(plugins.ingestors["documents"]))
        for stage in ("ingest", "clean"):
            for batch in run.pending(stage):
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


def test_articles_may_change_while_plugins_are_disabled_whose_rows_refer_to_them(world: World) -> None:
    """What a disabled aggregator wrote may refer to rows that are gone; the rest is published all the same."""

    class Claims(Annotator):
        name, version, writes = "claims", "1", [Claim]

        def annotate(self, article: Article) -> Iterator[Row]:
            yield Claim(claim_id=identify("claim", article.body), ordinal=0, content=article.body,
                        speaker_status="none", quote_type="indirect", confidence=1)  # fmt: skip

    class Speakers(Aggregator):
        name, version, requires, writes = "speakers", "1", ["claims"], [Entity, ClaimEntity]
        queries = {
            Entity: "select uuid() as entity_id, 'X' as name, 'person' as kind, 0 as mention_count, 0 as article_count",
            ClaimEntity: "select claim_id, entity_id, 'speaker' as role from claim, entity",
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


# ── Whatever happens in whatever order ───────────────────────────────────────────────────────────

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
        """Backfill so many batches."""
        plugins = self.sandbox.plugins
        with backfilling(plugins, Selection(plugins=(name,))) as run:
            for batch in islice(run.pending("annotate"), most):
                run.load(perform(batch, plugins))

    def promote(self, name: str) -> None:
        plugins = self.sandbox.plugins
        promote(plugins, candidate_of(self.directory, name, plugins), incomplete=True)

    def run_as_planned(self) -> None:
        """Run, and compare with what the plan says; a stage's own work shows where nothing happens before it."""
        lines, moves = self.lines(), self.moves()
        report = self.run()
        done = {(step.stage, step.plugin): step.subjects for step in report.steps}
        for stage in ("ingest", "clean", "annotate", "aggregate"):
            planned = {line.plugin: line.to_do for line in lines if line.stage == stage}
            if stage == "aggregate" and moves != (0, 0):
                break
            assert {name: done.get((stage, name), 0) for name in planned} == planned, stage
            if any(planned.values()):
                break
        self.seen |= self.documents

    def moves(self) -> tuple[int, int]:
        ingestors = self.sandbox.plugins.ingestors
        with Warehouse(self.directory).reading() as connection:
            return ledger.moves(connection, discover(ingestors["documents"]), ingestors.values())

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
    assert history.moves() == (0, 0)

    scratch = history.from_scratch(directory / "scratch")

    assert history.states() == scratch.states()
    assert timeless(history) == timeless(scratch)


def timeless(world: World) -> dict[str, list[dict[str, Any]]]:
    """All that the warehouse says now: without run ids and times, and without earlier versions of documents."""
    tables = contents(world, without="exclude (run_id)")
    current = {row["document_id"] for row in tables["listing"]}
    tables["document"] = [row | {"fetched_at": 0} for row in tables["document"] if row["document_id"] in current]
    tables["listing"] = [row | {"withdrawn_at": row["withdrawn_at"] is None} for row in tables["listing"]]
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
