"""A plugin that cannot work is skipped with its reason, and the others work."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import onrecord
from onrecord import (
    Annotator,
    Cleaner,
    Pipeline,
    Row,
)
from onrecord.errors import PluginError, RowError
from onrecord.model.annotations import Mention
from onrecord.model.table import derive_table
from onrecord.model.tables import TOUCHED_TABLE
from onrecord.warehouse import Warehouse
from tests.unit.plugins.loading import (
    HOOKS,
    TALLY,
    WORD_COUNT,
    Folder,
    annotating,
    blank_english,
    given,
    info,
    plugin,
    states,
    things,
)

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
        "may not write `ledger`, which belongs to the engine: give it another name",
    ),
    "writes a table of a stage": (
        f"{HEAD}\nThings.writes = [Segment]\n{REGISTER}",
        "may not write `segment`, which belongs to the engine: give it another name",
    ),
    "writes a standard table of its own making": (
        f"{HEAD}\nclass Mine(Row, table='mention'):\n    x: int\nThings.writes = [Mine]\n{REGISTER}",
        "may not write `mention`, which belongs to onrecord's standard tables: give it another name",
    ),
    "writes a table across articles": (
        f"{HEAD}\nThings.writes = [Entity]\n{REGISTER}",
        "may not write `entity`, which belongs to onrecord's standard tables: give it another name",
    ),
    "writes a view": (
        f"{HEAD}\nclass Statement(Row):\n    x: int\nThings.writes = [Statement]\n{REGISTER}",
        "may not write `statement`: the name is taken. Choose another: class Statement(Row, table=\"…\")",
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


def test_a_plugin_cannot_have_a_table_named_like_one_of_the_engine_or_a_view(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(given().tables.values(), {})
    with warehouse.reading() as connection:
        views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    names = {name for (name,) in [*views, *tables]} | {TOUCHED_TABLE}
    assert names >= {"migration", "statement", "ledger", "claim"}
    for name in sorted(names):

        class Own(Row, table=name):
            text: str

        component = type("Own", (Annotator,), {"name": "own", "version": "1", "writes": [Own]})()
        assert states(given(annotating("own", component)))["own"] == "skipped", name


def test_what_the_engine_creates_for_a_query_begins_with_an_underscore_which_no_table_of_a_plugin_does() -> None:
    core = Path(onrecord.__file__).parent
    sources = [file.read_text() for file in core.rglob("*.*") if file.suffix in (".py", ".sql")]
    created = re.compile(r'\.register\(\s*f?"(\w+)"|temp (?:table|view) ([\w{]+)|table memory\.main\.(\w+)')
    names = {"".join(found) for source in sources for found in created.findall(source)}
    assert {"_incoming", "_staged_done", "_old_article"} <= names
    # Over a published database a staged version is seen under the names of the tables themselves.
    overlaid = {"article", "source_item", "ledger", "quarantine", "component_version", "{name"}
    # So are the rows of a table that a change touches; and the groups of an aggregator have a name that is taken.
    overlaid |= {"{quoted", "{TOUCHED_TABLE"}
    assert {name for name in names if not name.startswith("_")} == overlaid
    with pytest.raises(RowError, match="a table's name is made of a-z"):
        derive_table(type("Own", (Row,), {"__annotations__": {"text": str}}, table="_own"), per_article=True)
