"""Settings of components."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from onrecord import (
    Article,
    Config,
    ConfiguredPath,
)
from onrecord.config.loading import parse_settings
from onrecord.errors import ConfigError
from onrecord.plugins.registry import Plugins
from onrecord.testing import annotate_text
from tests.unit.plugins.loading import CountWords, Folder, Length, annotating, given, states, things


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

    assert annotate_text(Cut(), "Four words are there.") == [Length(words=3)]


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
    settings = parse_settings({"language": {"pipeline": "en_no_such_model"}}, Path("/project/onrecord.toml"))
    with pytest.raises(ConfigError) as caught:
        Plugins(settings, installed=False)
    assert str(caught.value) == (
        "/project/onrecord.toml: table [language]: key `pipeline`: no such spaCy pipeline is installed; "
        "pip install it, or leave the key out (it is 'en_no_such_model')"
    )
