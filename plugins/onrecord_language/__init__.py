"""A blank English spaCy pipeline with sentences by rule: what annotators get as `article.doc` by default."""

from __future__ import annotations

from collections.abc import Callable

from onrecord import Pipeline, hookimpl

from .english import load

ONRECORD_API = 1


@hookimpl
def register_pipelines(register: Callable[[Pipeline], None]) -> None:
    """Register the pipeline for English."""
    register(Pipeline("en", "onrecord_en_rules", "1", load))
