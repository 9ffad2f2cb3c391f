"""Finding plugins, checking them, and knowing what they registered.

A plugin that cannot be imported or is not valid is skipped with its reason, and so are those that
require it; under `strict` it is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from graphlib import TopologicalSorter
from types import ModuleType
from typing import Any, TypeVar

import pluggy

from ..config.loading import component_settings
from ..config.settings import Settings
from ..errors import PLUGIN_FAILURES, ConfigError, PluginError
from ..model.report import RunReport
from ..model.table import Table
from ..model.tables import (
    STANDARD_TABLES,
)
from . import hookspecs
from .components import Aggregator, Annotator, Cleaner, Component, Ingestor
from .discovery import describe_module, find_plugins
from .info import HOOK_CLASSES, OTHER_HOOKS, PluginInfo
from .pipelines import Pipeline, find_installed_pipeline
from .validation import (
    check_api,
    check_component,
    check_config,
    find_clash,
    find_unmet_requirement,
    reason_for_skipping,
    table_for,
    wants_config,
)

log = logging.getLogger("onrecord")


AnyComponent = TypeVar("AnyComponent", bound=Component)


class Plugins:
    """All plugins of a configuration, and their components by kind, in the order in which they run."""

    def __init__(self, settings: Settings, modules: Iterable[ModuleType] = (), *, installed: bool = True) -> None:
        """Find, import and check; `modules` are further plugins, and `installed=False` leaves out entry points.

        Raises ConfigError for a table of a plugin that does not fit, and PluginError under `strict`.
        """
        self.settings = settings
        self.manager = pluggy.PluginManager("onrecord")
        self.manager.add_hookspecs(hookspecs)
        self.infos: list[PluginInfo] = []
        for candidate, load in find_plugins(settings, installed):
            self._add(candidate, load)
        for module in modules:
            self._add(describe_module(module), partial(_unchanged, module))
        self._skip_those_without_what_they_require()
        if settings.strict and (skipped := [i for i in self.infos if i.state == "skipped"]):
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
        if settings.language.pipeline:
            replacement = find_installed_pipeline(settings.language.pipeline, settings.file)
            self.pipelines[replacement.language] = replacement
        pipes = [factory for annotator in self.annotators.values() for factory in annotator.pipes]
        self.pipelines = {language: each.with_pipes(pipes) for language, each in self.pipelines.items()}
        self.tables = dict(STANDARD_TABLES)
        for component in [*self.annotators.values(), *self.aggregators.values()]:
            for row in component.writes:
                self.tables[row.__table__] = table_for(row, component)

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
        if info.name in self.settings.disable:
            info.state, info.reason = "disabled", "named in `disable`"
            return
        try:
            info.module = load()
            check_api(info)
            self._register(info)
            check_config(info)
            disabled = self.settings.disable
            info.registered = [t for t in self._registrations(info) if getattr(t, "name", None) not in disabled]
            for thing in info.registered:
                self._check(thing, info)
        except ConfigError:
            raise
        except PLUGIN_FAILURES as error:
            self._skip(info, reason_for_skipping(error))

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
        for hook in (*HOOK_CLASSES, *OTHER_HOOKS):
            implementations = getattr(self.manager.hook, hook).get_hookimpls()
            own = next((i.function for i in implementations if i.plugin is info.module), None)
            if own is None and hasattr(info.module, hook):
                raise PluginError(info.name, f"{hook} is not decorated with @hookimpl, so it would never be called")
            if own is not None and hook in HOOK_CLASSES:
                own(partial(_register, things, info.name, hook, HOOK_CLASSES[hook]))
        return things

    def _check(self, thing: Component | Pipeline, info: PluginInfo) -> None:
        if isinstance(thing, Component):
            check_component(thing, info.name)
        for other in self._loaded():
            for theirs in other.registered:
                if theirs is thing:
                    continue
                if isinstance(theirs, Pipeline) and isinstance(thing, Pipeline):
                    clash = f"the language `{thing.language}`" if thing.language == theirs.language else None
                elif isinstance(theirs, Component) and isinstance(thing, Component):
                    clash = find_clash(thing, theirs)
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
                if reason := find_unmet_requirement(component, there):
                    self._skip(info, reason)
                    break
            else:
                return

    def _configure(self) -> None:
        names = set()
        for info in self._loaded():
            if info.module is not None and wants_config(info.module):
                names.add(info.name)
                info.config = component_settings(info.module.Config, info.name, self.settings)
        for _, component in self._components():
            names.add(component.name)
            component.config = component_settings(component.Config, component.name, self.settings)
        expected_absent = {i.name for i in self.infos if i.state != "loaded"} | set(self.settings.disable)
        for name in sorted(self.settings.plugin_tables.keys() - names - expected_absent):
            if any(i.state != "loaded" for i in self.infos):
                log.warning("[plugins.%s]: no component of that name was loaded", name)
                continue
            reason = f"no plugin registers a component of that name; there are: {', '.join(sorted(names))}"
            raise ConfigError(self.settings.file, f"plugins.{name}", "", reason)

    def _of_kind(self, kind: type[AnyComponent]) -> dict[str, AnyComponent]:
        there = {component.name: component for _, component in self._components() if isinstance(component, kind)}
        order = TopologicalSorter({name: sorted(set(c.requires) & there.keys()) for name, c in sorted(there.items())})
        return {name: there[name] for name in order.static_order()}


# ── where plugins are found ──────────────────────────────────────────────────────────────────────


# ── checking one plugin ──────────────────────────────────────────────────────────────────────────


def _register(things: list[Component | Pipeline], plugin: str, hook: str, kind: type, thing: Any) -> None:
    fits = isinstance(thing, kind)
    if not fits:
        hint = f" (register an instance: {thing.__name__}())" if isinstance(thing, type) else ""
        raise PluginError(plugin, f"{hook} takes {kind.__name__} objects, not {thing!r}{hint}")
    things.append(thing)


def _unchanged(module: ModuleType) -> ModuleType:
    return module
