"""The seven hooks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import click
import pytest

from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Cleaner,
    Config,
    Draft,
    Fetched,
    Ingestor,
    Item,
    Pipeline,
    Reader,
    Row,
    RunReport,
    hookimpl,
)
from onrecord.errors import ConfigError
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from tests.unit.plugins.loading import HOOKS, CountWords, annotating, blank_english, given, plugin


def test_register_ingestors(tmp_path: Path) -> None:
    class Radio(Ingestor):
        name, version, schemes = "radio", "1", ("radio",)

        def discover(self) -> list[Item]:
            return [Item("radio:news-at-ten", "1")]

        def fetch(self, item: Item) -> Fetched:
            return Fetched(b"It rained.", "text/plain")

    sandbox = Sandbox(tmp_path, plugin("air", register_ingestors=lambda register: register(Radio())))
    assert not sandbox.run().failed
    assert sandbox.sql("select ingestor, uri, content from document") == [
        {"ingestor": "radio", "uri": "radio:news-at-ten", "content": b"It rained."}
    ]


def test_register_cleaners(tmp_path: Path) -> None:
    class Shout(Cleaner):
        name, version = "shout", "1"

        def clean(self, draft: Draft) -> None:
            draft.headline = draft.text.upper()

    sandbox = Sandbox(
        tmp_path, plugin("loud", register_cleaners=lambda register: register(Shout())), documents={"a": "It rained."}
    )
    assert not sandbox.run().failed
    assert sandbox.sql("select headline from article") == [{"headline": "IT RAINED."}]


def test_register_annotators(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, annotating("counting", CountWords()), documents={"a": "Three short words."})
    assert not sandbox.run().failed
    assert sandbox.sql("select words from length") == [{"words": 3}]


def test_register_aggregators(tmp_path: Path) -> None:
    class Total(Row, key=("articles",)):
        articles: int

    class Count(Aggregator):
        name, version, writes = "total", "1", [Total]

        def aggregate(self, warehouse: Reader) -> Any:
            yield Total(articles=warehouse.sql("select 1 from article").num_rows)

    sandbox = Sandbox(
        tmp_path,
        plugin("adding", register_aggregators=lambda register: register(Count())),
        documents={"a": "One.", "b": "Two."},
    )
    assert not sandbox.run().failed
    assert sandbox.sql("select articles from total") == [{"articles": 2}]


def test_register_pipelines(tmp_path: Path) -> None:
    class Token(Row, key=("ordinal",)):
        ordinal: int
        text: str

    class Tokens(Annotator):
        name, version, writes, uses_doc = "tokens", "1", [Token], True

        def annotate(self, article: Article) -> Any:
            for token in article.doc:
                yield Token(ordinal=token.i, text=token.text)

    module = annotating("reading", Tokens())
    pipeline = Pipeline("en", "blank", "2", blank_english)
    module.register_pipelines = hookimpl(lambda register: register(pipeline))  # type: ignore[attr-defined]
    sandbox = Sandbox(tmp_path, module, documents={"a": "It rained."})
    assert not sandbox.run().failed
    assert [row["text"] for row in sandbox.sql("from token order by ordinal")] == ["It", "rained", "."]
    assert sandbox.sql("select pipeline from component_version where component = 'tokens'") == [{"pipeline": "blank 2"}]


def test_register_commands(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "onrecord.toml").write_text("")
    (tmp_path / "plugins" / "greeting.py").write_text(
        textwrap.dedent(
            """
            import click
            from onrecord import hookimpl

            @hookimpl
            def register_commands(cli):
                @cli.command()
                def greet():
                    "Say good day."
                    click.echo("good day")
            """
        )
    )
    done = subprocess.run([sys.executable, "-m", "onrecord", "greet"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("good day\n", 0), done.stderr


def test_run_finished(tmp_path: Path) -> None:
    told: list[RunReport] = []
    sandbox = Sandbox(tmp_path, plugin("telling", run_finished=lambda run: told.append(run)), documents={"a": "One."})
    report = sandbox.run()
    (heard,) = told
    assert heard.run.run_id == report.run.run_id
    assert heard.run.status == "completed"
    assert heard.warehouse == tmp_path
    assert {"ingest", "clean"} <= {step.stage for step in heard.steps}


def test_run_finished_is_told_of_a_run_that_was_killed_when_the_next_one_begins(tmp_path: Path) -> None:
    told: list[tuple[str, Any]] = []
    telling = plugin("telling", run_finished=lambda run: told.append((run.run.status, run.run.run_id)))
    sandbox = Sandbox(tmp_path, telling, documents={"a": "One."})
    first = sandbox.run().run.run_id
    with Warehouse(tmp_path).writing() as connection:
        connection.execute("update run set status = 'running', finished_at = null")
    second = sandbox.run().run.run_id
    assert told == [("completed", first), ("killed", first), ("completed", second)]


def test_run_finished_gets_the_settings_of_its_plugin(tmp_path: Path) -> None:
    class Settings(Config):
        greeting: str = "good day"

    told: list[str] = []
    module = plugin("telling", run_finished=lambda config, run: told.append(f"{config.greeting} {run.run.status}"))
    module.Config = Settings  # type: ignore[attr-defined]
    Sandbox(tmp_path / "a", module).run()
    Sandbox(tmp_path / "b", module, settings={"plugins": {"telling": {"greeting": "hello"}}}).run()
    assert told == ["good day completed", "hello completed"]

    with pytest.raises(ConfigError, match=r"\[plugins\.telling\]: key `greetings`: is not a key of this table"):
        Sandbox(tmp_path / "c", module, settings={"plugins": {"telling": {"greetings": "hello"}}}).run()


def test_run_finished_that_wants_settings_which_the_plugin_does_not_declare(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, plugin("telling", run_finished=lambda config: None))
    (info,) = [info for info in sandbox.plugins.infos if info.name == "telling"]
    assert (info.state, info.reason) == (
        "skipped",
        "run_finished takes `config`, and the module has no class `Config`, a subclass of onrecord.Config",
    )


def test_run_finished_is_told_of_a_run_that_failed_and_may_take_no_argument(tmp_path: Path) -> None:
    class Broken(Aggregator):
        name, version, writes = "broken", "1", [type("Total", (Row,), {"__annotations__": {"x": int}}, key="x")]

        def aggregate(self, warehouse: Reader) -> Any:
            raise ValueError("no sums today")

    told: list[str] = []
    module = plugin(
        "telling",
        register_aggregators=lambda register: register(Broken()),
        run_finished=lambda run: told.append(run.run.status),
    )
    without = plugin("hearing", run_finished=lambda: told.append("done"))
    Sandbox(tmp_path, module, without, documents={"a": "One."}).run()
    assert sorted(told) == ["done", "failed"]


def test_run_finished_that_raises_does_not_keep_it_from_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = []

    def raising(run: RunReport) -> None:
        raise ValueError("the mail server is down")

    def telling(run: RunReport) -> None:
        told.append(run.run.status)

    sandbox = Sandbox(
        tmp_path,
        plugin("first", run_finished=telling),
        plugin("broken", run_finished=raising),
        plugin("last", run_finished=telling),
        documents={"a": "One."},
    )
    assert sandbox.run().run.status == "completed"
    assert told == ["completed", "completed"]
    assert "run_finished of plugin broken raised" in caplog.text
    assert "the mail server is down" in caplog.text


def test_register_commands_that_raises_does_not_keep_it_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def raising(cli: click.Group) -> None:
        raise ValueError("no words")

    def adding(cli: click.Group) -> None:
        cli.add_command(click.Command("greet"))

    group = click.Group()
    loaded = given(
        plugin("first", register_commands=adding), plugin("broken", register_commands=raising),
        plugin("last", register_commands=lambda cli: cli.add_command(click.Command("leave"))),
    )  # fmt: skip
    loaded.add_commands(group)
    assert sorted(group.commands) == ["greet", "leave"]
    assert "register_commands of plugin broken raised ValueError('no words')" in caplog.text


def test_every_hook_has_a_test_named_after_it() -> None:
    assert len(HOOKS) == 7
    assert [hook for hook in HOOKS if f"test_{hook}" not in globals()] == []
