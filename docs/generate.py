"""The generated parts of the documentation: called by cog (`make docs`, `make docs-check`)."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def demo() -> None:
    """Print the page that `make demo` ends with, from a warehouse made without a scheduler."""
    from onrecord.config.loading import load_settings
    from onrecord.plugins.registry import Plugins
    from onrecord.testing import run_plugins

    warehouse = ROOT / "build" / "demo-in-docs"
    shutil.rmtree(warehouse, ignore_errors=True)
    settings = load_settings(ROOT / "seeds" / "onrecord.toml").override(warehouse=warehouse)
    report = run_plugins(Plugins(settings))
    assert not report.failed, report.run.message
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    line = [sys.executable, "-m", "onrecord", "show", "-w", str(warehouse.relative_to(ROOT))]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    text = "\n".join(row.rstrip() for row in done.stdout.strip("\n").splitlines())
    print(f"```text\n{text.replace('demo-in-docs', 'demo')}\n```")


def dictionary() -> None:
    """Print the data dictionary of an installation without a configuration."""
    from onrecord.config.loading import parse_settings
    from onrecord.plugins.registry import Plugins
    from onrecord.reporting.dictionary import render_dictionary as page

    print(page(Plugins(parse_settings({}))))


def hooks() -> None:
    """Print each hook with its signature and its sentence."""
    from onrecord.plugins import hookspecs

    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if hasattr(function, "onrecord_spec"):
            arguments = ", ".join(inspect.signature(function).parameters)
            print(f"| `{name}({arguments})` | {inspect.getdoc(function)} |")


def settings() -> None:
    """Print every key of onrecord.toml with its default and meaning."""
    from typing import get_args

    from pydantic import BaseModel

    from onrecord.config.settings import Settings

    def rows(model: type[BaseModel], table: str) -> None:
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                rows(kind, f"[{name}]")
                continue
            if (each := next(iter(get_args(kind)), None)) and isinstance(each, type) and issubclass(each, BaseModel):
                rows(each, f"[[{name}]]")
                continue
            default = field.default
            shown = (
                f'"{default}"' if isinstance(default, str | Path) else "–" if default is None else str(default).lower()
            )
            meaning = " ".join((field.description or "").split())
            print(f"| {f'`{table}`' if table else ''} | `{name}` | {shown} | {meaning} |")

    rows(Settings, "")


def plugin_settings() -> None:
    """Print the settings of the built-in components."""
    from onrecord.config.loading import parse_settings
    from onrecord.plugins.components import Component
    from onrecord.plugins.registry import Plugins

    for info in Plugins(parse_settings({})).infos:
        own = {info.name: type(info.config)} if info.config is not None else {}
        components = {thing.name: thing.Config for thing in info.registered if isinstance(thing, Component)}
        for table, config in {**components, **own}.items():
            for name, field in config.model_fields.items():
                default = _shown(field.get_default(call_default_factory=True))
                meaning = " ".join((field.description or "").split())
                print(f"| `[plugins.{table}]` | `{name}` | {default} | {meaning} |")


def _shown(default: object) -> str:
    if default is None:
        return "–"
    if isinstance(default, bool):
        return str(default).lower()
    return json.dumps(default, default=str)
