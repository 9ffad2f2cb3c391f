"""What a library takes for the text of the article in a page."""

from __future__ import annotations

import logging
from copy import deepcopy

from .page import Page

_DEEPEST = 200
_MOST_ELEMENTS = 30_000
_MOST_CHARACTERS = 1_000_000
"""Beyond these the library takes minutes, or copies trees by recursion until the stack is full."""


def extracted(page: Page) -> str:
    """The article's text by trafilatura; empty where it finds none, or where the page is beyond it."""
    characters = sum(block.length for block in page.blocks)
    if page.depth > _DEEPEST or page.elements > _MOST_ELEMENTS or characters > _MOST_CHARACTERS:
        return ""
    import trafilatura

    # Says of every page in which it finds nothing that it does, as if that were its reader's concern.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

    # Precision, because what is missing within the text can be found again by where it stands.
    return trafilatura.extract(deepcopy(page.root), include_comments=False, favor_precision=True) or ""
