"""What several files of unit tests need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onrecord import Aggregator, Annotator, Cleaner, Ingestor, Pipeline, Row, RunReport, hookimpl
from onrecord.testing import Sandbox

_HOOKS = {
    "register_ingestors": Ingestor,
    "register_cleaners": Cleaner,
    "register_annotators": Annotator,
    "register_aggregators": Aggregator,
    "register_pipelines": Pipeline,
}


def make_plugin(*things: Any, name: str = "tiny") -> ModuleType:
    """Make a plugin that registers the given components and pipelines."""
    module = ModuleType(name)
    for hook, kind in _HOOKS.items():
        if own := [thing for thing in things if isinstance(thing, kind)]:
            setattr(module, hook, _registering(own))
    return module


@pytest.fixture(scope="session")
def plugin_of() -> Callable[..., ModuleType]:
    """The function `make_plugin`."""
    return make_plugin


def _registering(own: list[Any]) -> Any:
    @hookimpl
    def implementation(register: Any) -> None:
        for thing in own:
            register(thing)

    return implementation


# ── A warehouse to keep: backed up, maintained ───────────────────────────────────────────────────


class Length(Row):
    """How long each article is."""

    words: int


class Lengths(Annotator):
    name, version, writes = "lengths", "1", (Length,)

    def annotate(self, article: Any) -> Any:
        if "unmeasurable" in article.body:
            raise ValueError("cannot be measured")
        yield Length(words=len(article.body.split()))


class Total(Row, key=("words",)):
    """How long all articles are."""

    words: int


class Sum(Aggregator):
    name, version, writes, requires = "sum", "1", (Total,), ("lengths",)
    queries = {Total: "select sum(words)::bigint as words from length"}


class Refusing(Cleaner):
    name, version = "refusing", "1"

    def clean(self, draft: Any) -> None:
        if "broken" in draft.text:
            raise ValueError("cannot be cleaned")


@pytest.fixture(scope="session")
def sandbox_in(plugin_of: Callable[..., ModuleType]) -> Callable[[Path], Sandbox]:
    """The warehouse in a folder, with three documents that plugins measure."""

    def made(folder: Path) -> Sandbox:
        documents = {"a": "One two three.", "b": "Four five.", "c": "Six."}
        return Sandbox(folder, plugin_of(Lengths(), Sum(), Refusing()), documents=documents)

    return made


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, sandbox_in: Callable[[Path], Sandbox]) -> Path:
    """The folder of that warehouse after one run; to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "warehouse"
    assert not sandbox_in(folder).run().failed
    return folder


@pytest.fixture
def sandbox(tmp_path: Path, filled: Path, sandbox_in: Callable[[Path], Sandbox]) -> Sandbox:
    """Three articles, after one run."""
    return sandbox_in(Path(shutil.copytree(filled, tmp_path / "warehouse")))


@pytest.fixture(scope="session")
def did() -> Callable[[RunReport], list[str]]:
    """The components that had anything to do in a run, and whether there was anything to publish."""
    return lambda report: [step.component for step in report.steps if step.subjects or step.stage == "publish"]
