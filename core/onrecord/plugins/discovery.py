"""Discovery of plugins: entry points, the plugins folder, and configured modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from ..config.settings import Settings
from .info import PluginInfo

GROUP = "onrecord"
"""The entry point group in which distributions announce their plugins."""


def find_plugins(settings: Settings, installed: bool) -> Iterator[tuple[PluginInfo, Callable[[], ModuleType]]]:
    """Find plugins, each with a function that imports it."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name) if installed else ():
        name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "")
        yield PluginInfo(point.name, "installed", f"{name} {version}", version), point.load
    directory = settings.plugins_dir
    for file in sorted(directory.glob("*.py")) if directory.is_dir() else ():
        if not file.name.startswith("_"):
            yield PluginInfo(file.stem, "directory", str(file), ""), partial(_import_file, file)
    for name in settings.plugin_modules:
        yield PluginInfo(name, "configuration", name, ""), partial(importlib.import_module, name)


def describe_module(module: ModuleType) -> PluginInfo:
    """Describe a module that was passed to `Plugins`."""
    return PluginInfo(module.__name__, "given", module.__name__, str(getattr(module, "__version__", "")), module)


def _import_file(file: Path) -> ModuleType:
    # The prefix keeps a file such as json.py from shadowing the module of that name.
    name = f"onrecord_plugins_dir.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Row classes and pickling look up their module here while the file runs.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
