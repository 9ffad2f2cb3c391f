"""The errors of onrecord, each with the place, the value and a remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class OnrecordError(Exception):
    """Base of all errors below; its message is meant for the user."""


class ConfigError(OnrecordError):
    """A configuration file or environment variable is invalid."""

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
    """A plugin cannot be imported, is invalid, or clashes with another one."""

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin, self.reason = plugin, reason
        super().__init__(f"plugin `{plugin}`: {reason}")


class RowError(OnrecordError):
    """A row class does not describe a table, or a row does not fit its table."""

    def __init__(self, table: str, column: str, reason: str, value: Any = None) -> None:
        self.table, self.column, self.reason, self.value = table, column, reason, value
        where = f"column `{table}.{column}`" if column else f"table `{table}`"
        shown = "" if value is None else f" (it is {value!r})"
        super().__init__(f"{where}: {reason}{shown}")


class SchemaError(OnrecordError):
    """A table in the warehouse cannot be migrated to its row class."""

    def __init__(self, table: str, column: str, reason: str, remedy: str) -> None:
        self.table, self.column, self.reason, self.remedy = table, column, reason, remedy
        super().__init__(f"table `{table}`, column `{column}`: {reason}. {remedy}")


class WarehouseError(OnrecordError):
    """A warehouse cannot be opened, read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class LockedError(WarehouseError):
    """Another process, named by `holder`, is writing to the warehouse."""

    def __init__(self, path: Path, holder: str) -> None:
        self.holder = holder
        super().__init__(path, f"{holder} is writing to this warehouse. Wait for it to end, or stop it")


class CheckError(OnrecordError):
    """Checks before publishing failed; the published database is unchanged."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        lines = "\n".join(f"  - {failure}" for failure in failures)
        super().__init__(f"not published, {len(self.failures)} check(s) failed:\n{lines}")


class TooLargeError(OnrecordError):
    """A document has more bytes than the configuration allows; it is not stored."""

    def __init__(self, uri: str, limit: int, size: int | None = None) -> None:
        self.uri, self.limit, self.size = uri, limit, size
        has = "has more bytes" if size is None else f"has {size:,} bytes, more"
        super().__init__(
            f"{uri} {has} than the {limit:,} that [run] document_bytes allows. If it is one article, give its text "
            "without pictures and data, or raise that setting and have it tried again with onrecord quarantine retry"
        )


class TransientError(OnrecordError):
    """A failure of an ingestor that may not recur, e.g. a timeout or a busy server.

    The subject is retried with growing pauses, then by every later run. An `OSError` (a network error, a locked file)
    is treated the same.
    """


PLUGIN_FAILURES = (Exception, SystemExit, asyncio.CancelledError)
"""The errors that count as failures of a plugin's code; KeyboardInterrupt comes from the operator."""
