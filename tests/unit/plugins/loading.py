"""Plugins from modules and folders."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from onrecord import (
    Annotator,
    Article,
    Row,
    hookimpl,
)
from onrecord.config.loading import parse_settings
from onrecord.plugins import hookspecs
from onrecord.plugins.info import PluginInfo
from onrecord.plugins.registry import Plugins

HOOKS = [*(name for name in vars(hookspecs) if name.startswith("register_")), "run_finished"]


class Length(Row):
    """How long each article is."""

    words: int


class CountWords(Annotator):
    name, version, writes = "word_count", "1", [Length]

    def annotate(self, article: Article) -> Any:
        yield Length(words=len(article.body.split()))


WORD_COUNT = """
    from onrecord import Annotator, Row, hookimpl


    class Length(Row):
        \"\"\"How long each article is.\"\"\"

        words: int
        \"\"\"Words between white space.\"\"\"


    class CountWords(Annotator):
        name, version, writes = "word_count", "1", [Length]

        def annotate(self, article):
            yield Length(words=len(article.body.split()))


    @hookimpl
    def register_annotators(register):
        register(CountWords())
    """

TALLY = """
    from onrecord import Aggregator, Row, hookimpl


    class Outlets(Row, key=("outlet",)):
        outlet: str


    class Tally(Aggregator):
        name, version, writes = "outlets", "1", [Outlets]


    @hookimpl
    def register_aggregators(register):
        register(Tally())
    """

Folder = Callable[..., Plugins]


def info(plugins: Plugins, name: str) -> PluginInfo:
    (found,) = [info for info in plugins.infos if info.name == name]
    return found


def states(plugins: Plugins) -> dict[str, str]:
    return {info.name: info.state for info in plugins.infos}


def given(*modules: ModuleType, **settings: Any) -> Plugins:
    return Plugins(parse_settings(settings), modules, installed=False)


def plugin(name: str, **implementations: Callable[..., Any]) -> ModuleType:
    """A plugin with these hook implementations."""
    module = ModuleType(name)
    for hook, implementation in implementations.items():
        setattr(module, hook, hookimpl(implementation))
    return module


def annotating(name: str, *annotators: Any) -> ModuleType:
    return plugin(name, register_annotators=lambda register: [register(annotator) for annotator in annotators])


# ── The seven hooks ──────────────────────────────────────────────────────────────────────────────


def blank_english() -> Any:
    import spacy

    return spacy.blank("en")


# ── Skipped with a reason, while the others work ─────────────────────────────────────────────────


def things(name: str, *requires: str) -> Annotator:
    row = type(name.capitalize(), (Row,), {"__annotations__": {"x": int}})
    made = type(name, (Annotator,), {"name": name, "version": "1", "writes": [row], "requires": list(requires)})
    return made()  # type: ignore[no-any-return]
