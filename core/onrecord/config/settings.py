"""The settings of onrecord.toml, as typed classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ..logs import LogFormat
from .schedule import Schedule

DOCUMENT_BYTES = 20_000_000
"""The default limit for the bytes of a document; news pages are far smaller."""

ENVIRONMENT_PREFIX = "ONRECORD_"


base_folder: ContextVar[Path] = ContextVar("base", default=Path())


def _resolve_path(path: Path) -> Path:
    return (base_folder.get() / path.expanduser()).resolve()


ConfiguredPath = Annotated[Path, AfterValidator(_resolve_path)]
"""A path in the configuration; a relative one starts at the folder of the configuration file."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


class RunSettings(_Section):
    """`[run]`: the size of batches, time limits, and when a run counts as failed."""

    batch_size: int = Field(default=200, ge=1)
    """Most subjects in one batch."""
    batch_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    """Most bytes of content in one batch, unless a single subject has more."""
    document_bytes: int = Field(default=DOCUMENT_BYTES, ge=1)
    """Most bytes of one document, unpacked; one with more is quarantined and not stored."""
    batch_seconds: float = Field(default=1800, gt=0)
    """Most seconds for a batch in a worker process. A longer one is ended and run again in halves, with half the time,
    so that the subject that hangs is found and quarantined. A worker has as long to load the plugins, but at least 15
    seconds. Without worker processes there is no limit."""
    fetch_seconds: float = Field(default=60, gt=0)
    """Most seconds for fetching one document; the next run retries one that takes longer."""
    list_seconds: float = Field(default=1800, gt=0)
    """Most seconds for an ingestor to list its documents; a longer listing fails for this run."""
    aggregate_seconds: float = Field(default=3600, gt=0)
    """Most seconds for an aggregator; a longer one fails, and its tables stay unchanged."""
    max_failed_share: float = Field(default=0.2, ge=0, le=1)
    """Share of its subjects that a component may fail on; above it, the component is stopped and the run fails."""
    min_failed: int = Field(default=3, ge=1)
    """Fewer failures than this never stop a component."""
    retries: int = Field(default=3, ge=0)
    """Number of retries of an ingestor after a transient failure."""
    retry_seconds: float = Field(default=2, ge=0)
    """Seconds before the first retry; each further pause is twice as long."""
    stale: Literal["recompute", "leave"] = "recompute"
    """Whether a run recomputes rows that are stale only because a plugin, its settings or a pipeline changed, or leaves
    them to `onrecord backfill`. New and changed documents are processed either way."""


class WorkersSettings(_Section):
    """`[workers]`: where the stages clean and annotate run."""

    runner: Literal["processes", "dask", "ray"] = "processes"
    """Processes on this machine, or the workers of a Dask or Ray cluster."""
    processes: int | None = Field(default=None, ge=0)
    """Worker processes on this machine: by default one per processor, 0 for none."""
    memory: ByteSize | None = Field(default=None, ge=1)
    """Most memory of a worker process on this machine, e.g. "2 GB". A worker near it is renewed after its batch; one
    beyond it is ended, and its batch run again in halves, so that the subject that takes too much is found and
    quarantined. By default an equal share of three quarters of the machine's memory, and at least 1 GB."""
    address: str | None = None
    """Address of the cluster: `tcp://HOST:8786` of a Dask scheduler, or an address for `ray.init`."""

    @field_validator("processes")
    @classmethod
    def _check_processes(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("runner") in ("dask", "ray"):
            raise ValueError('is for runner = "processes": a cluster has as many workers as are started for it')
        return value

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        runner = info.data.get("runner")
        if runner == "processes" and value is not None:
            raise ValueError('is for a cluster: name it with runner = "dask" or "ray", or leave the address out')
        if runner == "ray" and not value:
            raise ValueError('is needed for runner = "ray", e.g. ray://10.0.0.5:10001, or local to start one here')
        if runner == "dask" and not re.fullmatch(r"[a-z]+://.+:\d+", value or ""):
            raise ValueError('must be that of a scheduler for runner = "dask", e.g. tcp://10.0.0.5:8786')
        return value


class LanguageSettings(_Section):
    """`[language]`: which spaCy pipeline reads which language."""

    default: str = Field(default="en", pattern="^[a-z]{2,3}$")
    """The language of articles that do not declare one."""
    pipeline: str | None = None
    """An installed spaCy pipeline, e.g. en_core_web_sm, that replaces a plugin's pipeline for its language."""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _parse_duration(value: Any) -> Any:
    """Parse "15m"; pydantic parses the other forms: seconds, "00:15:00", "PT15M"."""
    match = re.fullmatch(r"\s*(\d+)\s*([smhd]?)\s*", value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[match[2] or "s"]: int(match[1])}) if match else value


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]
"""A length of time: seconds, or a number with its unit, as in "30s", "15m", "6h" and "1d"."""


class ScheduleSettings(_Section):
    """`[[schedule]]`: what `onrecord up` runs, and when; there may be several."""

    name: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """A unique name."""
    cron: str | None = None
    """A cron expression: "*/10 * * * *" or "@daily". A schedule has exactly one of `cron`, `interval` and `rrule`."""
    interval: Duration | None = None
    """An interval: seconds, or a number with its unit, as in "30s", "15m", "6h" and "1d"."""
    rrule: str | None = None
    """A calendar rule (RFC 5545), e.g. "FREQ=DAILY;BYHOUR=6,18"."""
    timezone: str = "UTC"
    """The time zone of `cron` and `rrule`, e.g. "Europe/Berlin"."""
    flow: Literal["etl", "maintain"] = "etl"
    """The flow: that of `onrecord run`, or that of `onrecord maintain`."""
    sources: list[str] = []
    """The ingestors to ask for new documents; by default all."""

    @field_validator("cron", "interval", "rrule")
    @classmethod
    def _check_time(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.field_name is not None:
            Schedule(**{info.field_name: value})
        return value

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (OSError, ValueError, KeyError):
            raise ValueError('is no time zone that this machine knows; e.g. "Europe/Berlin" or "UTC" is one') from None
        return timezone

    @model_validator(mode="after")
    def _check_fields(self) -> ScheduleSettings:
        keys = [key for key in ("cron", "interval", "rrule") if getattr(self, key) is not None]
        if len(keys) != 1:
            has = " and ".join(f"`{key}`" for key in keys) or "none of them"
            raise ValueError(f"`{self.name}` needs exactly one of `cron`, `interval` and `rrule`, and has {has}")
        if self.flow == "maintain" and self.sources:
            raise ValueError(f"`{self.name}` has `sources`, which maintenance does not ask: take them out")
        return self

    @cached_property
    def when(self) -> Schedule:
        """The due times."""
        return Schedule(self.cron, self.interval, self.rrule, self.timezone)

    def describe(self) -> str:
        """Describe it, e.g. "every 0:15:00, all sources"."""
        what = "maintenance" if self.flow == "maintain" else ", ".join(self.sources) or "all sources"
        return f"{self.when}, {what}"


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _check_unique_names(schedules: list[ScheduleSettings]) -> list[ScheduleSettings]:
    names = [schedule.name for schedule in schedules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two schedules are called `{twice[0]}`; give each a `name` of its own")
    return schedules


class UpSettings(_Section):
    """`[up]`: the Prefect server and work pool of `onrecord up`."""

    port: int = Field(default=4200, ge=1, le=65535)
    """The port of the Prefect server that `onrecord up` starts."""
    pool: str = Field(default="onrecord", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """The Prefect work pool; warehouses that share a server need one each."""


FOREVER = "for ever"


Days = Annotated[int | None, Field(ge=0), BeforeValidator(lambda value: None if value == FOREVER else value)]
"""How many days to keep something; None, written "for ever" in a file, keeps it always."""


class MaintainSettings(_Section):
    """`[maintain]`: how many days `onrecord maintain` keeps data, or "for ever"."""

    runs: Days = 90
    """Days to keep runs and their steps. A run whose rows are still there stays longer, without its steps."""
    logs: Days = 30
    """Days to keep the log files of runs."""
    versions: Days = None
    """Days to keep a version of a document after a newer one has replaced it; by default for ever."""
    deleted: Days = None
    """Days to keep an article and its rows after it was deleted at its source; by default for ever."""
    quarantine: Days = 90
    """Days to keep quarantined documents that never became articles and are no longer listed."""
    backups: ConfiguredPath | None = None
    """A folder for a backup before anything is removed; by default no backup is made."""
    keep: int = Field(default=7, ge=1)
    """Number of backups of this warehouse to keep there."""
    compact: bool = True
    """Whether to rewrite the live database, which gives back the space of removed rows."""
    check: Days = 7
    """Days between checks of all published rows; a run checks what it publishes."""


class StatusSettings(_Section):
    """`[status]`: the limits above which `onrecord status` calls for attention."""

    max_age: Duration | None = None
    """Longest time since the end of the last run, as in "6h" or "1d"; by default unlimited."""
    max_run: Duration = timedelta(days=1)
    """Longest duration of a run."""
    max_quarantined: int = Field(default=20, ge=0)
    """Most subjects that may enter quarantine within a day."""


class LogSettings(_Section):
    """`[log]`: the log file of a run."""

    format: LogFormat = "text"
    """Plain lines, or a JSON object per line with the fields run, stage, component and batch."""


class EnvironmentOverFile(BaseSettings):
    """Settings from the content of a file, which environment variables override."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give environment variables precedence over the file."""
        return env_settings, init_settings


class Settings(EnvironmentOverFile):
    """The settings of an onrecord.toml, overridden by the environment.

    They are immutable and can be pickled: worker processes get a copy.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    warehouse: ConfiguredPath = Path("warehouse")
    """The folder of the warehouse."""
    plugins_dir: ConfiguredPath = Path("plugins")
    """A folder of single-file plugins; it may be missing."""
    plugin_modules: list[str] = []
    """Importable modules that are plugins, in addition to those of installed distributions."""
    disable: list[str] = []
    """Plugins and single components to disable."""
    strict: bool = False
    """Whether a plugin that cannot be loaded is an error; by default it is skipped."""
    run: RunSettings = RunSettings()
    """The size of batches, time limits, and when a run counts as failed."""
    workers: WorkersSettings = WorkersSettings()
    """Where the stages clean and annotate run."""
    language: LanguageSettings = LanguageSettings()
    """Which spaCy pipeline reads which language."""
    schedule: Annotated[list[ScheduleSettings], BeforeValidator(_as_list), AfterValidator(_check_unique_names)] = []
    """What `onrecord up` runs, and when."""
    up: UpSettings = UpSettings()
    """The Prefect server and work pool of `onrecord up`."""
    maintain: MaintainSettings = MaintainSettings()
    """How long data is kept."""
    status: StatusSettings = StatusSettings()
    """The limits above which `onrecord status` calls for attention."""
    log: LogSettings = LogSettings()
    """The log file of a run."""

    _file: Path | None = PrivateAttr(default=None)
    _plugin_tables: Mapping[str, Mapping[str, Any]] = PrivateAttr(default_factory=dict)

    @property
    def file(self) -> Path | None:
        """The configuration file; None if there is none."""
        return self._file

    @property
    def plugin_tables(self) -> Mapping[str, Mapping[str, Any]]:
        """The unvalidated tables `[plugins.NAME]` of the file; components validate them."""
        return self._plugin_tables

    def with_origin(self, file: Path | None, plugin_tables: Mapping[str, Mapping[str, Any]]) -> Settings:
        """Return a copy that names the file and the plugin tables it comes from."""
        copy = self.model_copy()
        copy._file, copy._plugin_tables = file, plugin_tables
        return copy

    def override(self, **changes: Any) -> Settings:
        """Return a copy with other top-level settings; None leaves a setting unchanged."""
        return self.model_copy(update={key: value for key, value in changes.items() if value is not None})
