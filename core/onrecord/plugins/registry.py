"""The registry of plugins and their components.

A plugin that cannot be imported or is not valid is skipped with a reason, and so are plugins that require its
components; with `strict` it is an error.
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
from ..model.tables import AGGREGATE_TABLES, ANNOTATION_TABLES, STANDARD_TABLES
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
    """The plugins of a configuration, and their components in order of execution."""

    def __init__(self, settings: Settings, modules: Iterable[ModuleType] = (), *, installed: bool = True) -> None:
        """Load plugins and `modules`; `installed=False` ignores entry points.

        Raises ConfigError for an invalid table of a plugin, and with `strict` PluginError for an invalid plugin.
        """
        self.settings = settings
        self.manager = pluggy.PluginManager("onrecord")
        self.manager.add_hookspecs(hookspecs)
        self.infos: list[PluginInfo] = []
        for candidate, load in find_plugins(settings, installed):
            self._add(candidate, load)
        for module in modules:
            self._add(describe_module(module))
        self._skip_unmet_requirements()
        if settings.strict and (skipped := [i for i in self.infos if i.state == "skipped"]):
            raise PluginError(skipped[0].name, f"{skipped[0].reason} (an error because of --strict)")
        self._configure()

        self.ingestors = self._sort_components(Ingestor)
        cleaners = self._sort_components(Cleaner).values()
        self.cleaners = tuple(sorted(cleaners, key=lambda cleaner: (cleaner.order, cleaner.name)))
        self.annotators = self._sort_components(Annotator)
        self.aggregators = self._sort_components(Aggregator)
        self.pipelines = {
            thing.language: thing for i in self._loaded_infos() for thing in i.registered if isinstance(thing, Pipeline)
        }
        if settings.language.pipeline:
            replacement = find_installed_pipeline(settings.language.pipeline, settings.file)
            self.pipelines[replacement.language] = replacement
        pipes = [factory for annotator in self.annotators.values() for factory in annotator.pipes]
        self.pipelines = {language: each.with_pipes(pipes) for language, each in self.pipelines.items()}
        self.tables = dict(STANDARD_TABLES)
        self.table_owners: dict[str, str] = {}
        """The component that writes each table, except for the engine's own."""
        for component in [*self.annotators.values(), *self.aggregators.values()]:
            for row in component.writes:
                self.tables[row.__table__] = table_for(row, component)
                self.table_owners[row.__table__] = component.name

    def distribution_of(self, component: Component) -> str:
        """Return the distribution or file of a component."""
        return next(i.distribution for i in self.infos if component in i.registered)

    def tables_of(self, component: Component) -> list[Table]:
        """Return the tables that a component writes."""
        return [self.tables[row.__table__] for row in component.writes]

    def checked(self) -> tuple[list[Table], list[Component]]:
        """Return the tables and components that checks before publishing look at.

        Rows of a component that is not loaded may refer to deleted rows; they do not block publishing.
        """
        unfilled = {table.name for table in ANNOTATION_TABLES + AGGREGATE_TABLES} - self.table_owners.keys()
        tables = [table for name, table in self.tables.items() if name not in unfilled]
        return tables, [*self.annotators.values(), *self.aggregators.values()]

    def run_finished(self, report: RunReport) -> None:
        """Call the hook `run_finished` of all plugins; exceptions are logged."""
        configs = {info.name: info.config for info in self._loaded_infos()}
        for implementation in self.manager.hook.run_finished.get_hookimpls():
            arguments = {"run": report, "config": configs.get(implementation.plugin_name)}
            try:
                implementation.function(**{name: arguments[name] for name in implementation.argnames})
            except PLUGIN_FAILURES:
                log.exception("run_finished of plugin %s raised", implementation.plugin_name)

    def add_commands(self, cli: Any) -> None:
        """Call the hook `register_commands` of all plugins; exceptions are logged."""
        for implementation in self.manager.hook.register_commands.get_hookimpls():
            try:
                implementation.function(*[cli for _ in implementation.argnames])
            except PLUGIN_FAILURES as error:
                log.error("register_commands of plugin %s raised %r", implementation.plugin_name, error)

    def _add(self, info: PluginInfo, load: Callable[[], ModuleType] | None = None) -> None:
        self.infos.append(info)
        if info.name in self.settings.disable:
            info.state, info.reason = "disabled", "named in `disable`"
            return
        try:
            if load is not None:
                info.module = load()
            check_api(info)
            self._register(info)
            check_config(info)
            disabled = self.settings.disable
            info.registered = [t for t in self._collect_registrations(info) if getattr(t, "name", None) not in disabled]
            for thing in info.registered:
                self._check_registration(thing, info)
        except ConfigError:
            raise
        except PLUGIN_FAILURES as error:
            self._skip(info, reason_for_skipping(error))

    def _register(self, info: PluginInfo) -> None:
        if (
            other := next((i for i in self._loaded_infos() if i.name == info.name and i is not info), None)
        ) is not None:
            raise PluginError(info.name, f"{other.distribution} has a plugin of that name too")
        if (
            same := next((i for i in self._loaded_infos() if i.module is info.module and i is not info), None)
        ) is not None:
            info.module = None
            raise PluginError(info.name, f"is the same module as plugin `{same.name}` ({same.distribution})")
        self.manager.register(info.module, name=info.name)
        self.manager.check_pending()
        if not self.manager.get_hookcallers(info.module):
            reason = "implements no hook: decorate a function that is named like one of the hooks with @hookimpl"
            raise PluginError(info.name, reason)

    def _collect_registrations(self, info: PluginInfo) -> list[Component | Pipeline]:
        """Call the `register_…` functions of this plugin and collect its components."""
        things: list[Component | Pipeline] = []
        for hook in (*HOOK_CLASSES, *OTHER_HOOKS):
            implementations = getattr(self.manager.hook, hook).get_hookimpls()
            own = next((i.function for i in implementations if i.plugin is info.module), None)
            if own is None and hasattr(info.module, hook):
                raise PluginError(info.name, f"{hook} is not decorated with @hookimpl, so it would never be called")
            if own is not None and hook in HOOK_CLASSES:
                own(partial(_register, things, info.name, hook, HOOK_CLASSES[hook]))
        return things

    def _check_registration(self, thing: Component | Pipeline, info: PluginInfo) -> None:
        if isinstance(thing, Component):
            check_component(thing, info.name)
        for other in self._loaded_infos():
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

    def _loaded_infos(self) -> Iterator[PluginInfo]:
        return (info for info in self.infos if info.state == "loaded")

    def _components(self) -> Iterator[tuple[PluginInfo, Component]]:
        return ((i, thing) for i in self._loaded_infos() for thing in i.registered if isinstance(thing, Component))

    def _skip_unmet_requirements(self) -> None:
        while True:
            components = {component.name: component for _, component in self._components()}
            for info, component in self._components():
                if reason := find_unmet_requirement(component, components):
                    self._skip(info, reason)
                    break
            else:
                return

    def _configure(self) -> None:
        names = set()
        for info in self._loaded_infos():
            if info.module is not None and wants_config(info.module):
                names.add(info.name)
                info.config = component_settings(info.module.Config, info.name, self.settings)
        for _, component in self._components():
            names.add(component.name)
            component.config = component_settings(component.Config, component.name, self.settings)
        skipped = {i.name for i in self.infos if i.state != "loaded"} | set(self.settings.disable)
        for name in sorted(self.settings.plugin_tables.keys() - names - skipped):
            if any(i.state != "loaded" for i in self.infos):
                log.warning("[plugins.%s]: no component of that name was loaded", name)
                continue
            reason = f"no plugin registers a component of that name; there are: {', '.join(sorted(names))}"
            raise ConfigError(self.settings.file, f"plugins.{name}", "", reason)

    def _sort_components(self, kind: type[AnyComponent]) -> dict[str, AnyComponent]:
        found = {component.name: component for _, component in self._components() if isinstance(component, kind)}
        order = TopologicalSorter({name: sorted(set(c.requires) & found.keys()) for name, c in sorted(found.items())})
        return {name: found[name] for name in order.static_order()}


def _register(things: list[Component | Pipeline], plugin: str, hook: str, kind: type[Any], thing: Any) -> None:
    if not isinstance(thing, kind):
        hint = f" (register an instance: {thing.__name__}())" if isinstance(thing, type) else ""
        raise PluginError(plugin, f"{hook} takes {kind.__name__} objects, not {thing!r}{hint}")
    things.append(thing)
