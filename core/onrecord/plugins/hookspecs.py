"""The seven hooks. They register or are told; core executes.

`API_VERSION` is the version of this page and of the classes that it hands around. A plugin module
may state the one that it was written for in `ONRECORD_API`; without it, 1 is assumed.
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
    """Register where documents come from."""


@hookspec
def register_cleaners(register: Callable[[Cleaner], None]) -> None:
    """Register steps that turn a document into an article."""


@hookspec
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register what is read out of an article."""


@hookspec
def register_aggregators(register: Callable[[Aggregator], None]) -> None:
    """Register what is worked out across articles."""


@hookspec
def register_pipelines(register: Callable[[Pipeline], None]) -> None:
    """Register spaCy pipelines, by language."""


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to the `onrecord` program."""


@hookspec
def run_finished(run: RunReport, config: BaseModel) -> None:
    """Be told how a run went, to notify or to export; what is raised here is only logged.

    Of a run that was killed, the next one tells when it begins.
    """
