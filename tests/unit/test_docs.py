"""The documentation says what the code does: its examples are run, its lists are complete."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from onrecord.model.tables import STANDARD_TABLES
from onrecord.plugins import hookspecs
from onrecord.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.M | re.S)
PLUGINS = {re.search(r'name, version, \w+ = "(\w+)"', block)[1]: block for block in BLOCKS if "@hookimpl" in block}
TEXT = "Anna Smith said the unquestionably long bridge would open. “It is safe,” Anna Smith said.\n"


def imported(name: str, source: str, folder: Path) -> ModuleType:
    file = folder / f"{name}.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def filled(name: str, tmp_path: Path) -> Sandbox:
    """A sandbox on which a plugin of the guide has run, beside the installed ones."""
    module = imported(name, PLUGINS[name], tmp_path)
    sandbox = Sandbox(tmp_path / "warehouse", module, documents={"a": TEXT}, installed=True)
    report = sandbox.run()
    assert not report.failed, report.run.message
    return sandbox


def test_the_guide_has_the_plugins_that_are_tried_here() -> None:
    assert set(PLUGINS) == {"word_count", "busiest", "long_words", "cues", "cue_weeks", "notes"}


def test_the_word_count_of_the_guide_fills_its_table(tmp_path: Path) -> None:
    assert filled("word_count", tmp_path).sql("select words from length") == [{"words": 15}]


def test_the_guides_annotator_reads_the_rows_of_another_one(tmp_path: Path) -> None:
    assert filled("busiest", tmp_path).sql("select name, times from busiest") == [{"name": "Anna Smith", "times": 2}]


def test_the_guides_settings_are_used(tmp_path: Path) -> None:
    assert filled("long_words", tmp_path).sql("select word from long_word") == [{"word": "unquestionably"}]


def test_the_guides_sql_aggregator_fills_its_table(tmp_path: Path) -> None:
    assert filled("cues", tmp_path).sql("select cue, claims from cue_use") == [{"cue": "said", "claims": 2}]


def test_the_guides_incremental_aggregator_fills_its_table(tmp_path: Path) -> None:
    sandbox = filled("cue_weeks", tmp_path)
    query = "select cue, claims from cue_week"
    assert sandbox.sql(query) == [{"cue": "said", "claims": 2}]
    sandbox.source.documents["more"] = "Sam Jones said that it would snow."
    assert not sandbox.run().failed
    assert sandbox.sql(query) == [{"cue": "said", "claims": 3}]


def test_the_guides_ingestor_and_cleaner_make_articles(tmp_path: Path) -> None:
    sandbox = filled("notes", tmp_path)

    assert sandbox.sql("select body, outlet from article where outlet is not null order by body") == [
        {"body": "Anna Smith said it would rain.", "outlet": "Notes"},
        {"body": "Sam Jones denied that it would.", "outlet": "Notes"},
    ]
    assert sandbox.sql("select kind, reason, text from segment where cleaner = 'announcements'") == [
        {"kind": "boilerplate", "reason": "a line in capitals", "text": "TONIGHT AT NINE"}
    ]


def test_the_guides_tests_pass_on_the_guides_plugin(tmp_path: Path) -> None:
    (tmp_path / "word_count.py").write_text(PLUGINS["word_count"])
    (tmp_path / "test_word_count.py").write_text(next(block for block in BLOCKS if "test_word_count.py" in block))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "2 passed" in done.stdout, done.stdout


def test_the_readme_and_the_design_example_are_the_same_plugin() -> None:
    readme = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)

    assert readme == [PLUGINS["word_count"]]


@pytest.mark.parametrize(
    "hook", [name for name, f in inspect.getmembers(hookspecs, inspect.isfunction) if hasattr(f, "onrecord_spec")]
)
def test_every_hook_is_in_the_guide_with_its_arguments(hook: str) -> None:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)

    assert f"`{hook}({arguments})`" in GUIDE


@pytest.mark.parametrize("table", sorted(STANDARD_TABLES))
def test_every_table_and_column_is_in_the_dictionary(table: str) -> None:
    page = (ROOT / "docs" / "warehouse.md").read_text("utf-8")
    section = page.split(f"### {table}\n")[1].split("\n### ")[0]

    for column in STANDARD_TABLES[table].columns:
        assert f"| `{column.name}` | {column.type} |" in section


def test_every_file_that_the_architecture_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    tree = page.split("```text\n")[1].split("```")[0]
    folder = Path()
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = ROOT / name if "*" not in name else ROOT
        assert list(folder.glob(name)) or (ROOT / name).exists() or list(ROOT.glob(name)), name
