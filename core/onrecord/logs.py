"""Log files: their format, and the context of their records."""

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

_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)


@contextmanager
def log_context(**fields: Any) -> Iterator[None]:
    """Attach these fields to every record logged inside the block."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


@contextmanager
def hold_warnings() -> Iterator[list[logging.LogRecord]]:
    """Collect the log records of the block in a list, instead of logging them."""
    held: list[logging.LogRecord] = []

    def hold(record: logging.LogRecord) -> bool:
        held.append(record)
        return False

    logger = logging.getLogger("onrecord")
    logger.addFilter(hold)
    try:
        yield held
    finally:
        logger.removeFilter(hold)


class ContextFields(logging.Filter):
    """Filter that adds the fields run, stage, component and batch to records."""

    def __init__(self) -> None:
        super().__init__()
        self._run: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields; every record passes."""
        event = getattr(record, "event", None)
        if event == "begun":
            self._run = getattr(record, "run_id", None)
        known = {"run": self._run, "batch": getattr(record, "number", None), **(_context.get() or {})}
        for name, value in known.items():
            if value is not None and not hasattr(record, name):
                setattr(record, name, value)
        return True


DATE_GLOB = "????-??-??T??-??-??"
"""The glob for the time in a name from `log_file_path`."""


def log_file_path(warehouse: Path, what: str) -> Path:
    """Return the path of a new log file, e.g. for `run`, named by the current time."""
    return warehouse / "logs" / f"{what}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.log"


def open_log_handler(file: Path, form: LogFormat) -> logging.FileHandler:
    """Make a handler that writes to a log file, and the file's folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(file, delay=True, encoding="utf-8")
    handler.setFormatter(make_formatter(form))
    handler.addFilter(ContextFields())
    return handler


@contextmanager
def log_to_file(file: Path, form: LogFormat) -> Iterator[None]:
    """Also write all records logged inside the block to a file.

    With the format `json`, records on the terminal, which a log collector may read, become JSON too.
    """
    handler = open_log_handler(file, form)
    # Loggers that do not propagate to the root need the handler too.
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
    """Make the formatter for plain lines or for JSON objects."""
    if form == "json":
        fields, names = ["levelname", "name", "message"], {"levelname": "level", "name": "logger"}
        return JsonFormatter(fields, rename_fields=names, timestamp="time", json_ensure_ascii=False)
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
