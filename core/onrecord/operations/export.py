"""Parquet exports of the published database.

    FOLDER/current -> 2026-11-22T08-50-39-1a2b3c4d      replaced in one step when all files are written
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/manifest.json   schemas, files, rows, hashes
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/article/month=2015-05/data_0.parquet
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/entity/data_0.parquet

Tables whose rows belong to articles are partitioned by the month of publication, in UTC. The export before the
current one is kept for processes that still read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from ..errors import WarehouseError
from ..sql import quote_identifier, quote_literal
from ..warehouse.database import Warehouse
from ..warehouse.schema import read_columns

CURRENT = "current"
MANIFEST = "manifest.json"
FORMAT = 1
"""The version of the layout and of the manifest."""
MONTH = "month"
UNDATED = "undated"
"""The partition of articles without a date, and of documents without an article."""

_PARTIAL = ".partial-"
# Row groups of this size bound memory, however large the documents are.
_OPTIONS = "format parquet, compression zstd, row_group_size_bytes '32MB', return_stats"
# Not all engines know DuckDB's types UUID and JSON, but all know text.
_PORTABLE = {"UUID": "VARCHAR", "JSON": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class Export:
    """A Parquet export."""

    folder: Path
    manifest: Mapping[str, Any]
    new: bool
    """Whether it was made now, and did not exist already."""


def export(directory: Path, lake: Path) -> Export:
    """Export the published database to a new folder in `lake`.

    The link `current` then points to it. Nothing is written if the current export has the same state. Raises
    WarehouseError if nothing is published, or if `current` is not the link that an export made.
    """
    connection = Warehouse(directory).open_published()
    try:
        lake.mkdir(parents=True, exist_ok=True)
        with FileLock(lake / ".lock"):
            return _export(connection, lake)
    finally:
        connection.close()


def _export(connection: duckdb.DuckDBPyConnection, lake: Path) -> Export:
    run_id, started_at = connection.execute(
        "select run_id::varchar, started_at from run order by started_at desc limit 1"
    ).fetchall()[0]
    version = metadata.version("onrecord")
    source = {"run_id": run_id, "onrecord_version": version, "format": FORMAT}
    current = lake / CURRENT
    if current.exists() and not current.is_symlink():
        raise WarehouseError(current, "is not a link made by an export. Choose another folder, or move it away")
    before = _read_manifest(current)
    if before and {key: before.get(key) for key in source} == source and _is_complete(current.resolve(), before):
        return Export(current.resolve(), before, new=False)

    for leftover in lake.glob(f"{_PARTIAL}*"):
        if leftover.is_symlink():
            leftover.unlink()
        else:
            shutil.rmtree(leftover)
    partial = lake / f"{_PARTIAL}{run_id}"
    partial.mkdir()
    connection.execute("set timezone = 'UTC'")
    # `row_group_size_bytes` requires it.
    connection.execute("set preserve_insertion_order = false")
    tables = {name: _write_table(connection, partial, name) for name in read_columns(connection)}
    manifest = {**source, "created": datetime.now(UTC).isoformat("T", "seconds"), "tables": tables}
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")
    folder = lake / f"{started_at.astimezone(UTC):%Y-%m-%dT%H-%M-%S}-{run_id[:8]}"
    while folder.exists():
        # An export of the same run by another version, or a damaged one.
        folder = folder.with_name(f"{folder.name}x")
    partial.rename(folder)
    _set_link(current, folder)
    keep = {folder.name, before["folder"] if before else ""}
    for old in lake.iterdir():
        if old.name not in keep and not old.is_symlink() and _read_manifest(old) is not None:
            # Renamed first: a folder that is deleted only in part would no longer be recognized as an export.
            shutil.rmtree(old.rename(lake / f"{_PARTIAL}{old.name}"))
    return Export(folder, manifest, new=True)


def _write_table(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> dict[str, Any]:
    """Write a table as Parquet files; return its entry in the manifest."""
    columns = connection.execute(
        """
        -- Which columns does a table have?
        select column_name, data_type, is_nullable, comment
        from duckdb_columns()
        where table_name = $table and database_name = current_database()
        order by column_index
        """,
        {"table": table},
    ).fetchall()
    names = [name for name, *_ in columns]
    types = {name: _PORTABLE.get(data_type, data_type) for name, data_type, *_ in columns}
    selected = ", ".join(f"t.{quote_identifier(name)}::{types[name]} as {quote_identifier(name)}" for name in names)
    by_month = "article_id" in names and MONTH not in names
    (folder / table).mkdir()
    files: list[tuple[Any, ...]] = []
    if by_month:
        source = f"""
            from {quote_identifier(table)} t
            left join (select article_id, strftime(published_at, '%Y-%m') as {MONTH} from article) d
                on d.article_id = t.article_id
        """
        target = f"{quote_literal(str(folder / table))} ({_OPTIONS}, partition_by ({MONTH}), overwrite_or_ignore)"
        # Year by year, since each open partition needs memory of its own; unsorted, since sorting holds all rows.
        for year, first, last in connection.execute(
            f"select left({MONTH}, 4) as year, min(t.rowid), max(t.rowid) {source} group by all order by all"
        ).fetchall():
            query = f"""
                select {selected}, coalesce(d.{MONTH}, '{UNDATED}') as {MONTH} {source}
                where t.rowid between $first and $last and left(d.{MONTH}, 4) is not distinct from $year
            """
            parameters = {"first": first, "last": last, "year": year}
            files += connection.execute(f"copy ({query}) to {target}", parameters).fetchall()
    if not files:
        # An empty table gets a file too, which has its columns.
        inside = folder / table / (f"{MONTH}={UNDATED}" if by_month else "")
        inside.mkdir(exist_ok=True)
        target = f"{quote_literal(str(inside / 'data_0.parquet'))} ({_OPTIONS})"
        files = connection.execute(f"copy (select {selected} from {quote_identifier(table)} t) to {target}").fetchall()
    comment = connection.execute(
        "select comment from duckdb_tables() where table_name = $table and database_name = current_database()",
        {"table": table},
    ).fetchall()
    return {
        "description": comment[0][0],
        "rows": sum(rows for _, rows, *_ in files),
        "partitioned_by": [MONTH] if by_month else [],
        "columns": [
            {"name": name, "type": types[name], "nullable": nullable, "description": description}
            for name, _, nullable, description in columns
        ],
        "files": [_describe_file(Path(name), rows, folder) for name, rows, *_ in sorted(files)],
    }


def _describe_file(file: Path, rows: int, folder: Path) -> dict[str, Any]:
    with file.open("rb+") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        os.fsync(content.fileno())
    return {
        "path": file.relative_to(folder).as_posix(),
        "rows": rows,
        "bytes": file.stat().st_size,
        "sha256": digest,
    }


def _set_link(current: Path, folder: Path) -> None:
    """Make the link `current` point to a folder, in one step."""
    link = current.with_name(f"{_PARTIAL}{CURRENT}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name, target_is_directory=True)
    link.replace(current)


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of an export; None if the folder is not one.

    The key `folder` has the folder's name.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        return {**manifest, "folder": folder.resolve().name} if manifest["format"] and manifest["tables"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_complete(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether all files of the manifest exist with their sizes."""
    files = [file for table in manifest["tables"].values() for file in table["files"]]
    expected = ((folder / file["path"], file["bytes"]) for file in files)
    return all(path.exists() and path.stat().st_size == size for path, size in expected)
