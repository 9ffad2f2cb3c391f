"""A plugin as it was found, and its state."""

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
            kind = next(k for k in HOOK_CLASSES.values() if isinstance(thing, k)).__name__.lower()
            names.append(f"{kind} {thing.name} {thing.version}")
        if self.module is not None:
            names += [hook.replace("register_", "") for hook in OTHER_HOOKS if hasattr(self.module, hook)]
        return names
