"""onrecord.toml and the environment: every mistake is named by file, table and key."""

from __future__ import annotations

import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from onrecord import Config, ConfiguredPath
from onrecord.config.loading import Configuration, configured, load, parsed
from onrecord.config.settings import ScheduleSettings, Settings
from onrecord.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "onrecord.toml"


def mistake(file: Path, text: str) -> str:
    """What is said of a configuration file with that text, less the file's name, which must be said first."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    return said.removeprefix(f"{file}: ")


class Feeds(Config):
    """Settings of a component that is called `feeds`."""

    class Feed(Config):
        url: str
        pause: float = 1.0

    paths: list[str] = Field(default=[])
    inbox: ConfiguredPath = Path("inbox")
    limit: int = 10
    first: Feed = Feed(url="https://example.org")
    by_name: dict[str, Feed] = Field(default={})
    others: list[Feed] = Field(default=[])
    last: Feed | None = None


def feeds(file: Path, text: str = "") -> Any:
    file.write_text(text)
    return configured(Feeds, "feeds", load(file))


def mistake_in_feeds(file: Path, text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        feeds(file, text)
    return str(caught.value).removeprefix(f"{file}: ")


# ── The file ─────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_text("")
    configuration = load(file)
    settings = configuration.settings
    assert configuration.file == file
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
        [language]
        default = "de"
        pipeline = "de_core_news_sm"
        [maintain]
        runs = "for ever"
        logs = 1
        versions = 1
        withdrawn = 1
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
    configuration = load(file)
    settings = configuration.settings.model_dump()
    # Whoever adds a setting must add it here: every value differs from its default.
    defaults = parsed({}, file).settings.model_dump()
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
    assert configuration.plugin_tables == {"files": {"paths": ["inbox"]}}


def test_a_missing_file_that_was_named_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path / 'none.toml'}: no such file"


def test_a_missing_file_that_was_not_named_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(None)
    assert str(caught.value) == (
        f"{tmp_path / 'onrecord.toml'}: no such file here; name one with -c FILE, or start one (see README)"
    )


def test_without_a_name_the_file_in_the_current_folder_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("strict = true")
    monkeypatch.chdir(file.parent)
    assert load(None).settings.strict


def test_broken_toml_says_where(file: Path) -> None:
    assert re.match(r"cannot be read: .*\(at line 2, column \d+\)", mistake(file, "strict = true\n[run\n"))


def test_a_file_that_is_not_utf_8_cannot_be_read(file: Path) -> None:
    file.write_bytes(b'warehouse = "caf\xe9"')
    with pytest.raises(ConfigError, match=r"cannot be read: .*utf-8"):
        load(file)


def test_a_folder_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: "):
        load(tmp_path)


# ── Mistakes ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "warehous = 'w'",
            "key `warehous`: is not a key of this table, which has: warehouse, plugins_dir, plugin_modules, disable, ",
        ),
        ("[run]\nbatchsize = 3", "table [run]: key `batchsize`: is not a key of this table, which has: batch_size, "),
        ("[language]\nname = 'x'", "table [language]: key `name`: is not a key of this table, which has: default, pi"),
        ("[rum]\nbatch_size = 3", "key `rum`: is not a key of this table, which has: warehouse, "),
    ],
)
def test_an_unknown_key_is_named_with_those_that_there_are(file: Path, text: str, said: str) -> None:
    assert mistake(file, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("warehouse = 3", "key `warehouse`: Input is not a valid path for <class 'pathlib.Path'> (it is 3)"),
        (
            "strict = 'often'",
            "key `strict`: Input should be a valid boolean, unable to interpret input (it is 'often')",
        ),
        ("disable = 'x'", "key `disable`: Input should be a valid list (it is 'x')"),
        ("disable = ['x', 1]", "key `disable`: Input should be a valid string (it is 1)"),
        ("run = 5", "key `run`: Input should be a valid dictionary or instance of RunSettings (it is 5)"),
        (
            "[run]\nbatch_size = 'big'",
            "table [run]: key `batch_size`: Input should be a valid integer, unable to parse string as an integer "
            "(it is 'big')",
        ),
        (
            "[run]\nbatch_size = 0",
            "table [run]: key `batch_size`: Input should be greater than or equal to 1 (it is 0)",
        ),
        (
            "[workers]\nprocesses = -1",
            "table [workers]: key `processes`: Input should be greater than or equal to 0 (it is -1)",
        ),
        (
            "[workers]\nrunner = 'dask'\nprocesses = 4\naddress = 'tcp://10.0.0.5:8786'",
            'table [workers]: key `processes`: is for runner = "processes": a cluster has as many workers as are '
            "started for it (it is 4)",
        ),
        (
            "[workers]\naddress = 'tcp://10.0.0.5:8786'",
            'table [workers]: key `address`: is for a cluster: name it with runner = "dask" or "ray", or leave the '
            "address out (it is 'tcp://10.0.0.5:8786')",
        ),
        (
            "[workers]\nrunner = 'dask'\naddress = '10.0.0.5'",
            'table [workers]: key `address`: must be that of a scheduler for runner = "dask", e.g. tcp://10.0.0.5:8786 '
            "(it is '10.0.0.5')",
        ),
        (
            "[workers]\nrunner = 'dask'",
            'table [workers]: key `address`: must be that of a scheduler for runner = "dask", e.g. tcp://10.0.0.5:8786',
        ),
        (
            "[workers]\nrunner = 'ray'",
            'table [workers]: key `address`: is needed for runner = "ray", e.g. ray://10.0.0.5:10001, or local',
        ),
        (
            "[run]\nmax_failed_share = 1.5",
            "table [run]: key `max_failed_share`: Input should be less than or equal to 1 (it is 1.5)",
        ),
        (
            "[language]\ndefault = 'English'",
            "table [language]: key `default`: String should match pattern '^[a-z]{2,3}$' (it is 'English')",
        ),
        ("plugins = 3", "table [plugins]: holds a table for each plugin, as in [plugins.files] (it is 3)"),
        (
            "plugins.files = 3",
            "table [plugins]: holds a table for each plugin, as in [plugins.files] (it is {'files': 3",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_shown(file: Path, text: str, said: str) -> None:
    assert mistake(file, text).startswith(said)


def test_the_error_has_its_parts_as_fields(file: Path) -> None:
    file.write_text("[run]\nbatch_size = 0")
    with pytest.raises(ConfigError) as caught:
        load(file)
    error = caught.value
    assert (error.file, error.table, error.key, error.value) == (file, "run", "batch_size", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[plugins.feeds]\npath = []",
            "table [plugins.feeds]: key `path`: is not a key of this table, which has: paths, inbox, limit, first, ",
        ),
        ("[plugins.feeds]\nlimit = 'x'", "table [plugins.feeds]: key `limit`: Input should be a valid integer"),
        ("[plugins.feeds]\npaths = ['a', 1]", "table [plugins.feeds]: key `paths`: Input should be a valid string"),
        (
            "[plugins.feeds.first]\nurl = 'x'\npuase = 2",
            "table [plugins.feeds.first]: key `puase`: is not a key of this table, which has: url, pause",
        ),
        ("[plugins.feeds.first]\npause = 2", "table [plugins.feeds.first]: key `url`: Field required"),
        (
            "[plugins.feeds.by_name.bbc]\nurl = 'x'\npuase = 2",
            "table [plugins.feeds.by_name.bbc]: key `puase`: is not a key of this table, which has: url, pause",
        ),
        (
            "[plugins.feeds.by_name.bbc]\nurl = 1",
            "table [plugins.feeds.by_name.bbc]: key `url`: Input should be a valid string (it is 1)",
        ),
        (
            "[[plugins.feeds.others]]\nurl = 'x'\n[[plugins.feeds.others]]\nurl = 1",
            "table [plugins.feeds.others.1]: key `url`: Input should be a valid string (it is 1)",
        ),
        (
            "[plugins.feeds.last]\nurl = 'x'\npuase = 2",
            "table [plugins.feeds.last]: key `puase`: is not a key of this table, which has: url, pause",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_plugins_table_is_named_at_every_depth(file: Path, text: str, said: str) -> None:
    assert mistake_in_feeds(file, text).startswith(said)


def test_a_missing_value_is_not_shown_as_the_table_that_it_is_missing_from(file: Path) -> None:
    assert mistake_in_feeds(file, "[plugins.feeds.first]\npause = 2").endswith("key `url`: Field required")


# ── The environment ──────────────────────────────────────────────────────────────────────────────


def test_the_environment_wins_over_the_file_and_leaves_its_neighbours(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("strict = false\ndisable = ['a']\n[run]\nbatch_size = 9\nretries = 2\n[language]\ndefault = 'de'")
    monkeypatch.setenv("ONRECORD_STRICT", "true")
    monkeypatch.setenv("ONRECORD_DISABLE", '["b", "c"]')
    monkeypatch.setenv("ONRECORD_RUN__BATCH_SIZE", "5")
    settings = load(file).settings
    assert (settings.strict, settings.disable) == (True, ["b", "c"])
    assert (settings.run.batch_size, settings.run.retries, settings.language.default) == (5, 2, "de")


def test_the_environment_may_give_a_whole_section(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[run]\nbatch_size = 9\nretries = 2")
    monkeypatch.setenv("ONRECORD_RUN", '{"batch_size": 7}')
    settings = load(file).settings
    assert (settings.run.batch_size, settings.run.retries) == (7, 2)


def test_the_environment_wins_over_a_plugins_table(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_PLUGINS__FEEDS__PATHS", '["b"]')
    monkeypatch.setenv("ONRECORD_PLUGINS__FEEDS__FIRST__PAUSE", "0.5")
    found = feeds(file, "[plugins.feeds]\npaths = ['a']\nlimit = 3\n[plugins.feeds.first]\nurl = 'x'")
    assert (found.paths, found.limit) == (["b"], 3)
    assert (found.first.url, found.first.pause) == ("x", 0.5)


def test_the_environment_is_enough_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_WORKERS__PROCESSES", "3")
    monkeypatch.setenv("ONRECORD_PLUGINS__FEEDS__LIMIT", "4")
    configuration = Configuration.empty()
    assert configuration.file is None
    assert configuration.settings.workers.processes == 3
    assert configured(Feeds, "feeds", configuration).limit == 4  # type: ignore[attr-defined]


def test_the_variables_of_one_plugin_are_not_anothers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_PLUGINS__OTHER__LIMIT", "4")
    monkeypatch.setenv("ONRECORD_LIMIT", "5")
    monkeypatch.setenv("LIMIT", "6")
    assert feeds(file).limit == 10


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "ONRECORD_STRICT",
            "often",
            "the environment: key `strict`: the environment variable ONRECORD_STRICT does not",
        ),
        ("ONRECORD_DISABLE", "a,b", 'ONRECORD_DISABLE must hold JSON, e.g. ["a", "b"] (it is \'a,b\')'),
        (
            "ONRECORD_DISABLE",
            "[1]",
            "the environment variable ONRECORD_DISABLE does not fit: Input should be a valid st",
        ),
        (
            "ONRECORD_RUN__BATCH_SIZE",
            "0",
            "table [run]: key `batch_size`: the environment variable ONRECORD_RUN__BATCH_S",
        ),
        (
            "ONRECORD_RUN__BATCHSIZE",
            "3",
            "ONRECORD_RUN__BATCHSIZE does not fit: is not a key of this table, which has: b",
        ),
        (
            "ONRECORD_RUN",
            '{"batch_size": "x"}',
            "table [run]: key `batch_size`: the environment variable ONRECORD_RUN d",
        ),
        ("ONRECORD_RUN", "x", "the environment variable ONRECORD_RUN must hold JSON"),
        (
            "ONRECORD_LANGUAGE__DEFAULT",
            "English",
            "variable ONRECORD_LANGUAGE__DEFAULT does not fit: String should match",
        ),
    ],
)
def test_a_variable_that_does_not_fit_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    file.write_text("strict = false\n[run]\nbatch_size = 9")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert said in str(caught.value)
    assert str(caught.value).startswith("the environment: ")
    assert str(caught.value).endswith(f"(it is {value!r})")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "ONRECORD_PLUGINS__FEEDS__LIMIT",
            "x",
            "table [plugins.feeds]: key `limit`: the environment variable ONRECORD_P",
        ),
        (
            "ONRECORD_PLUGINS__FEEDS__PATHS",
            "x",
            "table [plugins.feeds]: key `paths`: the environment variable ONRECORD_P",
        ),
        (
            "ONRECORD_PLUGINS__FEEDS__FIRST__PAUSE",
            "x",
            "table [plugins.feeds.first]: key `pause`: the environment variab",
        ),
        (
            "ONRECORD_PLUGINS__FEEDS__BY_NAME",
            '{"bbc": {}}',
            "table [plugins.feeds.by_name.bbc]: key `url`: the environme",
        ),
    ],
)
def test_a_variable_that_does_not_fit_a_plugin_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    message = mistake_in_feeds(file, "[plugins.feeds.first]\nurl = 'x'")
    assert message.startswith(f"the environment: {said}")
    assert variable in message


def test_a_mistake_in_the_file_is_not_blamed_on_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_RUN", '{"retries": 1}')
    assert mistake(file, "[run]\nbatch_size = 'x'").startswith("table [run]: key `batch_size`: Input should be")


def test_a_mistake_in_the_file_does_not_matter_where_the_environment_has_a_value(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[run]\nbatch_size = 'x'")
    monkeypatch.setenv("ONRECORD_RUN__BATCH_SIZE", "5")
    assert load(file).settings.run.batch_size == 5


# ── Paths ────────────────────────────────────────────────────────────────────────────────────────


def test_relative_paths_are_taken_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    file = tmp_path / "project" / "onrecord.toml"
    file.write_text("warehouse = '../w'\n[plugins.feeds]\ninbox = 'news'")
    monkeypatch.chdir(tmp_path)
    configuration = load(Path("project/onrecord.toml"))
    assert configuration.settings.warehouse == tmp_path / "w"
    assert configuration.settings.plugins_dir == tmp_path / "project" / "plugins"
    found = configured(Feeds, "feeds", configuration)
    assert found.inbox == tmp_path / "project" / "news"  # type: ignore[attr-defined]


def test_a_relative_path_that_is_a_default_is_taken_from_the_files_folder_too(file: Path) -> None:
    assert feeds(file).inbox == file.parent / "inbox"


def test_a_relative_path_in_a_variable_is_taken_from_the_files_folder_too(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("")
    monkeypatch.setenv("ONRECORD_WAREHOUSE", "elsewhere")
    assert load(file).settings.warehouse == file.parent / "elsewhere"


def test_without_a_file_relative_paths_are_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Configuration.empty().settings.warehouse == tmp_path / "warehouse"


def test_absolute_paths_and_the_home_folder_stay_what_they_are(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent / "home"))
    file.write_text(f"warehouse = '{file.parent / 'w'}'\nplugins_dir = '~/plugins'")
    settings = load(file).settings
    assert settings.warehouse == file.parent / "w"
    assert settings.plugins_dir == file.parent / "home" / "plugins"


def test_one_file_after_another_each_has_its_own_folder(tmp_path: Path) -> None:
    files = [tmp_path / name / "onrecord.toml" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_text("")
    first, second = map(load, files)
    assert first.settings.warehouse == tmp_path / "a" / "warehouse"
    assert second.settings.warehouse == tmp_path / "b" / "warehouse"
    # Paths of plugins are made when the plugin is configured, which may be after another file was read.
    assert configured(Feeds, "feeds", first).inbox == tmp_path / "a" / "inbox"  # type: ignore[attr-defined]


# ── Copies ───────────────────────────────────────────────────────────────────────────────────────


def test_with_settings_changes_what_is_given_and_nothing_else(file: Path) -> None:
    file.write_text("strict = true\n[workers]\nprocesses = 2\n[plugins.feeds]\nlimit = 3")
    before = load(file)
    after = before.with_settings(warehouse=Path("/w"), strict=None)
    assert after.settings.warehouse == Path("/w")
    assert (after.settings.strict, after.settings.workers.processes) == (True, 2)
    assert (after.file, after.plugin_tables) == (before.file, before.plugin_tables)
    assert before.settings.warehouse == file.parent / "warehouse"
    assert not before.with_settings(strict=False).settings.strict


def test_a_configuration_can_be_pickled_and_keeps_what_the_environment_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[workers]\nprocesses = 2\n[plugins.feeds]\nlimit = 3")
    monkeypatch.setenv("ONRECORD_WORKERS__PROCESSES", "5")
    configuration = load(file)
    pickled = pickle.dumps(configuration)
    monkeypatch.setenv("ONRECORD_WORKERS__PROCESSES", "6")
    copy = pickle.loads(pickled)
    assert copy == configuration
    assert copy.settings.workers.processes == 5
    assert copy.plugin_tables == {"feeds": {"limit": 3}}


def test_a_components_settings_are_of_its_own_class_can_be_pickled_and_are_frozen(file: Path) -> None:
    found = feeds(file, "[plugins.feeds]\nlimit = 3")
    assert type(found) is Feeds
    assert pickle.loads(pickle.dumps(found)) == found == Feeds(limit=3, inbox=file.parent / "inbox")
    with pytest.raises(ValueError, match="frozen"):
        found.limit = 4


def test_every_setting_is_described() -> None:
    for model in (Settings, *(Settings.model_fields[name].annotation for name in ("run", "language"))):
        assert [name for name, field in model.model_fields.items() if not field.description] == []  # type: ignore


# ── Schedules ────────────────────────────────────────────────────────────────────────────────────


def scheduled(table: Any) -> list[ScheduleSettings]:
    return parsed({"schedule": table}, Path("/srv/onrecord.toml")).settings.schedule


def test_a_single_table_is_a_schedule_too() -> None:
    assert scheduled({"cron": "*/10 * * * *"}) == scheduled([{"cron": "*/10 * * * *"}])
    assert [(s.name, s.timezone, s.sources) for s in scheduled({"interval": 5})] == [("default", "UTC", [])]
    assert parsed({}).settings.schedule == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(90, 90), (1.5, 1.5), ("90", 90), ("30s", 30), ("15m", 900), ("6 h", 21600), ("1d", 86400), ("PT15M", 900)],
)
def test_an_interval_is_seconds_or_a_number_with_its_unit(written: Any, seconds: float) -> None:
    assert scheduled({"interval": written})[0].interval == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "`default` needs exactly one of `cron`, `interval` and `rrule`, and has none of them"),
        ({"interval": 5, "flow": "maintain", "sources": ["files"]}, "`default` has `sources`, .*: take them out"),
        (
            {"name": "a", "cron": "* * * * *", "interval": 5},
            "`a` needs exactly one of .*, and has `cron` and `interval`",
        ),
        ({"interval": "soon"}, r"table \[schedule.0\]: key `interval`: .*duration"),
        ({"interval": 0}, r"key `interval`: must be a second or more \(it is 0\)"),
        ({"interval": 5, "timezone": "Mars/Olympus"}, r"key `timezone`: is no time zone .* \(it is 'Mars/Olympus'\)"),
        ({"interval": 5, "timezone": "Europe"}, "key `timezone`: is no time zone"),
        ({"interval": 5, "timezone": "../etc/localtime"}, "key `timezone`: is no time zone"),
        ({"interval": 5, "name": "a/b"}, "key `name`: String should match pattern"),
        ({"interval": 5, "when": "now"}, "key `when`: is not a key of this table, which has: name, cron, interval"),
        ([{"interval": 5}, {"interval": 6}], "two schedules are called `default`; give each a `name` of its own"),
    ],
)
def test_a_schedule_that_cannot_be_is_an_error_that_says_why(table: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"^/srv/onrecord.toml: .*{said}"):
        scheduled(table)


def test_a_schedule_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_SCHEDULE", '[{"interval": "2h"}]')
    assert parsed({}).settings.schedule[0].interval == timedelta(hours=2)
