"""Loading of settings from onrecord.toml and the environment.

An environment variable overrides the file: `ONRECORD_RUN__BATCH_SIZE=50` sets
`batch_size` in `[run]`, `ONRECORD_PLUGINS__FILES__PATHS='["inbox"]'` sets `paths` in `[plugins.files]`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from ..errors import ConfigError
from .settings import ENVIRONMENT_PREFIX, EnvironmentOverFile, Settings, base_folder

DEFAULT_FILE = Path("onrecord.toml")
AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def load_settings(file: Path | None) -> Settings:
    """Read a file, by default onrecord.toml here. Raises ConfigError."""
    path = (file or DEFAULT_FILE).resolve()
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        hint = "no such file" if file else "no such file here; name one with -c FILE, or start one (see README)"
        raise ConfigError(path, "", "", hint) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(path, "", "", f"cannot be read: {error}") from error
    return parse_settings(data, path)


def parse_settings(data: Mapping[str, Any], file: Path | None = None) -> Settings:
    """Validate a file's content; {} gives the defaults. Raises ConfigError."""
    data = dict(data)
    tables = data.pop("plugins", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(file, "plugins", "", "holds a table for each plugin, as in [plugins.files]", tables)
    return validate(Settings, data, file, "").with_origin(file, tables)


def component_settings(config: type[BaseModel], name: str, settings: Settings) -> BaseModel:
    """Return a component's settings, from `[plugins.NAME]`. Raises ConfigError."""

    class FromEnvironment(config, EnvironmentOverFile):  # type: ignore[misc,valid-type]
        model_config = SettingsConfigDict(
            env_prefix=f"{ENVIRONMENT_PREFIX}PLUGINS__{name.upper()}__",
            env_nested_delimiter="__",
            validate_default=True,
            # The class that it derives from has them; looking for them costs most of the time.
            use_attribute_docstrings=False,
        )

    table = settings.plugin_tables.get(name, {})
    validated = validate(FromEnvironment, table, settings.file, f"plugins.{name}")
    return config.model_construct(**{key: getattr(validated, key) for key in config.model_fields})


def validate(settings: type[AnySettings], data: Mapping[str, Any], file: Path | None, table: str) -> AnySettings:
    """Make settings from a table and the environment. Raises ConfigError."""
    token = base_folder.set(file.parent if file else Path())
    try:
        return settings(**data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = list(first["loc"]) or [""]
        # A list index is not a key: `disable = ["a", 1]` is a mistake in `disable`.
        while isinstance(path[-1], int):
            path.pop()
        *within, key = map(str, path)
        place = ".".join(part for part in (table, *within) if part)
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = f"is not a key of this table, which has: {', '.join(_keys_at(settings, within)) or 'none'}"
        variable = _find_variable(settings, [*within, key])
        if variable and not _has_value(data, first["loc"], first["input"]):
            reason = f"the environment variable {variable} does not fit: {reason}"
            raise ConfigError(None, place, key, reason, os.environ[variable]) from None
        shown = None if first["type"] in ("extra_forbidden", "missing") else first["input"]
        raise ConfigError(file, place, key, reason, shown) from None
    except SettingsError as error:
        key = str(error).partition('"')[2].partition('"')[0]
        variable = _find_variable(settings, [key]) or ""
        reason = f'the environment variable {variable} must hold JSON, e.g. ["a", "b"]'
        raise ConfigError(None, table, key, reason, os.environ.get(variable)) from error
    finally:
        base_folder.reset(token)


def _find_variable(settings: type[BaseSettings], path: list[str]) -> str | None:
    prefix = settings.model_config.get("env_prefix", "")
    names = ("__".join([prefix + path[0], *path[1:length]]).upper() for length in range(len(path), 0, -1))
    return next((name for name in names if name in os.environ), None)


def _has_value(data: Any, path: Sequence[str | int], value: Any) -> bool:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return bool(data == value)


def _keys_at(model: type[BaseModel], within: list[str]) -> list[str]:
    for part in within:
        # A part that is no field is a key of a dict of tables or an index in a list of them.
        if part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
