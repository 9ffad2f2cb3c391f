"""What a line of a log file looks like, and what work it is about."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pythonjsonlogger.json import JsonFormatter

LogFormat: TypeAlias = Literal["text", "json"]

_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)


@contextmanager
def log_context(**fields: Any) -> Iterator[None]:
    """Have all that is logged in the block, by whomever, say that it is about this stage, batch or component."""
    token = _about.set({**(_about.get() or {}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


class ContextFields(logging.Filter):
    """Gives records the fields run, stage, component and batch, as far as they are known; for handlers."""

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


DATE_GLOB = "????-??-??T??-??-??"
"""What the names of files from `log_file_path` have in common, for a glob."""


def log_file_path(warehouse: Path, what: str) -> Path:
    """The log file of something that begins now: `run`, say."""
    return warehouse / "logs" / f"{what}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.log"


def open_log_handler(file: Path, form: LogFormat) -> logging.Handler:
    """What writes to a log file, whose folder is made if need be."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(file, delay=True, encoding="utf-8")
    handler.setFormatter(make_formatter(form))
    handler.addFilter(ContextFields())
    return handler


@contextmanager
def log_to_file(file: Path, form: LogFormat) -> Iterator[None]:
    """Have a file get all that is logged in the block, beside whoever gets it already.

    What goes to the terminal, or to whoever collects it from there, has the same form where that is `json`.
    """
    handler = open_log_handler(file, form)
    # Loggers that do not hand on to the root have to be given it themselves.
    loggers = [each for each in map(logging.getLogger, logging.root.manager.loggerDict) if not each.propagate]
    loggers.append(logging.root)
    terminal = [each for logger in loggers for each in logger.handlers if _is_terminal(each)] if form == "json" else []
    before = [(each, each.formatter) for each in terminal]
    fields = ContextFields()
    ours = logging.getLogger("onrecord")
    level = ours.level
    try:
        ours.setLevel(logging.INFO)
        for logger in loggers:
            logger.addHandler(handler)
        for each in terminal:
            each.setFormatter(make_formatter(form))
            each.addFilter(fields)
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        for each, its in before:
            each.setFormatter(its)
            each.removeFilter(fields)
        ours.setLevel(level)
        handler.close()


def _is_terminal(handler: logging.Handler) -> bool:
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and handler.stream in streams


def make_formatter(form: LogFormat) -> logging.Formatter:
    """How records are written: as lines for people, or as a JSON object each."""
    if form == "json":
        names = {"levelname": "level", "name": "logger"}
        return JsonFormatter(
            ["levelname", "name", "message"], rename_fields=names, timestamp="time", json_ensure_ascii=False
        )
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
