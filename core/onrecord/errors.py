"""Every error that onrecord raises on purpose: what, where, which value, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class OnrecordError(Exception):
    """Base of all errors below; its text is meant for the person who ran the command."""


class ConfigError(OnrecordError):
    """A configuration file or environment variable that cannot be used."""

    def __init__(self, file: Path | None, table: str, key: str, reason: str, value: Any = None) -> None:
        self.file, self.table, self.key, self.reason, self.value = file, table, key, reason, value
        place = f"{file or 'the environment'}: "
        if table:
            place += f"table [{table}]: "
        if key:
            place += f"key `{key}`: "
        shown = "" if value is None else f" (it is {value!r})"
        super().__init__(f"{place}{reason}{shown}")


class PluginError(OnrecordError):
    """A plugin that cannot be imported, is not valid, or clashes with another one."""

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin, self.reason = plugin, reason
        super().__init__(f"plugin `{plugin}`: {reason}")


class RowError(OnrecordError):
    """A row class that cannot become a table, or a row that does not fit its table."""

    def __init__(self, table: str, column: str, reason: str, value: Any = None) -> None:
        self.table, self.column, self.reason, self.value = table, column, reason, value
        where = f"column `{table}.{column}`" if column else f"table `{table}`"
        shown = "" if value is None else f" (it is {value!r})"
        super().__init__(f"{where}: {reason}{shown}")


class SchemaError(OnrecordError):
    """A table in the warehouse that cannot become what its row class now says."""

    def __init__(self, table: str, column: str, reason: str, remedy: str) -> None:
        self.table, self.column, self.reason, self.remedy = table, column, reason, remedy
        super().__init__(f"table `{table}`, column `{column}`: {reason}. {remedy}")


class WarehouseError(OnrecordError):
    """A warehouse that cannot be opened, read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class LockedError(WarehouseError):
    """Another process is writing to the warehouse; `holder` says which."""

    def __init__(self, path: Path, holder: str) -> None:
        self.holder = holder
        super().__init__(path, f"{holder} is writing to this warehouse. Wait for it to end, or stop it")


class CheckError(OnrecordError):
    """Checks that failed before publishing; the published database was left as it was."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        lines = "\n".join(f"  - {failure}" for failure in failures)
        super().__init__(f"not published, {len(self.failures)} check(s) failed:\n{lines}")


class TooLargeError(OnrecordError):
    """A document with more bytes than the configuration allows; it is not stored."""

    def __init__(self, uri: str, limit: int, size: int | None = None) -> None:
        self.uri, self.limit, self.size = uri, limit, size
        has = "has more bytes" if size is None else f"has {size:,} bytes, more"
        super().__init__(
            f"{uri} {has} than the {limit:,} that [run] document_bytes allows. If it is one article, give its text "
            "without pictures and data, or raise that setting and have it tried again with onrecord quarantine retry"
        )


class TransientError(OnrecordError):
    """Raised by an ingestor for what may work later (a time-out, a busy server).

    The subject is tried again with growing pauses, then by every later run, until it works. An
    `OSError` (a network error, a file that is locked) is treated in the same way.
    """


PLUGIN_FAILURES = (Exception, SystemExit, asyncio.CancelledError)
"""What counts as a failure of a plugin wherever its code is called. Not KeyboardInterrupt: that is the operator."""
