"""Checks of a plugin and its components before they are used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from types import ModuleType

import pluggy
from pydantic import BaseModel

from ..errors import OnrecordError, PluginError
from ..model.bookkeeping import CLEAN
from ..model.row import Row
from ..model.table import Table, derive_table
from ..model.tables import (
    AGGREGATE_TABLES,
    ANNOTATION_TABLES,
    BOOKKEEPING_TABLES,
    CLEAN_TABLES,
    INGEST_TABLES,
    MIGRATION_TABLE,
    STANDARD_TABLES,
    TOUCHED_TABLE,
)
from ..model.views import VIEW_NAMES
from . import hookspecs
from .components import Aggregator, Annotator, Cleaner, Component, Ingestor
from .info import PluginInfo

_RESERVED = {CLEAN, "ingest", "annotate", "aggregate", "check", "publish", "onrecord"}
_NOT_FOR_PLUGINS = {table.name for table in INGEST_TABLES + CLEAN_TABLES + BOOKKEEPING_TABLES}


def check_api(info: PluginInfo) -> None:
    """Raise PluginError for a plugin written for another version of the API."""
    version = getattr(info.module, "ONRECORD_API", hookspecs.API_VERSION)
    if version != hookspecs.API_VERSION:
        reason = f"was written for version {version!r} of the plugin API; this onrecord has {hookspecs.API_VERSION}"
        raise PluginError(info.name, reason)
    info.version = info.version or str(getattr(info.module, "__version__", ""))


def wants_config(module: ModuleType | None) -> bool:
    """Return whether a plugin's `run_finished` takes settings."""
    function = getattr(module, "run_finished", None)
    return function is not None and "config" in inspect.signature(function).parameters


def check_config(info: PluginInfo) -> None:
    """Raise PluginError if `run_finished` takes settings but `Config` is missing."""
    own = getattr(info.module, "Config", None)
    if wants_config(info.module) and not (isinstance(own, type) and issubclass(own, BaseModel)):
        reason = "run_finished takes `config`, and the module has no class `Config`, a subclass of onrecord.Config"
        raise PluginError(info.name, reason)


def check_component(component: Component, plugin: str) -> None:
    """Raise PluginError for a component with an invalid declaration."""
    kind = type(component).__name__
    name = getattr(component, "name", None)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in _RESERVED:
        raise PluginError(plugin, f"{kind}.name must be made of a-z, 0-9 and _ and not be a stage's; it is {name!r}")
    version = getattr(component, "version", None)
    if not isinstance(version, str) or not version:
        raise PluginError(plugin, f'{kind}.version must be a text such as "1"; it is {version!r}')
    if isinstance(component.requires, str) or isinstance(component.writes, type):
        raise PluginError(plugin, f"{kind}.requires and {kind}.writes are lists, also where there is one entry")
    if not (isinstance(component.Config, type) and issubclass(component.Config, BaseModel)):
        raise PluginError(plugin, f"{kind}.Config must be a subclass of onrecord.Config")
    if isinstance(component, Ingestor | Cleaner):
        if component.writes or component.requires:
            raise PluginError(plugin, f"{kind} is an ingestor or a cleaner: its stage writes the tables")
        return
    if not component.writes:
        raise PluginError(plugin, f"{kind}.writes names no row class: what would it fill?")
    for row in component.writes:
        if not (isinstance(row, type) and issubclass(row, Row)):
            raise PluginError(plugin, f"{kind}.writes holds {row!r}, which is no subclass of onrecord.Row")
        if row.__append_only__:
            raise PluginError(plugin, f"{row.__name__} is append-only, which only the engine's own tables can be")
        table_for(row, component)
    if isinstance(component, Aggregator) and isinstance(component.groups, str):
        raise PluginError(plugin, f"{kind}.groups is a list of queries, also where there is one")
    if isinstance(component, Aggregator) and component.queries and set(component.queries) != set(component.writes):
        raise PluginError(plugin, f"{kind}.queries must have a query for each row class in {kind}.writes, and no other")


def table_for(row: type[Row], component: Component) -> Table:
    """Derive the table of a row class that a component writes.

    Raises PluginError for a table of the engine, a view, or a standard table with another class.
    """
    standard = STANDARD_TABLES.get(row.__table__)
    per_article = isinstance(component, Annotator)
    if row.__table__ in {*VIEW_NAMES, MIGRATION_TABLE, TOUCHED_TABLE}:
        reason = f"may not write `{row.__table__}`: the name is taken. Choose another: "
        raise PluginError(component.name, f'{reason}class {row.__name__}(Row, table="…")')
    if standard is None:
        return derive_table(row, per_article=per_article)
    allowed = ANNOTATION_TABLES if per_article else AGGREGATE_TABLES
    if row is not standard.row or standard not in allowed:
        owner = "the engine" if standard.name in _NOT_FOR_PLUGINS else "onrecord's standard tables"
        reason = f"may not write `{standard.name}`, which belongs to {owner}: give it another name"
        raise PluginError(component.name, reason)
    return standard


def find_clash(one: Component, other: Component) -> str | None:
    """Return the name or table that two components share, or None."""
    if one.name == other.name:
        return f"the name `{one.name}`"
    shared = {row.__table__ for row in one.writes} & {row.__table__ for row in other.writes}
    return f"the table `{min(shared)}`" if shared else None


def find_unmet_requirement(component: Component, components: Mapping[str, Component]) -> str | None:
    """Describe the first requirement of a component that is not met, or return None."""
    for required in component.requires:
        other = components.get(required)
        if other is None:
            return f"`{component.name}` requires `{required}`, which no loaded plugin registers"
        if isinstance(component, Annotator) and not isinstance(other, Annotator):
            return f"`{component.name}` requires `{required}`, but an annotator can only require annotators"
        if isinstance(component, Aggregator) and not isinstance(other, Annotator | Aggregator):
            return f"`{component.name}` requires `{required}`, but an aggregator requires annotators or aggregators"
    try:
        TopologicalSorter({name: list(c.requires) for name, c in components.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]
        if component.name in circle:
            return f"`{component.name}` requires itself: {' ← '.join(circle)}"
    return None


def reason_for_skipping(error: BaseException) -> str:
    """Return the reason to show for a plugin that is skipped because of an error."""
    if isinstance(error, PluginError):
        return error.reason
    if isinstance(error, pluggy.PluginValidationError | OnrecordError):
        return " ".join(str(error).split())
    return f"{type(error).__name__}: {error}"
