"""The default English pipeline: names, sentences and attributions by one network."""

from __future__ import annotations

from collections.abc import Callable

from onrecord import Pipeline, hookimpl

from .english import load

ONRECORD_API = 1


@hookimpl
def register_pipelines(register: Callable[[Pipeline], None]) -> None:
    """Register the pipeline for English."""
    register(Pipeline("en", "onrecord_en", "2", load))
