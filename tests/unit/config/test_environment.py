"""Settings from environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.config.loading import component_settings, load_settings, parse_settings
from onrecord.errors import ConfigError
from tests.unit.config.feeds import Feeds, feeds, mistake, mistake_in_feeds


def test_the_environment_wins_over_the_file_and_leaves_its_neighbours(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("strict = false\ndisable = ['a']\n[run]\nbatch_size = 9\nretries = 2\n[language]\ndefault = 'de'")
    monkeypatch.setenv("ONRECORD_STRICT", "true")
    monkeypatch.setenv("ONRECORD_DISABLE", '["b", "c"]')
    monkeypatch.setenv("ONRECORD_RUN__BATCH_SIZE", "5")
    settings = load_settings(file)
    assert (settings.strict, settings.disable) == (True, ["b", "c"])
    assert (settings.run.batch_size, settings.run.retries, settings.language.default) == (5, 2, "de")


def test_the_environment_may_give_a_whole_section(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[run]\nbatch_size = 9\nretries = 2")
    monkeypatch.setenv("ONRECORD_RUN", '{"batch_size": 7}')
    settings = load_settings(file)
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
    settings = parse_settings({})
    assert settings.file is None
    assert settings.workers.processes == 3
    assert component_settings(Feeds, "feeds", settings).limit == 4  # type: ignore[attr-defined]


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
        load_settings(file)
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
    assert load_settings(file).run.batch_size == 5
