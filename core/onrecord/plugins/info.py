"""The description of a plugin and its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Literal

from pydantic import BaseModel

from .components import Aggregator, Annotator, Cleaner, Component, Ingestor
from .pipelines import Pipeline

HOOK_CLASSES: Mapping[str, type] = {
    "register_ingestors": Ingestor,
    "register_cleaners": Cleaner,
    "register_annotators": Annotator,
    "register_aggregators": Aggregator,
    "register_pipelines": Pipeline,
}

OTHER_HOOKS = ("register_commands", "run_finished")


@dataclass(slots=True)
class PluginInfo:
    """A plugin, its origin, its state and its components."""

    name: str
    found: Literal["installed", "directory", "configuration", "given"]
    distribution: str
    """Its distribution with the version, or its file."""
    version: str
    module: ModuleType | None = None
    state: Literal["loaded", "skipped", "disabled"] = "loaded"
    reason: str = ""
    registered: list[Component | Pipeline] = field(default_factory=list)
    config: BaseModel | None = None
    """The argument `config` of its `run_finished`: the module's `Config`, filled from `[plugins.NAME]`."""

    @property
    def registers(self) -> list[str]:
        """The names of its components and hooks, e.g. "annotator entities 1"."""
        names = []
        for thing in self.registered:
            kind = next(k for k in HOOK_CLASSES.values() if isinstance(thing, k)).__name__.lower()
            names.append(f"{kind} {thing.name} {thing.version}")
        if self.module is not None:
            names += [hook.replace("register_", "") for hook in OTHER_HOOKS if hasattr(self.module, hook)]
        return names
