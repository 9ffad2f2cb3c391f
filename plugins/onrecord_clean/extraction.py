"""Extraction of the article's text by trafilatura."""

from __future__ import annotations

import logging
from copy import deepcopy

from .page import Page

_DEEPEST = 200
_MOST_ELEMENTS = 30_000
_MOST_CHARACTERS = 1_000_000
"""Beyond these limits trafilatura takes minutes, or copies trees recursively until the stack overflows."""


def extract_text(page: Page) -> str:
    """Extract the article's text.

    Empty if trafilatura finds none or the page is beyond its limits.
    """
    characters = sum(block.length for block in page.blocks)
    if page.depth > _DEEPEST or page.elements > _MOST_ELEMENTS or characters > _MOST_CHARACTERS:
        return ""
    import trafilatura

    # It logs an error for every page without an article, which is no problem here.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

    # Favor precision: missing paragraphs inside the text are restored later by their position.
    return trafilatura.extract(deepcopy(page.root), include_comments=False, favor_precision=True) or ""
