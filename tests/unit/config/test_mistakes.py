"""Mistakes in the configuration file: each is named, with its place and its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.config.loading import load_settings
from onrecord.errors import ConfigError
from tests.unit.config.feeds import mistake, mistake_in_feeds


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


@pytest.mark.parametrize("key", ["file", "plugin_tables"])
def test_where_settings_come_from_is_no_setting(key: str, file: Path) -> None:
    assert "is not a key of this table" in mistake(file, f'{key} = "x"')


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
        (
            "[workers]\nmemory = '2 gigs'",
            "table [workers]: key `memory`: could not interpret byte unit: gigs (it is '2 gigs')",
        ),
        (
            "[workers]\nmemory = 0",
            "table [workers]: key `memory`: Input should be greater than or equal to 1 (it is 0)",
        ),
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
        load_settings(file)
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
