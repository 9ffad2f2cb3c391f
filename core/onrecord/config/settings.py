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
"""Most bytes of a document, where the configuration says nothing else: no news page has so many."""


ENVIRONMENT_PREFIX = "ONRECORD_"


base_folder: ContextVar[Path] = ContextVar("base", default=Path())


def _beside_the_file(path: Path) -> Path:
    return (base_folder.get() / path.expanduser()).resolve()


ConfiguredPath = Annotated[Path, AfterValidator(_beside_the_file)]
"""The type of a path in a configuration: a relative one is taken from the folder of the configuration file."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


class RunSettings(_Section):
    """`[run]`: how work is cut up and when a run counts as failed."""

    batch_size: int = Field(default=200, ge=1)
    """Most subjects in one batch."""
    batch_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    """Most bytes of content in one batch, unless a single subject has more."""
    document_bytes: int = Field(default=DOCUMENT_BYTES, ge=1)
    """Most bytes of one document, unpacked; one with more is quarantined and not stored."""
    batch_seconds: float = Field(default=1800, gt=0)
    """Most seconds for a batch in a worker process. One that takes longer is ended and done again in halves, with half
    the time, so that what hangs is found and quarantined. Without worker processes nothing can be ended, and there
    is no limit."""
    fetch_seconds: float = Field(default=60, gt=0)
    """Most seconds for fetching one document; one that takes longer is left to the next run."""
    list_seconds: float = Field(default=1800, gt=0)
    """Most seconds for an ingestor to list its documents; after that it counts as failed for this run."""
    aggregate_seconds: float = Field(default=3600, gt=0)
    """Most seconds for an aggregator; one that takes longer has failed, and its tables stay as they were."""
    max_failed_share: float = Field(default=0.2, ge=0, le=1)
    """Share of its subjects that a plugin may fail on; above it, it is stopped and the run fails."""
    min_failed: int = Field(default=3, ge=1)
    """Fewer failures than this never stop a plugin: one bad article among three is no broken plugin."""
    retries: int = Field(default=3, ge=0)
    """How often an ingestor is tried again after a failure that may pass."""
    retry_seconds: float = Field(default=2, ge=0)
    """The pause before the first retry; each further one is twice as long."""
    stale: Literal["recompute", "leave"] = "recompute"
    """What to do with rows that are stale only because a plugin, its settings or a pipeline changed: recompute them, or
    leave them to `onrecord backfill`. What is new or changed is done either way."""


class WorkersSettings(_Section):
    """`[workers]`: where clean and annotate are worked on."""

    runner: Literal["processes", "dask", "ray"] = "processes"
    """Processes of this machine, or the workers of a Dask or Ray cluster."""
    processes: int | None = Field(default=None, ge=0)
    """Worker processes of this machine; without a value one per processor, 0 for none."""
    address: str | None = None
    """Where the cluster is: `tcp://HOST:8786` of a Dask scheduler; what `ray.init` takes as an address."""

    @field_validator("processes")
    @classmethod
    def _of_this_machine(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("runner") in ("dask", "ray"):
            raise ValueError('is for runner = "processes": a cluster has as many workers as are started for it')
        return value

    @field_validator("address")
    @classmethod
    def _of_a_cluster(cls, value: str | None, info: ValidationInfo) -> str | None:
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
    """The language of articles that do not say theirs."""
    pipeline: str | None = None
    """An installed spaCy pipeline, e.g. en_core_web_sm, in place of the one that a plugin has for its language."""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _length_of_time(value: Any) -> Any:
    """What "15m" says, as a length of time; pydantic reads the rest: seconds, "00:15:00", "PT15M"."""
    found = re.fullmatch(r"\s*(\d+)\s*([smhd]?)\s*", value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[found[2] or "s"]: int(found[1])}) if found else value


class ScheduleSettings(_Section):
    """`[[schedule]]`: when `onrecord up` runs what; there may be several."""

    name: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """What the schedule is called; each has a name of its own."""
    cron: str | None = None
    """When to run, as cron has it: "*/10 * * * *" or "@daily". A schedule has exactly one of `cron`, `interval` and
    `rrule`."""
    interval: Annotated[timedelta, BeforeValidator(_length_of_time)] | None = None
    """Or how often: seconds, or a number with its unit, as in "30s", "15m", "6h" and "1d"."""
    rrule: str | None = None
    """Or by the rule of a calendar (RFC 5545), e.g. "FREQ=DAILY;BYHOUR=6,18"."""
    timezone: str = "UTC"
    """The time zone of `cron` and `rrule`, e.g. "Europe/Berlin"."""
    flow: Literal["etl", "maintain"] = "etl"
    """What to run: what `onrecord run` does, or what `onrecord maintain` does."""
    sources: list[str] = []
    """The ingestors that are asked for new documents; without a value all are."""

    @field_validator("cron", "interval", "rrule")
    @classmethod
    def _is_due(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.field_name is not None:
            Schedule(**{info.field_name: value})
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (OSError, ValueError, KeyError):
            # Which of them it is depends on whether it looks like a path, is a folder, or is not there.
            raise ValueError('is no time zone that this machine knows; e.g. "Europe/Berlin" or "UTC" is one') from None
        return timezone

    @model_validator(mode="after")
    def _one_of_three(self) -> ScheduleSettings:
        given = [key for key in ("cron", "interval", "rrule") if getattr(self, key) is not None]
        if len(given) != 1:
            has = " and ".join(f"`{key}`" for key in given) or "none of them"
            raise ValueError(f"`{self.name}` needs exactly one of `cron`, `interval` and `rrule`, and has {has}")
        if self.flow == "maintain" and self.sources:
            raise ValueError(f"`{self.name}` has `sources`, which maintenance does not ask: take them out")
        return self

    @cached_property
    def when(self) -> Schedule:
        """When it is due."""
        return Schedule(self.cron, self.interval, self.rrule, self.timezone)

    def describe(self) -> str:
        """Say when it runs what, e.g. "every 0:15:00, all sources"."""
        what = "maintenance" if self.flow == "maintain" else ", ".join(self.sources) or "all sources"
        return f"{self.when}, {what}"


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _differently_named(schedules: list[ScheduleSettings]) -> list[ScheduleSettings]:
    names = [schedule.name for schedule in schedules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two schedules are called `{twice[0]}`; give each a `name` of its own")
    return schedules


class UpSettings(_Section):
    """`[up]`: what `onrecord up` starts."""

    port: int = Field(default=4200, ge=1, le=65535)
    """The port of this machine on which the Prefect server answers, if `onrecord up` starts one."""
    pool: str = Field(default="onrecord", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """The Prefect work pool; give each warehouse its own where several use the same server."""


FOREVER = "for ever"


def _number_of_days(value: Any) -> Any:
    return None if value == FOREVER else value


Days = Annotated[int | None, Field(ge=0), BeforeValidator(_number_of_days)]
"""How many days to keep something; None, which a file writes as "for ever", means never to remove it."""


class MaintainSettings(_Section):
    """`[maintain]`: how many days `onrecord maintain` keeps what; "for ever" keeps all of it."""

    runs: Days = 90
    """Days to keep what is known of runs. A run stays as long as a row that it wrote, but without its steps."""
    logs: Days = 30
    """Days to keep the log files of runs."""
    versions: Days = None
    """Days to keep a version of a document after another one has come in its place; for ever without a value."""
    deleted: Days = None
    """Days to keep an article and its rows after it was deleted at its source; for ever without a value."""
    quarantine: Days = 90
    """Days to keep in quarantine what never became an article and is no longer listed."""
    backups: ConfiguredPath | None = None
    """A folder that gets a backup before anything is removed; without a value none is made."""
    keep: int = Field(default=7, ge=1)
    """Backups of this warehouse to keep there."""
    compact: bool = True
    """Whether to write the live database anew, so that the space of what was replaced or removed is given back."""


class StatusSettings(_Section):
    """`[status]`: from when on `onrecord status` calls for attention."""

    max_age: Annotated[timedelta, BeforeValidator(_length_of_time)] | None = None
    """Longest time since the last run ended, as in "6h" or "1d"; without a value any will do."""
    max_run: Annotated[timedelta, BeforeValidator(_length_of_time)] = timedelta(days=1)
    """Longest time that a run may take."""
    max_quarantined: int = Field(default=20, ge=0)
    """Most subjects that may have come into quarantine within a day."""


class LogSettings(_Section):
    """`[log]`: the log file of a run."""

    format: LogFormat = "text"
    """Lines for people, or a JSON object a line, with run, stage, plugin and batch as fields."""


class EnvironmentOverFile(BaseSettings):
    """Settings that are given the content of a file, over which the environment wins."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put environment variables before what the file says."""
        return env_settings, init_settings


class Settings(EnvironmentOverFile):
    """The settings of an onrecord.toml, with the environment over it.

    They cannot be changed and can be pickled: worker processes get a copy.
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
    """A folder of single-file plugins; it need not exist."""
    plugin_modules: list[str] = []
    """Importable modules that are plugins, beside those that installed distributions announce."""
    disable: list[str] = []
    """Plugins, or single components of them, to leave out."""
    strict: bool = False
    """Whether a plugin that cannot be loaded is an error rather than skipped."""
    run: RunSettings = RunSettings()
    """How work is cut up and when a run counts as failed."""
    workers: WorkersSettings = WorkersSettings()
    """Where clean and annotate are worked on."""
    language: LanguageSettings = LanguageSettings()
    """Which spaCy pipeline reads which language."""
    schedule: Annotated[list[ScheduleSettings], BeforeValidator(_as_list), AfterValidator(_differently_named)] = []
    """When `onrecord up` runs what."""
    up: UpSettings = UpSettings()
    """What `onrecord up` starts."""
    maintain: MaintainSettings = MaintainSettings()
    """How long what is kept."""
    status: StatusSettings = StatusSettings()
    """From when on the warehouse needs attention."""
    log: LogSettings = LogSettings()
    """The log file of a run."""

    _file: Path | None = PrivateAttr(default=None)
    _plugin_tables: Mapping[str, Mapping[str, Any]] = PrivateAttr(default_factory=dict)

    @property
    def file(self) -> Path | None:
        """The configuration file; None for settings that come from no file."""
        return self._file

    @property
    def plugin_tables(self) -> Mapping[str, Mapping[str, Any]]:
        """The tables `[plugins.NAME]` as they stand in the file; the components check them."""
        return self._plugin_tables

    def with_origin(self, file: Path | None, plugin_tables: Mapping[str, Mapping[str, Any]]) -> Settings:
        """Return the same settings, as those of a file."""
        made = self.model_copy()
        made._file, made._plugin_tables = file, plugin_tables
        return made

    def override(self, **changes: Any) -> Settings:
        """Return a copy with other top-level settings, e.g. from the command line; None leaves one as it is."""
        given = {key: value for key, value in changes.items() if value is not None}
        return self.model_copy(update=given)
