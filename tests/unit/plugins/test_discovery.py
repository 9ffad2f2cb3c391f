"""How plugins are found, listed and disabled."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from onrecord.config.loading import parse_settings
from onrecord.plugins.registry import Plugins
from tests.unit.plugins.loading import TALLY, WORD_COUNT, Folder, annotating, given, info, states, things

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
    assert Plugins(parse_settings({"plugins_dir": str(tmp_path / "none")}), installed=False).infos == []


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
    plugins = Plugins(parse_settings({}))
    named = {info.name: info for info in plugins.infos if info.distribution.startswith("onrecord ")}
    assert {"files", "clean", "language", "entities", "claims", "resolution", "tally"} <= set(named)
    assert {info.found for info in named.values()} == {"installed"}
    assert {info.reason for info in named.values()} == {""}


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
