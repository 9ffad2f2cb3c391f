"""The configuration file: every key, relative paths, copies of what was read."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from onrecord.config.loading import component_settings, load_settings, parse_settings
from onrecord.config.settings import ScheduleSettings, Settings
from onrecord.errors import ConfigError
from tests.unit.config.feeds import Feeds, feeds, mistake

# ── The file ─────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_text("")
    settings = load_settings(file)
    assert settings.file == file
    assert settings.warehouse == file.parent / "warehouse"
    assert settings.plugins_dir == file.parent / "plugins"
    assert (settings.plugin_modules, settings.disable, settings.strict) == ([], [], False)
    assert (settings.run.batch_size, settings.run.max_failed_share) == (200, 0.2)
    assert (settings.workers.runner, settings.workers.processes, settings.workers.address) == ("processes", None, None)
    assert (settings.language.default, settings.language.pipeline) == ("en", None)


def test_every_key_can_be_set(file: Path) -> None:
    file.write_text(
        """
        warehouse = "w"
        plugins_dir = "p"
        plugin_modules = ["a.b"]
        disable = ["x"]
        strict = true
        [run]
        batch_size = 5
        batch_bytes = 1000
        document_bytes = 1000
        max_failed_share = 0.5
        min_failed = 1
        retries = 0
        retry_seconds = 0.5
        batch_seconds = 60
        fetch_seconds = 5
        list_seconds = 5
        aggregate_seconds = 5
        stale = "leave"
        [up]
        port = 4300
        pool = "ours"
        [[schedule]]
        name = "feeds"
        interval = "15m"
        timezone = "Europe/Berlin"
        sources = ["files"]
        [workers]
        runner = "dask"
        address = "tcp://10.0.0.5:8786"
        memory = "2 GB"
        [language]
        default = "de"
        pipeline = "de_core_news_sm"
        [maintain]
        runs = "for ever"
        logs = 1
        versions = 1
        deleted = 1
        quarantine = 1
        backups = "backups"
        keep = 2
        compact = false
        [status]
        max_run = "1h"
        max_age = "6h"
        max_quarantined = 1
        [log]
        format = "json"
        [plugins.files]
        paths = ["inbox"]
        """
    )
    loaded = load_settings(file)
    settings = loaded.model_dump()
    # Whoever adds a setting must add it here: every value differs from its default.
    defaults = parse_settings({}, file).model_dump()
    assert {key for key in settings if settings[key] == defaults[key]} == set()
    for section in ("run", "language", "up"):
        assert {k for k, v in settings[section].items() if v == defaults[section][k]} == set()
    # Processes of this machine are for the runner of that name.
    assert {k for k, v in settings["workers"].items() if v == defaults["workers"][k]} == {"processes"}
    # A schedule has one of the three, and maintenance asks no sources.
    (schedule,) = settings["schedule"]
    assert {k for k, v in schedule.items() if v == ScheduleSettings.model_fields[k].default} == {
        "cron",
        "rrule",
        "flow",
    }
    assert loaded.plugin_tables == {"files": {"paths": ["inbox"]}}


def test_a_missing_file_that_was_named_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path / 'none.toml'}: no such file"


def test_a_missing_file_that_was_not_named_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_settings(None)
    assert str(caught.value) == (
        f"{tmp_path / 'onrecord.toml'}: no such file here; name one with -c FILE, or start one (see README)"
    )


def test_without_a_name_the_file_in_the_current_folder_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("strict = true")
    monkeypatch.chdir(file.parent)
    assert load_settings(None).strict


def test_broken_toml_says_where(file: Path) -> None:
    assert re.match(r"cannot be read: .*\(at line 2, column \d+\)", mistake(file, "strict = true\n[run\n"))


def test_a_file_that_is_not_utf_8_cannot_be_read(file: Path) -> None:
    file.write_bytes(b'warehouse = "caf\xe9"')
    with pytest.raises(ConfigError, match=r"cannot be read: .*utf-8"):
        load_settings(file)


def test_a_folder_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: "):
        load_settings(tmp_path)


# ── Paths ────────────────────────────────────────────────────────────────────────────────────────


def test_relative_paths_are_taken_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    file = tmp_path / "project" / "onrecord.toml"
    file.write_text("warehouse = '../w'\n[plugins.feeds]\ninbox = 'news'")
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("project/onrecord.toml"))
    assert settings.warehouse == tmp_path / "w"
    assert settings.plugins_dir == tmp_path / "project" / "plugins"
    found = component_settings(Feeds, "feeds", settings)
    assert found.inbox == tmp_path / "project" / "news"  # type: ignore[attr-defined]


def test_a_relative_path_that_is_a_default_is_taken_from_the_files_folder_too(file: Path) -> None:
    assert feeds(file).inbox == file.parent / "inbox"


def test_a_relative_path_in_a_variable_is_taken_from_the_files_folder_too(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("")
    monkeypatch.setenv("ONRECORD_WAREHOUSE", "elsewhere")
    assert load_settings(file).warehouse == file.parent / "elsewhere"


def test_without_a_file_relative_paths_are_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_settings({}).warehouse == tmp_path / "warehouse"


def test_absolute_paths_and_the_home_folder_stay_what_they_are(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent / "home"))
    file.write_text(f"warehouse = '{file.parent / 'w'}'\nplugins_dir = '~/plugins'")
    settings = load_settings(file)
    assert settings.warehouse == file.parent / "w"
    assert settings.plugins_dir == file.parent / "home" / "plugins"


def test_one_file_after_another_each_has_its_own_folder(tmp_path: Path) -> None:
    files = [tmp_path / name / "onrecord.toml" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_text("")
    first, second = map(load_settings, files)
    assert first.warehouse == tmp_path / "a" / "warehouse"
    assert second.warehouse == tmp_path / "b" / "warehouse"
    # Paths of plugins are made when the plugin is configured, which may be after another file was read.
    assert component_settings(Feeds, "feeds", first).inbox == tmp_path / "a" / "inbox"  # type: ignore[attr-defined]


# ── Copies ───────────────────────────────────────────────────────────────────────────────────────


def test_override_changes_what_is_given_and_nothing_else(file: Path) -> None:
    file.write_text("strict = true\n[workers]\nprocesses = 2\n[plugins.feeds]\nlimit = 3")
    before = load_settings(file)
    after = before.override(warehouse=Path("/w"), strict=None)
    assert after.warehouse == Path("/w")
    assert (after.strict, after.workers.processes) == (True, 2)
    assert (after.file, after.plugin_tables) == (before.file, before.plugin_tables)
    assert before.warehouse == file.parent / "warehouse"
    assert not before.override(strict=False).strict


def test_a_configuration_can_be_pickled_and_keeps_what_the_environment_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[workers]\nprocesses = 2\n[plugins.feeds]\nlimit = 3")
    monkeypatch.setenv("ONRECORD_WORKERS__PROCESSES", "5")
    settings = load_settings(file)
    pickled = pickle.dumps(settings)
    monkeypatch.setenv("ONRECORD_WORKERS__PROCESSES", "6")
    copy = pickle.loads(pickled)
    assert copy == settings
    assert copy.workers.processes == 5
    assert (copy.file, copy.plugin_tables) == (file, {"feeds": {"limit": 3}})
    assert copy != settings.with_origin(file, {})


def test_settings_cannot_be_changed(file: Path) -> None:
    file.write_text("strict = true")
    settings = load_settings(file)
    for name, value in {"strict": False, "file": None, "plugin_tables": {}}.items():
        with pytest.raises((ValueError, AttributeError), match=r"frozen|no setter|has no field|can't set"):
            setattr(settings, name, value)


def test_a_components_settings_are_of_its_own_class_can_be_pickled_and_are_frozen(file: Path) -> None:
    found = feeds(file, "[plugins.feeds]\nlimit = 3")
    assert type(found) is Feeds
    assert pickle.loads(pickle.dumps(found)) == found == Feeds(limit=3, inbox=file.parent / "inbox")
    with pytest.raises(ValueError, match="frozen"):
        found.limit = 4


def test_every_setting_is_described() -> None:
    for model in (Settings, *(Settings.model_fields[name].annotation for name in ("run", "language"))):
        assert [name for name, field in model.model_fields.items() if not field.description] == []  # type: ignore
