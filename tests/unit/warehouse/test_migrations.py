"""A warehouse that an earlier version wrote opens, and nothing in it is lost or recomputed.

`data/warehouse_before_0002.duckdb.xz` was written by the version before migration 0002, by two runs of the plugin
below: over the documents a, b (on which word_count fails) and c, then without c.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from click.testing import CliRunner

from onrecord import Aggregator, Annotator, Article, Row, hookimpl
from onrecord.cli import cli
from onrecord.errors import WarehouseError
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

BEFORE = Path(__file__).parent / "data" / "warehouse_before_0002.duckdb.xz"


class Length(Row):
    """How long each article is."""

    words: int


class CountWords(Annotator):
    name, version, writes = "word_count", "1", [Length]

    def annotate(self, article: Article) -> Iterable[Length]:
        if "broken" in article.body:
            raise ValueError("no words here")
        yield Length(words=len(article.body.split()))


class Total(Row, key=("outlet",)):
    """Words by outlet."""

    outlet: str
    words: int


class Totals(Aggregator):
    name, version, requires, writes = "totals", "1", ["word_count"], [Total]
    queries = {
        Total: """
        select coalesce(outlet, 'unknown') as outlet, sum(words)::bigint as words
        from length
        join article using (article_id)
        group by all
        """
    }


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """The earlier version's warehouse, with its plugin and the documents of its second run."""
    plugin = ModuleType("lengths")
    plugin.register_annotators = hookimpl(specname="register_annotators")(lambda register: register(CountWords()))
    plugin.register_aggregators = hookimpl(specname="register_aggregators")(lambda register: register(Totals()))
    (tmp_path / "live.duckdb").write_bytes(lzma.decompress(BEFORE.read_bytes()))
    documents = {"a": "Three short words.", "b": "A broken document of six words."}
    return Sandbox(tmp_path, plugin, documents=documents)


def test_the_next_run_migrates_it_recomputes_no_article_and_publishes_it(sandbox: Sandbox) -> None:
    report = sandbox.run()
    assert report.run.status == "completed"
    # An aggregator's input was hashed in another way.
    assert [(step.stage, step.component) for step in report.steps if step.subjects] == [("aggregate", "totals")]
    assert sandbox.sql("select component, error from quarantine") == [
        {"component": "word_count", "error": "ValueError: no words here"}
    ]
    items = sandbox.sql("select right(uri, 1) as name, deleted_at is not null as deleted from source_item order by 1")
    assert items == [
        {"name": "a", "deleted": False},
        {"name": "b", "deleted": False},
        {"name": "c", "deleted": True},
    ]
    assert sandbox.sql("select words from total") == [{"words": 8}]
    assert sandbox.sql("select count(*) as n from statement") == [{"n": 0}]
    assert sandbox.sql("select distinct component from component_version order by 1") == [
        {"component": name} for name in ("clean", "documents", "totals", "word_count")
    ]


@pytest.mark.parametrize("name", ["component_version", "source_item"])
def test_a_plugins_table_that_has_a_name_of_the_engine_now_is_kept_under_another_one(
    sandbox: Sandbox, name: str
) -> None:
    with duckdb.connect(sandbox.directory / "live.duckdb") as connection:
        connection.execute(f"create table {name} as select 5 as words")
    assert sandbox.run().run.status == "completed"
    assert sandbox.sql(f"from former_{name}") == [{"words": 5}]


def test_it_does_not_warn_of_built_in_components_whose_source_was_rewritten(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with duckdb.connect(sandbox.directory / "live.duckdb") as connection:
        connection.execute(
            "update plugin set distribution = 'onrecord 0.1.0', source_hash = 'x' where plugin = 'totals'"
        )
        connection.execute("update plugin set source_hash = 'x' where plugin = 'word_count'")
    sandbox.run()
    warned = {message.partition(" has changed and its version has not")[0] for message in caplog.messages}
    assert "the source of word_count" in warned
    assert "the source of totals" not in warned


def test_until_then_reading_it_says_what_to_do(sandbox: Sandbox) -> None:
    with (
        pytest.raises(WarehouseError, match="written by an older version of onrecord: `onrecord run` brings it up"),
        Warehouse(sandbox.directory).reading(),
    ):
        pass


def test_onrecord_status_says_that_it_does_not_know_the_last_run(sandbox: Sandbox) -> None:
    ended = CliRunner().invoke(cli, ["status", "-w", str(sandbox.directory)])
    assert ended.exit_code == 2
    assert "last run  unknown\n" in ended.output
    assert "`onrecord run` brings it up to date" in ended.output


def test_onrecord_show_says_so_too(sandbox: Sandbox) -> None:
    published = sandbox.directory / "onrecord.duckdb"
    published.write_bytes((sandbox.directory / "live.duckdb").read_bytes())
    ended = CliRunner().invoke(cli, ["show", "-w", str(sandbox.directory)])
    assert isinstance(ended.exception, WarehouseError)
    assert "`onrecord run` brings it up to date" in str(ended.exception)
