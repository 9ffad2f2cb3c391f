"""Backups: a folder like the warehouse's own, with its two databases as they were at one moment, and a manifest.

The live database is the state: whoever has it back loses nothing and recomputes nothing. The published one comes
along so that readers need not wait for a run. Settings and plugins are files of yours and not in it.
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
"""The version of the manifest, and of what lies beside it."""
_PARTIAL = ".partial"
_SAME = ("warehouse", "begun")
"""What a manifest tells warehouses apart by: where it is, and, since in containers all may be at the same place, when
its database was made."""
_PATIENCE = 60.0
"""Seconds to wait for a load to end."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made or put back."""

    folder: Path
    manifest: Mapping[str, Any]
    removed: tuple[Path, ...] = ()
    """Older ones that went because there were more than were to be kept."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(int(file["bytes"]) for file in self.manifest["files"].values())


def backup(directory: Path, into: Path, *, keep: int | None = None) -> Backup:
    """Copy a warehouse into a new folder in `into`, also while a run goes on; keep only its latest `keep` there.

    The folder gets its name when all that is in it is on the disk. Raises WarehouseError.
    """
    warehouse = Warehouse(directory)
    if not warehouse.live.exists():
        raise WarehouseError(directory, "there is no warehouse here to make a backup of")
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(into, f"cannot have backups: {error.strerror}; name another folder") from error
    # One at a time: what another one has half made would be taken for a leftover.
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
        described = {
            "format": FORMAT,
            "created": created.isoformat(),
            "onrecord_version": metadata.version("onrecord"),
            "warehouse": str(warehouse.directory.resolve()),
            **_opened(partial / LIVE),
            "files": {file.name: _described(file) for file in sorted(partial.iterdir())},
        }
        (partial / MANIFEST).write_text(json.dumps(described, indent=2) + "\n")
        _to_disk(partial / MANIFEST)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    too_many = _others_of(described, folder)[keep - 1 :] if keep else []
    for each in too_many:
        # Without its name first: a backup that is half removed must not be taken for one.
        shutil.rmtree(each.rename(each.with_name(each.name + _PARTIAL)))
    return Backup(folder, described, tuple(too_many))


def _others_of(described: Mapping[str, Any], folder: Path) -> list[Path]:
    """The other backups of the same warehouse beside a backup, the latest first."""
    found = []
    for file in folder.parent.glob(f"onrecord-*/{MANIFEST}"):
        with suppress(WarehouseError):
            theirs = _manifest(file.parent)
            if file.parent != folder and all(theirs.get(name) == described[name] for name in _SAME):
                found.append(file.parent)
    return sorted(found, reverse=True)


def restore(folder: Path, directory: Path, *, force: bool = False) -> Backup:
    """Make a backup the warehouse in `directory`; with `force` also in place of one that is there.

    Raises WarehouseError for a backup that is not whole, that this version cannot read, or that would replace one.
    """
    manifest = _manifest(folder)
    warehouse = Warehouse(directory)
    if not force and (there := [file for file in (warehouse.live, warehouse.published) if file.exists()]):
        raise WarehouseError(there[0], "there is a warehouse already. Restore into another folder, or use --force")
    with lock_warehouse(directory, wait=False):
        staged = {name: (directory / name).with_suffix(".restoring") for name in manifest["files"]}
        try:
            for name, described in manifest["files"].items():
                shutil.copyfile(folder / name, staged[name])
                if (found := _described(staged[name])) != described:
                    raise WarehouseError(
                        folder / name, f"is damaged: it has {found}, and {MANIFEST} says {dict(described)}"
                    )
                _opened(staged[name])
            # The published one first: killed in between, there is the old warehouse, which publishes itself anew.
            if PUBLISHED in staged:
                replace_file(staged[PUBLISHED], warehouse.published)
            else:
                warehouse.published.unlink(missing_ok=True)
            # The write-ahead log of a killed run would be taken for that of the new file.
            _log_of(warehouse.live).unlink(missing_ok=True)
            replace_file(staged[LIVE], warehouse.live)
        finally:
            for file in staged.values():
                file.unlink(missing_ok=True)
    return Backup(folder, manifest)


def _copy_both(warehouse: Warehouse, into: Path) -> None:
    try:
        # With nobody at work the copying may take its time.
        with lock_warehouse(warehouse.directory, wait=False):
            _copy_now(warehouse, into)
    except LockedError:
        # Between two loads of the run. It waits for us as it does for anybody who reads: a minute.
        _copy_now(warehouse, into)


def _copy_now(warehouse: Warehouse, into: Path) -> None:
    # First the published one: what readers have is then never ahead of the live one.
    if warehouse.published.exists():
        # It is never written to, only replaced; an open file stays what it was.
        with warehouse.published.open("rb") as source:
            _copy(source, into / PUBLISHED)
    with _unwritten(warehouse.live) as source:
        _copy(source, into / LIVE)
        if _log_of(warehouse.live).exists():
            with _log_of(warehouse.live).open("rb") as source_log:
                _copy(source_log, _log_of(into / LIVE))
    if _log_of(into / LIVE).exists():
        # What a killed process left: folded in, so that a backup is a file and not two.
        with duckdb.connect(into / LIVE) as connection:
            connection.execute("checkpoint")


@contextmanager
def _unwritten(database: Path) -> Iterator[BinaryIO]:
    """A database file that nobody writes to while the block lasts: DuckDB itself takes such a lock to read."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        file = database.open("rb")
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            # Maintenance may have put another file in its place.
            if os.fstat(file.fileno()).st_ino == database.stat().st_ino:
                break
        except OSError as error:
            if time.monotonic() > deadline:
                file.close()
                raise WarehouseError(database, f"was being written to for {_PATIENCE:.0f} seconds") from error
        file.close()
        time.sleep(0.01)
    try:
        # Closing it, or any other handle of this process on it, lets go of the lock.
        yield file
    finally:
        file.close()


def _copy(source: BinaryIO, target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())


def _opened(database: Path) -> dict[str, Any]:
    """What a database says of itself. Raises WarehouseError if it cannot be opened, or is newer than this program."""
    try:
        with duckdb.connect(database, read_only=True) as connection:
            if newer := unknown_migrations(connection):
                reason = f"has migration {max(newer)}, which this version of onrecord does not know. Upgrade onrecord"
                raise WarehouseError(database, reason)
            found = connection.execute(
                """
                -- What state is this, how far do its migrations go, and when was it made?
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


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(file.read_text("utf-8"))
        known = manifest["format"] == FORMAT and LIVE in manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(folder, f"is no backup: {file.name} cannot be read: {error}") from error
    if not known or not manifest["files"].keys() <= {LIVE, PUBLISHED}:
        raise WarehouseError(file, f"is of another format than {FORMAT}, which is all that this version knows")
    return manifest


def _described(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def _log_of(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


def _to_disk(file: Path) -> None:
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())
