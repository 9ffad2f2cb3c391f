"""Finding plugins, checking them, and knowing what they registered.

A plugin that cannot be imported or is not valid is skipped with its reason, and so are those that
require it; under `strict` it is an error.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar

import pluggy
from pydantic import BaseModel

from . import hookspecs
from .components import Aggregator, Annotator, Cleaner, Component, Ingestor
from .config import Configuration, configured
from .errors import PLUGIN_FAILURES, ConfigError, OnrecordError, PluginError
from .language import Pipeline, installed_pipeline
from .records import (
    AGGREGATE_TABLES,
    ANNOTATION_TABLES,
    BOOKKEEPING_TABLES,
    CLEAN_TABLES,
    INGEST_TABLES,
    STANDARD_TABLES,
)
from .report import RunReport
from .rows import Row, Table, table_of
from .stages.batch import CLEAN

log = logging.getLogger("onrecord")

GROUP = "onrecord"
"""The entry point group in which distributions announce their plugins."""

_KINDS: Mapping[str, type] = {
    "register_ingestors": Ingestor,
    "register_cleaners": Cleaner,
    "register_annotators": Annotator,
    "register_aggregators": Aggregator,
    "register_pipelines": Pipeline,
}

_OTHER_HOOKS = ("register_commands", "run_finished")

_RESERVED = {CLEAN, "ingest", "annotate", "aggregate", "check", "publish", "onrecord"}
_NOT_FOR_PLUGINS = {table.name for table in INGEST_TABLES + CLEAN_TABLES + BOOKKEEPING_TABLES}
_TAKEN = {
    "migration", "statement",
    # What the engine calls temporary tables: one of these names in a query would not mean the plugin's table.
    "candidate_attempted", "candidate_done", "candidate_failed", "changed", "chosen", "differing", "earlier",
    "failed_before", "incoming", "item", "known", "old_article", "old_document", "old_failure", "old_run", "portion",
    "published_run", "replaced", "states", "subject", "target", "tried", "unpublished", "wanted_now",
}  # fmt: skip

AnyComponent = TypeVar("AnyComponent", bound=Component)


@dataclass(slots=True)
class PluginInfo:
    """A plugin as it was found, and what became of it."""

    name: str
    found: Literal["installed", "directory", "configuration", "given"]
    distribution: str
    """The distribution with its version, or the file, that it comes from."""
    version: str
    module: ModuleType | None = None
    state: Literal["loaded", "skipped", "disabled"] = "loaded"
    reason: str = ""
    registered: list[Component | Pipeline] = field(default_factory=list)
    config: BaseModel | None = None
    """What its `run_finished` gets as `config`: the module's `Config`, filled from the table of the plugin's name."""

    @property
    def registers(self) -> list[str]:
        """What it registers, e.g. "annotator entities 1"."""
        names = []
        for thing in self.registered:
            kind = next(k for k in _KINDS.values() if isinstance(thing, k)).__name__.lower()
            names.append(f"{kind} {thing.name} {thing.version}")
        if self.module is not None:
            names += [hook.replace("register_", "") for hook in _OTHER_HOOKS if hasattr(self.module, hook)]
        return names


class Plugins:
    """All plugins of a configuration, and their components by kind, in the order in which they run."""

    def __init__(
        self, configuration: Configuration, modules: Iterable[ModuleType] = (), *, installed: bool = True
    ) -> None:
        """Find, import and check; `modules` are further plugins, and `installed=False` leaves out entry points.

        Raises ConfigError for a table of a plugin that does not fit, and PluginError under `strict`.
        """
        self.configuration = configuration
        self.manager = pluggy.PluginManager("onrecord")
        self.manager.add_hookspecs(hookspecs)
        self.infos: list[PluginInfo] = []
        for candidate, load in _found(configuration, installed):
            self._add(candidate, load)
        for module in modules:
            self._add(_given(module), partial(_itself, module))
        self._skip_those_without_what_they_require()
        if configuration.settings.strict and (skipped := [i for i in self.infos if i.state == "skipped"]):
            raise PluginError(skipped[0].name, f"{skipped[0].reason} (an error because of --strict)")
        self._configure()

        self.ingestors = self._of_kind(Ingestor)
        cleaners = self._of_kind(Cleaner).values()
        self.cleaners = tuple(sorted(cleaners, key=lambda cleaner: (cleaner.order, cleaner.name)))
        self.annotators = self._of_kind(Annotator)
        self.aggregators = self._of_kind(Aggregator)
        self.pipelines = {
            thing.language: thing for i in self._loaded() for thing in i.registered if isinstance(thing, Pipeline)
        }
        if configuration.settings.language.pipeline:
            replacement = installed_pipeline(configuration.settings.language.pipeline, configuration.file)
            self.pipelines[replacement.language] = replacement
        pipes = [factory for annotator in self.annotators.values() for factory in annotator.pipes]
        self.pipelines = {language: each.with_pipes(pipes) for language, each in self.pipelines.items()}
        self.tables = dict(STANDARD_TABLES)
        for component in [*self.annotators.values(), *self.aggregators.values()]:
            for row in component.writes:
                self.tables[row.__table__] = _table(row, component)

    def distribution_of(self, component: Component) -> str:
        """Where a component comes from."""
        return next(i.distribution for i in self.infos if component in i.registered)

    def tables_of(self, component: Component) -> list[Table]:
        """The tables that a component writes."""
        return [self.tables[row.__table__] for row in component.writes]

    def run_finished(self, report: RunReport) -> None:
        """Tell the plugins that want to know how a run went; one that raises does not keep it from the others."""
        configs = {info.name: info.config for info in self._loaded()}
        for implementation in self.manager.hook.run_finished.get_hookimpls():
            given = {"run": report, "config": configs.get(implementation.plugin_name)}
            try:
                implementation.function(**{name: given[name] for name in implementation.argnames})
            except PLUGIN_FAILURES:
                log.exception("run_finished of plugin %s raised", implementation.plugin_name)

    def add_commands(self, cli: Any) -> None:
        """Let plugins add commands; one that raises is logged and left out."""
        for implementation in self.manager.hook.register_commands.get_hookimpls():
            try:
                implementation.function(*[cli for _ in implementation.argnames])
            except PLUGIN_FAILURES as error:
                log.error("register_commands of plugin %s raised %r", implementation.plugin_name, error)

    # ── loading one plugin ───────────────────────────────────────────────────────────────────────

    def _add(self, info: PluginInfo, load: Callable[[], ModuleType]) -> None:
        self.infos.append(info)
        if info.name in self.configuration.settings.disable:
            info.state, info.reason = "disabled", "named in `disable`"
            return
        try:
            info.module = load()
            _check_api(info)
            self._register(info)
            _check_config(info)
            disabled = self.configuration.settings.disable
            info.registered = [t for t in self._registrations(info) if getattr(t, "name", None) not in disabled]
            for thing in info.registered:
                self._check(thing, info)
        except ConfigError:
            raise
        except PLUGIN_FAILURES as error:
            self._skip(info, _reason(error))

    def _register(self, info: PluginInfo) -> None:
        if (other := next((i for i in self._loaded() if i.name == info.name and i is not info), None)) is not None:
            raise PluginError(info.name, f"{other.distribution} has a plugin of that name too")
        if (same := next((i for i in self._loaded() if i.module is info.module and i is not info), None)) is not None:
            info.module = None
            raise PluginError(info.name, f"is the same module as plugin `{same.name}` ({same.distribution})")
        self.manager.register(info.module, name=info.name)
        self.manager.check_pending()
        if not self.manager.get_hookcallers(info.module):
            reason = "implements no hook: decorate a function that is named like one of the hooks with @hookimpl"
            raise PluginError(info.name, reason)

    def _registrations(self, info: PluginInfo) -> list[Component | Pipeline]:
        """Call the plugin's own `register_…` functions, and no other's, and collect what they hand over."""
        things: list[Component | Pipeline] = []
        for hook in (*_KINDS, *_OTHER_HOOKS):
            implementations = getattr(self.manager.hook, hook).get_hookimpls()
            own = next((i.function for i in implementations if i.plugin is info.module), None)
            if own is None and hasattr(info.module, hook):
                raise PluginError(info.name, f"{hook} is not decorated with @hookimpl, so it would never be called")
            if own is not None and hook in _KINDS:
                own(partial(_register, things, info.name, hook, _KINDS[hook]))
        return things

    def _check(self, thing: Component | Pipeline, info: PluginInfo) -> None:
        if isinstance(thing, Component):
            _check_component(thing, info.name)
        for other in self._loaded():
            for theirs in other.registered:
                if theirs is thing:
                    continue
                if isinstance(theirs, Pipeline) and isinstance(thing, Pipeline):
                    clash = f"the language `{thing.language}`" if thing.language == theirs.language else None
                elif isinstance(theirs, Component) and isinstance(thing, Component):
                    clash = _clash(thing, theirs)
                else:
                    clash = None
                if clash:
                    raise PluginError(
                        info.name, f"`{thing.name}` wants {clash}, which `{theirs.name}` of plugin "
                        f"`{other.name}` has already; disable one of the plugins"
                    )  # fmt: skip

    def _skip(self, info: PluginInfo, reason: str) -> None:
        info.state, info.reason, info.registered = "skipped", reason, []
        if info.module is not None and self.manager.is_registered(info.module):
            self.manager.unregister(info.module)
        log.warning("plugin %s is skipped: %s", info.name, reason)

    # ── all of them together ─────────────────────────────────────────────────────────────────────

    def _loaded(self) -> Iterator[PluginInfo]:
        return (info for info in self.infos if info.state == "loaded")

    def _components(self) -> Iterator[tuple[PluginInfo, Component]]:
        return ((i, thing) for i in self._loaded() for thing in i.registered if isinstance(thing, Component))

    def _skip_those_without_what_they_require(self) -> None:
        while True:
            there = {component.name: component for _, component in self._components()}
            for info, component in self._components():
                if reason := _unmet(component, there):
                    self._skip(info, reason)
                    break
            else:
                return

    def _configure(self) -> None:
        names = set()
        for info in self._loaded():
            if info.module is not None and _wants_config(info.module):
                names.add(info.name)
                info.config = configured(info.module.Config, info.name, self.configuration)
        for _, component in self._components():
            names.add(component.name)
            component.config = configured(component.Config, component.name, self.configuration)
        expected_absent = {i.name for i in self.infos if i.state != "loaded"} | set(self.configuration.settings.disable)
        for name in sorted(self.configuration.plugin_tables.keys() - names - expected_absent):
            if any(i.state != "loaded" for i in self.infos):
                log.warning("[plugins.%s]: no component of that name was loaded", name)
                continue
            reason = f"no plugin registers a component of that name; there are: {', '.join(sorted(names))}"
            raise ConfigError(self.configuration.file, f"plugins.{name}", "", reason)

    def _of_kind(self, kind: type[AnyComponent]) -> dict[str, AnyComponent]:
        there = {component.name: component for _, component in self._components() if isinstance(component, kind)}
        order = TopologicalSorter({name: sorted(set(c.requires) & there.keys()) for name, c in sorted(there.items())})
        return {name: there[name] for name in order.static_order()}


# ── where plugins are found ──────────────────────────────────────────────────────────────────────


def _found(configuration: Configuration, installed: bool) -> Iterator[tuple[PluginInfo, Callable[[], ModuleType]]]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name) if installed else ():
        name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "")
        yield PluginInfo(point.name, "installed", f"{name} {version}", version), point.load
    directory = configuration.settings.plugins_dir
    for file in sorted(directory.glob("*.py")) if directory.is_dir() else ():
        if not file.name.startswith("_"):
            yield PluginInfo(file.stem, "directory", str(file), ""), partial(_import_file, file)
    for name in configuration.settings.plugin_modules:
        yield PluginInfo(name, "configuration", name, ""), partial(importlib.import_module, name)


def _given(module: ModuleType) -> PluginInfo:
    return PluginInfo(module.__name__, "given", module.__name__, str(getattr(module, "__version__", "")))


def _itself(module: ModuleType) -> ModuleType:
    return module


def _import_file(file: Path) -> ModuleType:
    # The prefix keeps a file called, say, json.py from standing in for the module of that name.
    name = f"onrecord_plugins_dir.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Row classes and pickling look their module up here; it must be there while the file runs.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


# ── checking one plugin ──────────────────────────────────────────────────────────────────────────


def _check_api(info: PluginInfo) -> None:
    wanted = getattr(info.module, "ONRECORD_API", hookspecs.API_VERSION)
    if wanted != hookspecs.API_VERSION:
        raise PluginError(
            info.name,
            f"was written for version {wanted!r} of the plugin API; this onrecord has {hookspecs.API_VERSION}",
        )
    info.version = info.version or str(getattr(info.module, "__version__", ""))


def _wants_config(module: ModuleType | None) -> bool:
    function = getattr(module, "run_finished", None)
    return function is not None and "config" in inspect.signature(function).parameters


def _check_config(info: PluginInfo) -> None:
    own = getattr(info.module, "Config", None)
    if _wants_config(info.module) and not (isinstance(own, type) and issubclass(own, BaseModel)):
        reason = "run_finished takes `config`, and the module has no class `Config`, a subclass of onrecord.Config"
        raise PluginError(info.name, reason)


def _register(things: list[Component | Pipeline], plugin: str, hook: str, kind: type, thing: Any) -> None:
    fits = isinstance(thing, kind)
    if not fits:
        hint = f" (register an instance: {thing.__name__}())" if isinstance(thing, type) else ""
        raise PluginError(plugin, f"{hook} takes {kind.__name__} objects, not {thing!r}{hint}")
    things.append(thing)


def _check_component(component: Component, plugin: str) -> None:
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
        _table(row, component)
    if isinstance(component, Aggregator) and component.queries and set(component.queries) != set(component.writes):
        raise PluginError(plugin, f"{kind}.queries must have a query for each row class in {kind}.writes, and no other")


def _table(row: type[Row], component: Component) -> Table:
    """A component's table. The standard ones keep their shape, and those of the engine are its own."""
    standard = STANDARD_TABLES.get(row.__table__)
    per_article = isinstance(component, Annotator)
    if row.__table__ in _TAKEN:
        reason = f"may not write `{row.__table__}`: the engine has that name. Choose another: "
        raise PluginError(component.name, f'{reason}class {row.__name__}(Row, table="…")')
    if standard is None:
        return table_of(row, per_article=per_article)
    allowed = ANNOTATION_TABLES if per_article else AGGREGATE_TABLES
    if row is not standard.row or standard not in allowed:
        owner = "the engine" if standard.name in _NOT_FOR_PLUGINS else "onrecord's standard tables"
        raise PluginError(
            component.name, f"may not write `{standard.name}`, which belongs to {owner}: name it otherwise"
        )
    return standard


def _clash(one: Component, other: Component) -> str | None:
    if one.name == other.name:
        return f"the name `{one.name}`"
    shared = {row.__table__ for row in one.writes} & {row.__table__ for row in other.writes}
    return f"the table `{min(shared)}`" if shared else None


def _unmet(component: Component, there: Mapping[str, Component]) -> str | None:
    for required in component.requires:
        other = there.get(required)
        if other is None:
            return f"`{component.name}` requires `{required}`, which no loaded plugin registers"
        if isinstance(component, Annotator) and not isinstance(other, Annotator):
            return f"`{component.name}` requires `{required}`, but an annotator can only require annotators"
        if isinstance(component, Aggregator) and not isinstance(other, Annotator | Aggregator):
            return f"`{component.name}` requires `{required}`, but an aggregator requires annotators or aggregators"
    try:
        TopologicalSorter({name: list(c.requires) for name, c in there.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]
        if component.name in circle:
            return f"`{component.name}` requires itself: {' ← '.join(circle)}"
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, PluginError):
        return error.reason
    if isinstance(error, pluggy.PluginValidationError | OnrecordError):
        return " ".join(str(error).split())
    return f"{type(error).__name__}: {error}"
