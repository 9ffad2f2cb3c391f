"""What several files of unit tests need."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from onrecord import Aggregator, Annotator, Cleaner, Ingestor, Pipeline, hookimpl

_HOOKS = {
    "register_ingestors": Ingestor,
    "register_cleaners": Cleaner,
    "register_annotators": Annotator,
    "register_aggregators": Aggregator,
    "register_pipelines": Pipeline,
}


@pytest.fixture(scope="session")
def plugin_of() -> Callable[..., ModuleType]:
    """Make a plugin that registers the given components and pipelines."""

    def made(*things: Any, name: str = "tiny") -> ModuleType:
        module = ModuleType(name)
        for hook, kind in _HOOKS.items():
            if own := [thing for thing in things if isinstance(thing, kind)]:
                setattr(module, hook, _registering(own))
        return module

    return made


def _registering(own: list[Any]) -> Any:
    @hookimpl
    def implementation(register: Any) -> None:
        for thing in own:
            register(thing)

    return implementation
