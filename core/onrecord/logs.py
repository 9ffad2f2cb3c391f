"""What a line of a log file looks like, and what work it is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Have all that is logged in the block, by whomever, say that it is about this stage, batch or plugin."""
    token = _about.set({**(_about.get() or {}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


class Fields(logging.Filter):
    """Gives records the fields run, stage, plugin and batch, as far as they are known; for handlers."""

    def __init__(self) -> None:
        super().__init__()
        self._run: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, with its fields."""
        event = getattr(record, "event", None)
        if event == "begun":
            self._run = getattr(record, "run_id", None)
        known = {"run": self._run, "batch": getattr(record, "number", None), **(_about.get() or {})}
        for name, value in known.items():
            if value is not None and not hasattr(record, name):
                setattr(record, name, value)
        return True


def formatter(form: Literal["text", "json"]) -> logging.Formatter:
    """How records are written: as lines for people, or as a JSON object each."""
    if form == "json":
        names = {"levelname": "level", "name": "logger"}
        return JsonFormatter(
            ["levelname", "name", "message"], rename_fields=names, timestamp="time", json_ensure_ascii=False
        )
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
