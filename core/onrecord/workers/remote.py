"""What a worker of a cluster does with a batch: the same as this process would, or nothing.

Nothing here knows which cluster it is; `onrecord_flows` connects to one.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from ..config.settings import Settings
from ..errors import PLUGIN_FAILURES, OnrecordError
from ..model.bookkeeping import ComponentVersion
from ..planning.versions import component_versions, hash_sources
from ..plugins.registry import Plugins
from ..stages import Batch, BatchResult, perform
from .runner import LOADING_SECONDS, WORKER_STAGES
from .worker import load_plugins

COMPARED = {
    "version": "its version is {there!r} there and {here!r} here",
    "source_hash": "its source is not the same, though its version is",
    "configuration": "its settings differ, perhaps by the environment there",
    "pipeline": "it reads with the pipeline {there!r} there and {here!r} here",
    "requirements": "what it requires differs",
}
"""What decides the rows of a component, and the words for a worker where it differs, the clearest first."""


@dataclass(frozen=True)
class Setup:
    """What a worker must have to make the same rows: the settings, and the component versions it leads to."""

    settings: Settings
    framework: tuple[str, str]
    """Version and source of onrecord itself."""
    components: Mapping[str, ComponentVersion]

    @classmethod
    def of(cls, plugins: Plugins) -> Setup:
        """The setup of this process."""
        working = {
            f"{name} {language or ''}".strip(): version
            for (name, language), version in component_versions(plugins).items()
            if version.stage in WORKER_STAGES
        }
        framework = metadata.version("onrecord"), hash_sources(Path(__file__).parents[1], sys.modules[__name__])
        return cls(plugins.settings, framework, working)


def run_batch(setup: Setup, batch: Batch, seconds: float) -> tuple[BatchResult, list[logging.LogRecord]]:
    """Run a batch on a worker, which is ended if it takes longer; returns its result and the records logged meanwhile.

    Raises OnrecordError where this worker would not do what the run's own process does.
    """
    # Plugins are written for one batch at a time, whatever number of threads a worker has.
    with _one_at_a_time:
        messages: SimpleQueue[logging.LogRecord] = SimpleQueue()
        handler = QueueHandler(messages)
        faulthandler.dump_traceback_later(max(seconds, LOADING_SECONDS), exit=True)
        try:
            plugins = _prepared(setup)
            faulthandler.dump_traceback_later(seconds, exit=True)
            logging.getLogger().addHandler(handler)
            result = perform(batch, plugins)
        finally:
            faulthandler.cancel_dump_traceback_later()
            logging.getLogger().removeHandler(handler)
        return result, [messages.get() for _ in range(messages.qsize())]


def explain_misfit(setup: Setup) -> str:
    """Explain why this worker would not make the same rows; empty if it would."""
    try:
        with _one_at_a_time:
            _prepared(setup)
    except OnrecordError as error:
        return str(error)
    return ""


_one_at_a_time = Lock()
_checked: list[tuple[Setup, Plugins]] = []


def _prepared(setup: Setup) -> Plugins:
    """The plugins of a setup, loaded again only for another setup. Raises OnrecordError if they differ."""
    if _checked and _checked[0][0] == setup:
        return _checked[0][1]
    _checked.clear()
    try:
        plugins = load_plugins(setup.settings)
        if difference := _difference(setup, Setup.of(plugins)):
            raise OnrecordError(difference)
    except PLUGIN_FAILURES as error:
        # As one plain text: it is about to travel.
        reason = str(error) if isinstance(error, OnrecordError) else f"{type(error).__name__}: {error}"
        raise OnrecordError(
            f"worker process {os.getpid()} on {socket.gethostname()} would not do the same work as this run: {reason}. "
            "Install the same versions of onrecord and its plugins there, at the same paths, and restart it"
        ) from None
    _checked.append((setup, plugins))
    return plugins


def _difference(here: Setup, there: Setup) -> str:
    """The first thing in which a worker's setup is not that of the run."""
    if here.framework != there.framework:
        (mine, _), (its, _) = here.framework, there.framework
        return f"onrecord is {its} there and {mine} here" if its != mine else f"onrecord {its} has another source there"
    for name, wanted in here.components.items():
        found = there.components.get(name)
        if found is None:
            folder = here.settings.plugins_dir
            return f"`{name}` is missing there (plugins folder {folder})"
        for attribute, words in COMPARED.items():
            mine, its = getattr(wanted, attribute), getattr(found, attribute)
            if mine != its:
                return f"`{name}`: {words.format(here=mine, there=its)}"
    return ""
