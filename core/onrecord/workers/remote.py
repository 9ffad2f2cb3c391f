"""A cluster's worker, which runs batches as this process would, or refuses.

This module is independent of the kind of cluster; `onrecord_flows` connects to one.
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
from ..stages import Batch, BatchResult
from .runner import LOADING_SECONDS, WORKER_STAGES
from .worker import load_plugins, perform_and_collect

COMPARED = {
    "version": "its version is {there!r} there and {here!r} here",
    "source_hash": "its source is not the same, though its version is",
    "configuration": "its settings differ, perhaps by the environment there",
    "pipeline": "it reads with the pipeline {there!r} there and {here!r} here",
    "requirements": "what it requires differs",
}
"""The attributes that decide a component's rows, with messages for a difference, clearest first."""


@dataclass(frozen=True)
class Setup:
    """The settings and component versions that a worker needs to make the same rows."""

    settings: Settings
    framework: tuple[str, str]
    """Version and source hash of onrecord itself."""
    components: Mapping[str, ComponentVersion]

    @classmethod
    def of(cls, plugins: Plugins) -> Setup:
        """Return the setup of this process."""
        components = {
            f"{name} {language or ''}".strip(): version
            for (name, language), version in component_versions(plugins).items()
            if version.stage in WORKER_STAGES
        }
        framework = metadata.version("onrecord"), hash_sources(Path(__file__).parents[1], sys.modules[__name__])
        return cls(plugins.settings, framework, components)


def run_batch(setup: Setup, batch: Batch, seconds: float) -> tuple[BatchResult, list[logging.LogRecord]]:
    """Run a batch with a time limit; returns the result and the log records.

    Raises OnrecordError if the worker's setup differs from that of the run.
    """
    # Plugins may assume one batch at a time, even if the worker has several threads.
    with _one_at_a_time:
        messages: SimpleQueue[logging.LogRecord] = SimpleQueue()
        handler = QueueHandler(messages)
        faulthandler.dump_traceback_later(max(seconds, LOADING_SECONDS), exit=True)
        try:
            plugins = _load_matching_plugins(setup)
            faulthandler.dump_traceback_later(seconds, exit=True)
            logging.getLogger().addHandler(handler)
            result = perform_and_collect(batch, plugins)
        finally:
            faulthandler.cancel_dump_traceback_later()
            logging.getLogger().removeHandler(handler)
        return result, [messages.get() for _ in range(messages.qsize())]


def explain_misfit(setup: Setup) -> str:
    """Explain why this worker would make different rows, or return ""."""
    try:
        with _one_at_a_time:
            _load_matching_plugins(setup)
    except OnrecordError as error:
        return str(error)
    return ""


_one_at_a_time = Lock()
_checked: list[tuple[Setup, Plugins]] = []


def _load_matching_plugins(setup: Setup) -> Plugins:
    """Load the plugins of a setup, once. Raises OnrecordError if they differ."""
    if _checked and _checked[0][0] == setup:
        return _checked[0][1]
    _checked.clear()
    try:
        plugins = load_plugins(setup.settings)
        if difference := _describe_difference(setup, Setup.of(plugins)):
            raise OnrecordError(difference)
    except PLUGIN_FAILURES as error:
        # As plain text, which can be pickled.
        reason = str(error) if isinstance(error, OnrecordError) else f"{type(error).__name__}: {error}"
        raise OnrecordError(
            f"worker process {os.getpid()} on {socket.gethostname()} would not do the same work as this run: {reason}. "
            "Install the same versions of onrecord and its plugins there, at the same paths, and restart it"
        ) from None
    _checked.append((setup, plugins))
    return plugins


def _describe_difference(here: Setup, there: Setup) -> str:
    if here.framework != there.framework:
        (mine, _), (its, _) = here.framework, there.framework
        return f"onrecord is {its} there and {mine} here" if its != mine else f"onrecord {its} has another source there"
    for name, version in here.components.items():
        its_version = there.components.get(name)
        if its_version is None:
            return f"`{name}` is missing there (plugins folder {here.settings.plugins_dir})"
        for attribute, words in COMPARED.items():
            mine, its = getattr(version, attribute), getattr(its_version, attribute)
            if mine != its:
                return f"`{name}`: {words.format(here=mine, there=its)}"
    return ""
