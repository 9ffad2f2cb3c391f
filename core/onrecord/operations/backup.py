"""Backups: folders with a warehouse's databases and a manifest.

The live database is the whole state: after restoring it nothing is lost and nothing recomputed. The published one is
included so that readers need not wait for a run. Settings and plugins are the user's own files and not included.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
from filelock import FileLock

from ..errors import LockedError, OnrecordError, WarehouseError
from ..warehouse.database import LIVE, PUBLISHED, Warehouse, replace_file
from ..warehouse.lock import lock_warehouse
from ..warehouse.migrations import unknown_migrations

MANIFEST = "backup.json"
FORMAT = 1
"""The version of the manifest and of the folder's layout."""
_PARTIAL = ".partial"
_SAME = ("warehouse", "begun")
"""The keys of the manifest that identify a warehouse: its path, and when its database was created, since in containers
all warehouses may have the same path."""
_PATIENCE = 60.0
"""Seconds to wait for a load to end."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made or restored."""

    folder: Path
    manifest: Mapping[str, Any]
    removed: tuple[Path, ...] = ()
    """The older backups that were deleted, being more than `keep`."""

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return sum(int(file["bytes"]) for file in self.manifest["files"].values())


def backup(directory: Path, into: Path, *, keep: int | None = None) -> Backup:
    """Copy a warehouse into a new folder in `into`, also during a run.

    Only the latest `keep` backups of this warehouse are kept there. The folder gets its name when its content is on the
    disk. Raises WarehouseError if there is no warehouse, or `into` cannot be used.
    """
    warehouse = Warehouse(directory)
    if not warehouse.live.exists():
        raise WarehouseError(directory, "there is no warehouse here to back up")
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(into, f"cannot hold backups: {error.strerror}; name another folder") from error
    # One at a time: the unfinished folder of another backup would be taken for a leftover.
    with FileLock(into / ".lock"):
        return _backup(warehouse, into, keep)


def _backup(warehouse: Warehouse, into: Path, keep: int | None) -> Backup:
    created = datetime.now(UTC)
    folder = into / f"onrecord-{created:%Y-%m-%dT%H-%M-%S-%f}"
    partial = folder.with_name(folder.name + _PARTIAL)
    for leftover in into.glob(f"onrecord-*{_PARTIAL}"):
        shutil.rmtree(leftover)
    partial.mkdir()
    try:
        _copy_both(warehouse, partial)
        manifest = {
            "format": FORMAT,
            "created": created.isoformat(),
            "onrecord_version": metadata.version("onrecord"),
            "warehouse": str(warehouse.directory.resolve()),
            **_read_state(partial / LIVE),
            "files": {file.name: _describe_file(file) for file in sorted(partial.iterdir())},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        _flush_to_disk(partial / MANIFEST)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    surplus = _find_others(manifest, folder)[keep - 1 :] if keep else []
    for old in surplus:
        # Renamed first: a folder that is deleted only in part must not be taken for a backup.
        shutil.rmtree(old.rename(old.with_name(old.name + _PARTIAL)))
    return Backup(folder, manifest, tuple(surplus))


def _find_others(manifest: Mapping[str, Any], folder: Path) -> list[Path]:
    """Find the other backups of the same warehouse beside a backup, the latest first."""
    found = []
    for file in folder.parent.glob(f"onrecord-*/{MANIFEST}"):
        with suppress(WarehouseError):
            theirs = _read_manifest(file.parent)
            if file.parent != folder and all(theirs.get(name) == manifest[name] for name in _SAME):
                found.append(file.parent)
    return sorted(found, reverse=True)


def restore(folder: Path, directory: Path, *, force: bool = False) -> Backup:
    """Restore a backup as the warehouse in `directory`.

    With `force` it replaces a warehouse that exists there. Raises WarehouseError for a backup that is damaged, that
    this version cannot read, or that would replace a warehouse without `force`.
    """
    manifest = _read_manifest(folder)
    warehouse = Warehouse(directory)
    if not force and (existing := [file for file in (warehouse.live, warehouse.published) if file.exists()]):
        raise WarehouseError(existing[0], "there is a warehouse already. Restore into another folder, or use --force")
    with lock_warehouse(directory, wait=False):
        copies = {name: (directory / name).with_suffix(".restoring") for name in manifest["files"]}
        try:
            for name, expected in manifest["files"].items():
                shutil.copyfile(folder / name, copies[name])
                if (found := _describe_file(copies[name])) != expected:
                    raise WarehouseError(
                        folder / name, f"is damaged: it has {found}, and {MANIFEST} says {dict(expected)}"
                    )
                _read_state(copies[name])
            # The published one first: after a kill in between, the next run publishes the old live database again.
            if PUBLISHED in copies:
                replace_file(copies[PUBLISHED], warehouse.published)
            else:
                warehouse.published.unlink(missing_ok=True)
            # The write-ahead log of a killed run would be applied to the new file.
            _write_ahead_log(warehouse.live).unlink(missing_ok=True)
            replace_file(copies[LIVE], warehouse.live)
        finally:
            for file in copies.values():
                file.unlink(missing_ok=True)
    return Backup(folder, manifest)


def _copy_both(warehouse: Warehouse, into: Path) -> None:
    try:
        # While no run holds the lock, copying may take its time.
        with lock_warehouse(warehouse.directory, wait=False):
            _copy_now(warehouse, into)
    except LockedError:
        # Between two loads of the run, which waits up to a minute, as for any other reader.
        _copy_now(warehouse, into)


def _copy_now(warehouse: Warehouse, into: Path) -> None:
    # The published one first: it must never be ahead of the live one.
    if warehouse.published.exists():
        # The file is only ever replaced: once open, its content does not change.
        with warehouse.published.open("rb") as source:
            _copy(source, into / PUBLISHED)
    with _open_locked(warehouse.live) as source:
        _copy(source, into / LIVE)
        if _write_ahead_log(warehouse.live).exists():
            with _write_ahead_log(warehouse.live).open("rb") as source_log:
                _copy(source_log, _write_ahead_log(into / LIVE))
    if _write_ahead_log(into / LIVE).exists():
        # A killed process left its write-ahead log: folded in, so that the backup is one file.
        with duckdb.connect(into / LIVE) as connection:
            connection.execute("checkpoint")


@contextmanager
def _open_locked(database: Path) -> Iterator[BinaryIO]:
    """Open a database file under a shared lock, as DuckDB takes it to read.

    Inside the block no process writes to it.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        file = database.open("rb")
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            # Maintenance may have replaced the file.
            if os.fstat(file.fileno()).st_ino == database.stat().st_ino:
                break
        except OSError as error:
            if time.monotonic() > deadline:
                file.close()
                raise WarehouseError(database, f"was being written to for {_PATIENCE:.0f} seconds") from error
        file.close()
        time.sleep(0.01)
    try:
        # Closing any handle of this process on the file releases the lock.
        yield file
    finally:
        file.close()


def _copy(source: BinaryIO, target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())


def _read_state(database: Path) -> dict[str, Any]:
    """Read the state of a database for the manifest.

    Raises WarehouseError if it cannot be opened, or a newer version of onrecord has migrated it.
    """
    try:
        with duckdb.connect(database, read_only=True) as connection:
            if newer := unknown_migrations(connection):
                reason = f"has migration {max(newer)}, which this version of onrecord does not know. Upgrade onrecord"
                raise WarehouseError(database, reason)
            found = connection.execute(
                """
                -- Which run is the last, which migration, when was the database created, how many articles has it?
                select
                    (select max_by(run_id, started_at)::varchar from run),
                    (select max(number) from migration),
                    (select min(applied_at) from migration),
                    (select count(*) from article)
                """
            ).fetchall()
    except (duckdb.Error, OnrecordError) as error:
        if isinstance(error, WarehouseError):
            raise
        raise WarehouseError(database, f"cannot be read as a warehouse: {error}") from error
    run_id, migration, begun, articles = found[0]
    begun = begun and begun.astimezone(UTC).isoformat()
    return {"run_id": run_id, "migration": migration, "begun": begun, "articles": articles}


def _read_manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(file.read_text("utf-8"))
        known = manifest["format"] == FORMAT and LIVE in manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(folder, f"is not a backup: {file.name} cannot be read: {error}") from error
    if not known or not manifest["files"].keys() <= {LIVE, PUBLISHED}:
        raise WarehouseError(file, f"has another format than {FORMAT}, the only one that this version knows")
    return manifest


def _describe_file(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def _write_ahead_log(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


def _flush_to_disk(file: Path) -> None:
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())
