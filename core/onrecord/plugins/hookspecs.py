"""The seven hooks, by which plugins register components and are notified of runs.

`API_VERSION` is the version of these hooks and of their arguments' classes. A plugin module can declare the version
that it was written for as `ONRECORD_API`; the default is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

    import click
    from pydantic import BaseModel

    from ..model.report import RunReport
    from .components import Aggregator, Annotator, Cleaner, Ingestor
    from .pipelines import Pipeline

API_VERSION = 1

hookspec = pluggy.HookspecMarker("onrecord")
hookimpl = pluggy.HookimplMarker("onrecord")


@hookspec
def register_ingestors(register: Callable[[Ingestor], None]) -> None:
    """Register sources of documents."""


@hookspec
def register_cleaners(register: Callable[[Cleaner], None]) -> None:
    """Register steps that turn a document into an article."""


@hookspec
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register functions from an article to rows."""


@hookspec
def register_aggregators(register: Callable[[Aggregator], None]) -> None:
    """Register functions from the whole warehouse to rows."""


@hookspec
def register_pipelines(register: Callable[[Pipeline], None]) -> None:
    """Register spaCy pipelines, by language."""


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to the `onrecord` program."""


@hookspec
def run_finished(run: RunReport, config: BaseModel) -> None:
    """Called after every run with its report. Exceptions are logged and ignored."""
