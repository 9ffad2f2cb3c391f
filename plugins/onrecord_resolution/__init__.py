"""Entities that mentions across articles refer to, in five steps; see steps.py."""

from __future__ import annotations

from collections.abc import Callable

from onrecord import Aggregator, Annotator, hookimpl

from .steps import ArticleNames, ClaimEntities, MentionEntities, NameMatching, Resolution

ONRECORD_API = 1


@hookimpl
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register the annotator `article_names`."""
    register(ArticleNames())


@hookimpl
def register_aggregators(register: Callable[[Aggregator], None]) -> None:
    """Register the aggregators that make entities."""
    for aggregator in (NameMatching(), MentionEntities(), ClaimEntities(), Resolution()):
        register(aggregator)
