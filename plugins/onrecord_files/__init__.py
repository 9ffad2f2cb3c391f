"""Articles from files and folders, with metadata from sidecars and front matter."""

from __future__ import annotations

from collections.abc import Callable

from onrecord import Ingestor, hookimpl

from .ingestor import Files

ONRECORD_API = 1

__all__ = ["Files", "register_ingestors"]


@hookimpl
def register_ingestors(register: Callable[[Ingestor], None]) -> None:
    register(Files())
