"""Plugins are found in three ways, checked one by one, and a bad one is skipped with its reason."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import click
import pytest
from pydantic import BaseModel

import onrecord
from onrecord import (
    Aggregator,
    Annotator,
    Article,
    Cleaner,
    Config,
    ConfiguredPath,
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
from onrecord.config.loading import parsed
from onrecord.errors import ConfigError, OnrecordError, PluginError
from onrecord.model.annotations import Mention
from onrecord.plugins import hookspecs
from onrecord.plugins.info import PluginInfo
from onrecord.plugins.registry import Plugins
from onrecord.plugins.validation import _TAKEN
from onrecord.testing import Sandbox, annotated
from onrecord.warehouse import Warehouse

HOOKS = [*(name for name in vars(hookspecs) if name.startswith("register_")), "run_finished"]


class Length(Row):
    """How long each article is."""

    words: int


class CountWords(Annotator):
    name, version, writes = "word_count", "1", [Length]

    def annotate(self, article: Article) -> Any:
        yield Length(words=len(article.body.split()))


WORD_COUNT = """
    from onrecord import Annotator, Row, hookimpl


    class Length(Row):
        \"\"\"How long each article is.\"\"\"

        words: int
        \"\"\"Words between white space.\"\"\"


    class CountWords(Annotator):
        name, version, writes = "word_count", "1", [Length]

        def annotate(self, article):
            yield Length(words=len(article.body.split()))


    @hookimpl
    def register_annotators(register):
        register(CountWords())
    """

TALLY = """
    from onrecord import Aggregator, Row, hookimpl


    class Outlets(Row, key=("outlet",)):
        outlet: str


    class Tally(Aggregator):
        name, version, writes = "outlets", "1", [Outlets]


    @hookimpl
    def register_aggregators(register):
        register(Tally())
    """


Folder = Callable[..., Plugins]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The plugins of a folder with the given files, and nothing else; `settings` are an onrecord.toml's."""

    def made(settings: dict[str, Any] | None = None, *, installed: bool = False, **sources: str) -> Plugins:
        directory = tmp_path / "plugins"
        directory.mkdir(exist_ok=True)
        for name, source in sources.items():
            (directory / f"{name}.py").write_text(textwrap.dedent(source))
        return Plugins(parsed({"plugins_dir": str(directory)} | (settings or {})), installed=installed)

    return made


def info(plugins: Plugins, name: str) -> PluginInfo:
    (found,) = [info for info in plugins.infos if info.name == name]
    return found


def states(plugins: Plugins) -> dict[str, str]:
    return {info.name: info.state for info in plugins.infos}


def given(*modules: ModuleType, **settings: Any) -> Plugins:
    return Plugins(parsed(settings), modules, installed=False)


def plugin(name: str, **implementations: Callable[..., Any]) -> ModuleType:
    """A plugin with these hook implementations."""
    module = ModuleType(name)
    for hook, implementation in implementations.items():
        setattr(module, hook, hookimpl(implementation))
    return module


def annotating(name: str, *annotators: Any) -> ModuleType:
    return plugin(name, register_annotators=lambda register: [register(annotator) for annotator in annotators])


# ── The seven hooks ──────────────────────────────────────────────────────────────────────────────


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


def blank_english() -> Any:
    import spacy

    return spacy.blank("en")


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
    assert sandbox.sql("select pipeline from plugin where plugin = 'tokens'") == [{"pipeline": "blank 2"}]


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


# ── Three ways of discovery ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path that Python imports from."""
    made = tmp_path / "site"
    made.mkdir()
    monkeypatch.syspath_prepend(made)
    known = set(sys.modules)
    yield made
    for name in set(sys.modules) - known:
        if str(made) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def install(site: Path, distribution: str, version: str, plugin: str, module: str, source: str) -> None:
    """What an installer leaves behind of a distribution with one plugin."""
    (site / f"{module}.py").write_text(textwrap.dedent(source))
    information = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (information / "entry_points.txt").write_text(f"[onrecord]\n{plugin} = {module}\n")
    importlib.invalidate_caches()


def test_a_plugin_is_found_as_an_entry_point_of_an_installed_distribution(folder: Folder, site: Path) -> None:
    install(site, "acme-words", "2.5", "acme", "acme_words", WORD_COUNT)
    found = info(folder(installed=True), "acme")
    assert (found.state, found.reason, found.found) == ("loaded", "", "installed")
    assert (found.distribution, found.version) == ("acme-words 2.5", "2.5")
    assert found.registers == ["annotator word_count 1"]


def test_an_entry_point_that_cannot_be_imported_is_skipped(folder: Folder, site: Path) -> None:
    install(site, "acme-words", "2.5", "acme", "acme_words", "import no_such_module_anywhere")
    found = info(folder(installed=True), "acme")
    assert found.state == "skipped"
    assert found.reason == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"


def test_entry_points_can_be_left_out(folder: Folder, site: Path) -> None:
    install(site, "acme-words", "2.5", "acme", "acme_words", WORD_COUNT)
    assert folder().infos == []


def test_a_plugin_is_found_in_the_plugins_directory(folder: Folder, tmp_path: Path) -> None:
    plugins = folder(counting='__version__ = "0.3"\n' + textwrap.dedent(WORD_COUNT), _helper="raise ValueError")
    (found,) = plugins.infos
    assert (found.name, found.state, found.found, found.version) == ("counting", "loaded", "directory", "0.3")
    assert found.distribution == str(tmp_path / "plugins" / "counting.py")
    assert found.registers == ["annotator word_count 1"]


def test_a_file_in_the_plugins_directory_does_not_stand_in_for_a_module_of_its_name(folder: Folder) -> None:
    import json

    assert states(folder(json=WORD_COUNT)) == {"json": "loaded"}
    assert sys.modules["json"] is json


def test_docstrings_of_a_file_in_the_plugins_directory_become_comments(folder: Folder) -> None:
    table = folder(counting=WORD_COUNT).tables["length"]
    assert table.description == "How long each article is."
    assert [c.description for c in table.columns if c.name == "words"] == ["Words between white space."]


def test_the_plugins_directory_need_not_exist(tmp_path: Path) -> None:
    assert Plugins(parsed({"plugins_dir": str(tmp_path / "none")}), installed=False).infos == []


def test_a_plugin_is_found_by_its_name_in_the_configuration(folder: Folder, site: Path) -> None:
    (site / "acme").mkdir()
    (site / "acme" / "__init__.py").write_text("")
    (site / "acme" / "words.py").write_text(textwrap.dedent(WORD_COUNT))
    (found,) = folder({"plugin_modules": ["acme.words"]}).infos
    assert (found.name, found.state, found.found) == ("acme.words", "loaded", "configuration")
    assert found.registers == ["annotator word_count 1"]


def test_a_name_in_the_configuration_that_is_no_module_is_skipped(folder: Folder) -> None:
    (found,) = folder({"plugin_modules": ["acme.no_words"]}).infos
    assert (found.state, found.reason) == ("skipped", "ModuleNotFoundError: No module named 'acme'")


def test_the_same_module_found_twice_is_loaded_once(folder: Folder, site: Path) -> None:
    install(site, "acme-words", "2.5", "acme", "acme_words", WORD_COUNT)
    plugins = folder({"plugin_modules": ["acme_words"]}, installed=True)
    assert info(plugins, "acme").state == "loaded"
    again = info(plugins, "acme_words")
    assert (again.state, again.reason) == ("skipped", "is the same module as plugin `acme` (acme-words 2.5)")
    # The hooks of the first one are still there.
    assert plugins.manager.is_registered(info(plugins, "acme").module)


def test_two_plugins_of_one_name_are_refused_with_both_named(folder: Folder, site: Path) -> None:
    install(site, "acme-words", "2.5", "counting", "acme_words", TALLY)
    plugins = folder(counting=WORD_COUNT, installed=True)
    first, second = [info for info in plugins.infos if info.name == "counting"]
    assert first.state == "loaded"
    assert (second.state, second.reason) == ("skipped", "acme-words 2.5 has a plugin of that name too")


def test_the_built_in_plugins_are_found_as_a_third_partys_are() -> None:
    plugins = Plugins(parsed({}))
    named = {info.name: info for info in plugins.infos if info.distribution.startswith("onrecord ")}
    assert {"files", "clean", "language", "entities", "claims", "resolution", "tally"} <= set(named)
    assert {info.found for info in named.values()} == {"installed"}
    assert {info.reason for info in named.values()} == {""}


# ── Skipped with a reason, while the others work ─────────────────────────────────────────────────

HEAD = """
from onrecord import *

class Thing(Row):
    x: int

class Things(Annotator):
    name, version, writes = "things", "1", [Thing]
"""
REGISTER = """
@hookimpl
def register_annotators(register):
    register(Things())
"""

BROKEN = {
    "raises on import": ("raise ValueError('not today')", "ValueError: not today"),
    "leaves on import": ("import sys; sys.exit('run me as a program')", "SystemExit: run me as a program"),
    "is no Python": ("def (", "SyntaxError: invalid syntax (broken.py, line 1)"),
    "misspells a hook": (
        "from onrecord import hookimpl\n@hookimpl\ndef register_anotators(register): pass",
        "unknown hook 'register_anotators' in plugin",
    ),
    "names an argument wrongly": (
        "from onrecord import hookimpl\n@hookimpl\ndef register_annotators(registry): pass",
        "hookimpl definition: register_annotators(registry) Argument(s) {'registry'} are declared in the hookimpl "
        "but can not be found in the hookspec",
    ),
    "has no hook": ("x = 1", "implements no hook: decorate a function that is named like one of the hooks"),
    "forgets to decorate its only hook": (
        "def register_annotators(register): pass",
        "implements no hook: decorate a function that is named like one of the hooks with @hookimpl",
    ),
    "forgets to decorate one of its hooks": (
        f"{HEAD}{REGISTER}\ndef register_cleaners(register): pass",
        "register_cleaners is not decorated with @hookimpl, so it would never be called",
    ),
    "forgets to decorate a hook that registers nothing": (
        f"{HEAD}{REGISTER}\ndef run_finished(run): pass",
        "run_finished is not decorated with @hookimpl, so it would never be called",
    ),
    "raises in a hook": (
        "from onrecord import hookimpl\n@hookimpl\ndef register_annotators(register): 1 / 0",
        "ZeroDivisionError: division by zero",
    ),
    "registers a class": (
        f"{HEAD}\n@hookimpl\ndef register_annotators(register): register(Things)",
        "register_annotators takes Annotator objects, not <class 'onrecord_plugins_dir.broken.Things'> "
        "(register an instance: Things())",
    ),
    "registers in the wrong hook": (
        f"{HEAD}\n@hookimpl\ndef register_cleaners(register): register(Things())",
        "register_cleaners takes Cleaner objects, not <onrecord_plugins_dir.broken.Things object at ",
    ),
    "was written for another version": (
        f"ONRECORD_API = 2\n{HEAD}{REGISTER}",
        "was written for version 2 of the plugin API; this onrecord has 1",
    ),
    "states the version as text": (
        f"ONRECORD_API = '1'\n{HEAD}{REGISTER}",
        "was written for version '1' of the plugin API; this onrecord has 1",
    ),
    "takes a name that is taken": (
        f"{HEAD}\nThings.name = 'word_count'\n{REGISTER}",
        "`word_count` wants the name `word_count`, which `word_count` of plugin `a_good` has already",
    ),
    "writes a table that is taken": (
        f"{HEAD}\nclass Length(Row):\n    x: int\nThings.writes = [Length]\n{REGISTER}",
        "`things` wants the table `length`, which `word_count` of plugin `a_good` has already; disable one of the plug",
    ),
    "registers two components of one name": (
        f"{HEAD}\n@hookimpl\ndef register_annotators(register): register(Things()); register(Things())",
        "`things` wants the name `things`, which `things` of plugin `broken` has already",
    ),
    "requires what is not there": (
        f"{HEAD}\nThings.requires = ['entitys']\n{REGISTER}",
        "`things` requires `entitys`, which no loaded plugin registers",
    ),
    "requires an aggregator": (
        f"{HEAD}\nThings.requires = ['outlets']\n{REGISTER}",
        "`things` requires `outlets`, but an annotator can only require annotators",
    ),
    "requires itself": (
        f"{HEAD}\nThings.requires = ['things']\n{REGISTER}",
        "`things` requires itself: things ← things",
    ),
    "requires a text": (
        f"{HEAD}\nThings.requires = 'word_count'\n{REGISTER}",
        "Things.requires and Things.writes are lists, also where there is one entry",
    ),
    "writes a class": (
        f"{HEAD}\nThings.writes = Thing\n{REGISTER}",
        "Things.requires and Things.writes are lists, also where there is one entry",
    ),
    "writes nothing": (
        f"{HEAD}\nThings.writes = []\n{REGISTER}",
        "Things.writes names no row class: what would it fill?",
    ),
    "writes what is no row class": (
        f"{HEAD}\nThings.writes = [int]\n{REGISTER}",
        "Things.writes holds <class 'int'>, which is no subclass of onrecord.Row",
    ),
    "writes a column of an unknown type": (
        f"from decimal import Decimal\n{HEAD}\nclass Price(Row):\n    x: Decimal\nThings.writes = [Price]\n{REGISTER}",
        "column `price.x`: has the type <class 'decimal.Decimal'>, which has no place in a table",
    ),
    "writes a table of the engine": (
        f"{HEAD}\nclass Ledger(Row):\n    x: int\nThings.writes = [Ledger]\n{REGISTER}",
        "may not write `ledger`, which belongs to the engine: name it otherwise",
    ),
    "writes a table of a stage": (
        f"{HEAD}\nThings.writes = [Segment]\n{REGISTER}",
        "may not write `segment`, which belongs to the engine: name it otherwise",
    ),
    "writes a standard table of its own making": (
        f"{HEAD}\nclass Mine(Row, table='mention'):\n    x: int\nThings.writes = [Mine]\n{REGISTER}",
        "may not write `mention`, which belongs to onrecord's standard tables: name it otherwise",
    ),
    "writes a table across articles": (
        f"{HEAD}\nThings.writes = [Entity]\n{REGISTER}",
        "may not write `entity`, which belongs to onrecord's standard tables: name it otherwise",
    ),
    "writes a view": (
        f"{HEAD}\nclass Statement(Row):\n    x: int\nThings.writes = [Statement]\n{REGISTER}",
        "may not write `statement`: the engine has that name. Choose another: class Statement(Row, table=\"…\")",
    ),
    "has no name": (
        f"{HEAD}\ndel Things.name\n{REGISTER}",
        "Things.name must be made of a-z, 0-9 and _ and not be a stage's; it is None",
    ),
    "has a bad name": (
        f"{HEAD}\nThings.name = 'Things to do'\n{REGISTER}",
        "Things.name must be made of a-z, 0-9 and _ and not be a stage's; it is 'Things to do'",
    ),
    "has a stage's name": (
        f"{HEAD}\nThings.name = 'clean'\n{REGISTER}",
        "Things.name must be made of a-z, 0-9 and _ and not be a stage's; it is 'clean'",
    ),
    "has no version": (
        f"{HEAD}\ndel Things.version\n{REGISTER}",
        "Things.version must be a text such as \"1\"; it is None",
    ),
    "has a number as its version": (
        f"{HEAD}\nThings.version = 1\n{REGISTER}",
        "Things.version must be a text such as \"1\"; it is 1",
    ),
    "has an empty version": (
        f"{HEAD}\nThings.version = ''\n{REGISTER}",
        "Things.version must be a text such as \"1\"; it is ''",
    ),
    "has settings that are no model": (
        f"{HEAD}\nclass Plain:\n    limit = 3\nThings.Config = Plain\n{REGISTER}",
        "Things.Config must be a subclass of onrecord.Config",
    ),
    "has a cleaner that writes": (
        f"{HEAD}\nclass Sweeps(Cleaner):\n    name, version, writes = 'sweeps', '1', [Thing]\n"
        "@hookimpl\ndef register_cleaners(register): register(Sweeps())",
        "Sweeps is an ingestor or a cleaner: its stage writes the tables",
    ),
    "has an aggregator without a key": (
        f"{HEAD}\nclass Sums(Aggregator):\n    name, version, writes = 'sums', '1', [Thing]\n"
        "@hookimpl\ndef register_aggregators(register): register(Sums())",
        "table `thing`: say what tells its rows apart: class Thing(Row, key=(…))",
    ),
    "has an aggregator that requires a cleaner": (
        f"{HEAD}\nclass Total(Row, key='x'):\n    x: int\nclass Sums(Aggregator):\n"
        "    name, version, writes, requires = 'sums', '1', [Total], ['sweeps']\n"
        "class Sweeps(Cleaner):\n    name, version = 'sweeps', '1'\n"
        "@hookimpl\ndef register_aggregators(register): register(Sums())\n"
        "@hookimpl\ndef register_cleaners(register): register(Sweeps())",
        "`sums` requires `sweeps`, but an aggregator requires annotators or aggregators",
    ),
    "has an aggregator with a query for a table of another": (
        f"{HEAD}\nclass Total(Row, key='x'):\n    x: int\nclass Sums(Aggregator):\n"
        "    name, version, writes, queries = 'sums', '1', [Total], {Thing: 'select 1 as x'}\n"
        "@hookimpl\ndef register_aggregators(register): register(Sums())",
        "Sums.queries must have a query for each row class in Sums.writes, and no other",
    ),
    "has a pipeline for a language that has one": (
        "from onrecord import *\n@hookimpl\ndef register_pipelines(register):\n"
        "    register(Pipeline('xx', 'mine', '1', object))\n    register(Pipeline('xx', 'other', '1', object))",
        "`mine` wants the language `xx`, which `other` of plugin `broken` has already",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_plugin_is_skipped_with_its_reason_and_the_others_work(
    folder: Folder, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    source, reason = BROKEN[what]
    plugins = folder(a_good=WORD_COUNT, broken=source, c_good=TALLY)
    broken = info(plugins, "broken")
    assert broken.state == "skipped"
    assert broken.reason.startswith(reason) or reason in broken.reason
    assert "\n" not in broken.reason
    assert broken.registered == []
    assert f"plugin broken is skipped: {broken.reason}" in caplog.messages
    assert states(plugins) == {"a_good": "loaded", "broken": "skipped", "c_good": "loaded"}
    assert (list(plugins.annotators), list(plugins.aggregators)) == (["word_count"], ["outlets"])
    assert (plugins.cleaners, plugins.pipelines) == ((), {})
    # Nor do any hooks of a skipped plugin fire.
    assert {i.plugin_name for hook in HOOKS for i in getattr(plugins.manager.hook, hook).get_hookimpls()} == {
        "a_good",
        "c_good",
    }


def test_strict_makes_a_plugin_that_cannot_be_loaded_an_error(folder: Folder) -> None:
    with pytest.raises(PluginError) as caught:
        folder({"strict": True}, a_good=WORD_COUNT, broken="raise ValueError('not today')")
    assert str(caught.value) == "plugin `broken`: ValueError: not today (an error because of --strict)"
    assert caught.value.plugin == "broken"


def test_strict_has_nothing_against_plugins_that_are_well_or_disabled(folder: Folder) -> None:
    plugins = folder({"strict": True, "disable": ["broken"]}, a_good=WORD_COUNT, broken="raise ValueError")
    assert states(plugins) == {"a_good": "loaded", "broken": "disabled"}


def test_pipelines_of_two_plugins_for_one_language_are_refused_with_both_named() -> None:
    def reading(name: str) -> ModuleType:
        pipeline = Pipeline("en", f"{name}_model", "1", blank_english)
        return plugin(name, register_pipelines=lambda register: register(pipeline))

    plugins = given(reading("first"), reading("second"))
    assert info(plugins, "second").reason == (
        "`second_model` wants the language `en`, which `first_model` of plugin `first` has already; "
        "disable one of the plugins"
    )
    assert plugins.pipelines["en"].name == "first_model"


def things(name: str, *requires: str) -> Annotator:
    row = type(name.capitalize(), (Row,), {"__annotations__": {"x": int}})
    made = type(name, (Annotator,), {"name": name, "version": "1", "writes": [row], "requires": list(requires)})
    return made()  # type: ignore[no-any-return]


def test_a_circle_of_requirements_is_skipped_and_so_is_what_needs_it() -> None:
    plugins = given(
        annotating("one", things("a", "b")),
        annotating("two", things("b", "a")),
        annotating("three", things("c", "a")),
        annotating("four", things("d")),
    )
    assert states(plugins) == {"one": "skipped", "two": "skipped", "three": "skipped", "four": "loaded"}
    circular = [i.reason for i in plugins.infos if "requires itself" in i.reason]
    assert circular in (["`a` requires itself: a ← b ← a"], ["`a` requires itself: b ← a ← b"])
    assert info(plugins, "two").reason == "`b` requires `a`, which no loaded plugin registers"
    assert info(plugins, "three").reason == "`c` requires `a`, which no loaded plugin registers"


def test_what_requires_a_skipped_plugins_component_is_skipped_too() -> None:
    plugins = given(
        annotating("one", things("a", "gone")), annotating("two", things("b", "a")), annotating("three", things("c"))
    )
    assert states(plugins) == {"one": "skipped", "two": "skipped", "three": "loaded"}
    assert info(plugins, "two").reason == "`b` requires `a`, which no loaded plugin registers"


def test_one_bad_component_takes_its_whole_plugin_along(folder: Folder) -> None:
    two = annotating("two", things("fine"), things("Not fine"))
    plugins = given(two)
    assert (states(plugins), list(plugins.annotators)) == ({"two": "skipped"}, [])


def test_components_run_after_what_they_require_in_an_order_that_does_not_depend_on_who_registers_first() -> None:
    registered = [things("c"), things("a", "d"), things("d"), things("b", "a")]
    order = list(given(annotating("all", *registered)).annotators)
    assert set(order) == {"a", "b", "c", "d"}
    assert order.index("d") < order.index("a") < order.index("b")
    assert list(given(annotating("all", *reversed(registered))).annotators) == order


def test_cleaners_run_by_order_and_then_by_name() -> None:
    def cleaner(name: str, order: int) -> Cleaner:
        return type(name, (Cleaner,), {"name": name, "version": "1", "order": order})()  # type: ignore[no-any-return]

    cleaners = [cleaner("c", 500), cleaner("b", 900), cleaner("z", 100), cleaner("a", 500)]
    plugins = given(plugin("all", register_cleaners=lambda register: [register(c) for c in cleaners]))
    assert [c.name for c in plugins.cleaners] == ["z", "a", "c", "b"]


def test_an_annotator_may_write_a_standard_table() -> None:
    class Names(Annotator):
        name, version, writes = "names", "1", [Mention]

    assert list(given(annotating("naming", Names())).annotators) == ["names"]


def test_names_that_the_engine_uses_in_the_warehouse_are_kept_from_plugins(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(given().tables.values(), {})
    with warehouse.reading() as connection:
        views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert {name for (name,) in views} <= _TAKEN
    assert {name for (name,) in tables} - set(given().tables) <= _TAKEN
    # Temporary tables come before a plugin's of the same name.
    sources = "".join(file.read_text() for file in Path(onrecord.__file__).parent.rglob("*.py"))
    temporary = re.findall(r'\.register\(\s*"(\w+)"|temp (?:table|view) (\w+)', sources)
    assert temporary
    assert {a or b for a, b in temporary} <= _TAKEN


# ── Disabling ────────────────────────────────────────────────────────────────────────────────────


def test_a_disabled_plugin_is_not_even_imported(folder: Folder, tmp_path: Path) -> None:
    plugins = folder({"disable": ["noisy"]}, noisy=f"open({str(tmp_path / 'trace')!r}, 'w')", counting=WORD_COUNT)
    noisy = info(plugins, "noisy")
    assert (noisy.state, noisy.reason, noisy.module) == ("disabled", "named in `disable`", None)
    assert not (tmp_path / "trace").exists()
    assert list(plugins.annotators) == ["word_count"]


def test_a_single_component_can_be_disabled() -> None:
    plugins = given(annotating("two", things("a"), things("b")), disable=["a"])
    assert (states(plugins), list(plugins.annotators)) == ({"two": "loaded"}, ["b"])
    assert info(plugins, "two").registers == ["annotator b 1"]


def test_what_requires_a_disabled_component_is_skipped() -> None:
    plugins = given(annotating("one", things("a")), annotating("two", things("b", "a")), disable=["a"])
    assert info(plugins, "two").reason == "`b` requires `a`, which no loaded plugin registers"


def test_disabling_one_of_two_that_clash_lets_the_other_work() -> None:
    plugins = given(annotating("one", things("a")), annotating("two", things("a")), disable=["one"])
    assert states(plugins) == {"one": "disabled", "two": "loaded"}
    assert list(plugins.annotators) == ["a"]


# ── Settings of components ───────────────────────────────────────────────────────────────────────


class Limited(CountWords):
    class Config(Config):
        limit: int = 10
        """Most words."""
        unit: Literal["words", "letters"] = "words"
        inbox: ConfiguredPath = Path("inbox")


def test_a_component_has_its_settings_from_its_own_table() -> None:
    plugins = given(annotating("counting", Limited()), plugins={"word_count": {"limit": 3}})
    settings = plugins.annotators["word_count"].config
    assert type(settings) is Limited.Config
    assert (settings.limit, settings.unit, settings.inbox) == (3, "words", Path.cwd() / "inbox")


def test_outside_a_configuration_a_component_has_its_default_settings() -> None:
    class Cut(Limited):
        def annotate(self, article: Article) -> Any:
            yield Length(words=min(self.config.limit, 3))

    assert annotated(Cut(), "Four words are there.") == [Length(words=3)]


def test_the_environment_wins_over_a_components_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_PLUGINS__WORD_COUNT__LIMIT", "4")
    plugins = given(annotating("counting", Limited()), plugins={"word_count": {"limit": 3}})
    assert plugins.annotators["word_count"].config.limit == 4


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"limits": 3},
            "table [plugins.word_count]: key `limits`: is not a key of this table, which has: limit, unit, i",
        ),
        ({"limit": "x"}, "table [plugins.word_count]: key `limit`: Input should be a valid integer"),
        (
            {"unit": "miles"},
            "table [plugins.word_count]: key `unit`: Input should be 'words' or 'letters' (it is 'miles')",
        ),
    ],
)
def test_a_mistake_in_a_components_table_is_an_error_that_names_it(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given(annotating("counting", Limited()), plugins={"word_count": table})
    assert message in str(caught.value)


def test_a_component_without_settings_of_its_own_takes_none() -> None:
    with pytest.raises(ConfigError, match=r"key `limit`: is not a key of this table, which has: none"):
        given(annotating("counting", CountWords()), plugins={"word_count": {"limit": 3}})


def test_settings_may_be_any_pydantic_model() -> None:
    class Plain(BaseModel):
        limit: int = 1

    annotator = CountWords()
    annotator.Config = Plain  # type: ignore[misc]
    plugins = given(annotating("counting", annotator), plugins={"word_count": {"limit": 3}})
    assert plugins.annotators["word_count"].config == Plain(limit=3)


def test_a_table_for_a_component_that_nobody_registers_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        given(annotating("two", things("b"), things("a")), plugins={"word_cuont": {}})
    assert str(caught.value).endswith(
        "table [plugins.word_cuont]: no plugin registers a component of that name; there are: a, b"
    )


@pytest.mark.parametrize("disabled", ["word_count", "counting"])
def test_the_table_of_a_disabled_component_may_stay_in_the_file(disabled: str) -> None:
    plugins = given(annotating("counting", Limited()), disable=[disabled], plugins={"word_count": {"limit": 3}})
    assert plugins.annotators == {}


def test_the_table_of_a_skipped_plugins_component_is_no_error_on_top(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = folder({"plugins": {"words": {"limit": 3}}}, counting="raise ValueError('not today')")
    assert states(plugins) == {"counting": "skipped"}
    assert "[plugins.words]: no component of that name was loaded" in caplog.messages


def test_a_pipeline_that_is_not_installed_is_an_error_that_says_what_to_do() -> None:
    configuration = parsed({"language": {"pipeline": "en_no_such_model"}}, Path("/project/onrecord.toml"))
    with pytest.raises(ConfigError) as caught:
        Plugins(configuration, installed=False)
    assert str(caught.value) == (
        "/project/onrecord.toml: table [language]: key `pipeline`: no such spaCy pipeline is installed; "
        "pip install it, or leave the key out (it is 'en_no_such_model')"
    )


# ── Listing ──────────────────────────────────────────────────────────────────────────────────────


def test_onrecord_plugins_lists_each_with_version_origin_state_and_what_it_registers_or_why_not(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    folder(counting='__version__ = "0.3"\n' + textwrap.dedent(WORD_COUNT), broken="raise ValueError('not today')")
    file = tmp_path / "onrecord.toml"
    file.write_text('disable = ["tally"]')
    done = subprocess.run(
        [sys.executable, "-m", "onrecord", "plugins", "-c", str(file)], capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: " ".join(line.split()) for line in done.stdout.splitlines() if not line.startswith(" ")}
    directory = tmp_path / "plugins"
    assert lines["counting"] == f"counting 0.3 {directory}/counting.py loaded annotator word_count 1"
    assert lines["broken"] == f"broken – {directory}/broken.py skipped ValueError: not today"
    assert lines["tally"].endswith("disabled named in `disable`")
    assert "loaded ingestor files" in lines["files"]


def test_onrecord_plugins_strict_ends_with_status_2_and_the_reason(folder: Folder, tmp_path: Path) -> None:
    folder(broken="raise ValueError('not today')")
    file = tmp_path / "onrecord.toml"
    file.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "onrecord", "plugins", "--strict", "-c", str(file)], capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 2
    assert "onrecord: plugin `broken`: ValueError: not today (an error because of --strict)" in done.stderr
    assert "Traceback" not in done.stderr


# ── What importing costs ─────────────────────────────────────────────────────────────────────────


def test_importing_any_module_of_onrecord_imports_neither_prefect_nor_a_plugin() -> None:
    script = """
    import importlib, pkgutil, sys
    import onrecord
    print(sorted(name for name in sys.modules if name == "spacy"))
    for module in pkgutil.walk_packages(onrecord.__path__, "onrecord."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    print(len([name for name in sys.modules if name.startswith("onrecord.")]) > 20)
    print(sorted(name for name in sys.modules if name.partition(".")[0] == "prefect" or name.startswith("onrecord_")))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "True", "[]"], done.stderr


# ── Components that annotators ask for in the pipeline ─────────────────────────────────────────────


class SentenceCount(Row):
    """How many sentences an article has."""

    sentences: int


class CountSentences(Annotator):
    name, version, uses_doc, writes, pipes = "sentences", "1", True, [SentenceCount], ("sentencizer",)

    def annotate(self, article: Article) -> Any:
        yield SentenceCount(sentences=len(list(article.doc.sents)))


def counted(nlp: Callable[[], Any], body: str) -> list[Row]:
    return annotated(CountSentences(), body, pipeline=Pipeline("en", nlp.__name__, "1", nlp))


def test_a_pipeline_is_given_the_components_that_annotators_ask_for(tmp_path: Path) -> None:
    assert counted(blank_english, "It rains. It pours.") == [SentenceCount(sentences=2)]
    module = annotating("sentences", CountSentences())
    pipeline = Pipeline("en", "blank", "1", blank_english)
    module.register_pipelines = hookimpl(lambda register: register(pipeline))  # type: ignore[attr-defined]
    sandbox = Sandbox(tmp_path, module, documents={"a": "It rained. It poured."})
    assert not sandbox.run().failed
    assert sandbox.sql("select sentences from sentence_count") == [{"sentences": 2}]


def test_a_pipeline_that_has_such_a_component_keeps_its_own() -> None:
    def semicolons() -> Any:
        nlp = blank_english()
        nlp.add_pipe("sentencizer", name="ours", config={"punct_chars": [";"]})
        return nlp

    assert counted(semicolons, "It rains. It pours; it snows.") == [SentenceCount(sentences=2)]


def test_a_component_that_is_not_installed_is_named() -> None:
    annotator = CountSentences()
    annotator.pipes = ("crystal_ball",)
    with pytest.raises(OnrecordError, match="'crystal_ball', which no installed package provides"):
        annotated(annotator, "It rains.", pipeline=Pipeline("en", "blank", "1", blank_english))
