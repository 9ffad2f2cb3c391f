"""The published database as Parquet files, for engines that do not read DuckDB's.

    FOLDER/current -> 2026-11-22T08-50-39-1a2b3c4d      replaced in one step when all is written
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/manifest.json   what there is: schemas, files, rows, hashes
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/article/month=2015-05/data_0.parquet
    FOLDER/2026-11-22T08-50-39-1a2b3c4d/entity/data_0.parquet

Tables of which each row belongs to an article are cut by the month in which it was published, in UTC. The export
before the current one stays, for whoever is still reading it.
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
from ..model.row import quote_identifier, quote_literal
from ..warehouse.database import Warehouse

CURRENT = "current"
MANIFEST = "manifest.json"
FORMAT = 1
"""The version of the layout and of the manifest."""
MONTH = "month"
UNDATED = "undated"
"""The partition of articles that have no date, and of documents that are no article."""

_PARTIAL = ".partial-"
# Of what is not yet written so much is held in memory, whatever a document has.
_OPTIONS = "format parquet, compression zstd, row_group_size_bytes '32MB', return_stats"
# Engines agree on these and not on more: what is an identifier or JSON for DuckDB is text for others.
_PORTABLE = {"UUID": "VARCHAR", "JSON": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class Export:
    """An export, made now or before."""

    folder: Path
    manifest: Mapping[str, Any]
    new: bool
    """Whether it was made now; otherwise it was there already."""


def export(directory: Path, lake: Path) -> Export:
    """Write what is published into a new folder in `lake` and make it the current one; nothing if it is already.

    Raises WarehouseError when nothing is published, or something that is no export is in the way.
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
        raise WarehouseError(current, "is no link that an export has made. Choose another folder, or move it away")
    before = _manifest(current)
    if before and {key: before.get(key) for key in source} == source and _is_whole(current.resolve(), before):
        return Export(current.resolve(), before, new=False)

    for leftover in lake.glob(f"{_PARTIAL}*"):
        if leftover.is_symlink():
            leftover.unlink()
        else:
            shutil.rmtree(leftover)
    partial = lake / f"{_PARTIAL}{run_id}"
    partial.mkdir()
    connection.execute("set timezone = 'UTC'")
    # What `row_group_size_bytes` asks for.
    connection.execute("set preserve_insertion_order = false")
    tables = {name: _written(connection, partial, name) for name in _tables(connection)}
    manifest = {**source, "created": datetime.now(UTC).isoformat("T", "seconds"), "tables": tables}
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")
    folder = lake / f"{started_at.astimezone(UTC):%Y-%m-%dT%H-%M-%S}-{run_id[:8]}"
    while folder.exists():
        # The same run exported by another version, or damaged since.
        folder = folder.with_name(f"{folder.name}x")
    partial.rename(folder)
    _point(current, folder)
    keep = {folder.name, before["folder"] if before else ""}
    for old in lake.iterdir():
        if old.name not in keep and not old.is_symlink() and _manifest(old) is not None:
            # Without its name first: one that is half removed would not be known again for an export.
            shutil.rmtree(old.rename(lake / f"{_PARTIAL}{old.name}"))
    return Export(folder, manifest, new=True)


def _written(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> dict[str, Any]:
    """Write a table; what the manifest says of it."""
    columns = connection.execute(
        """
        -- What are a table's columns?
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
        # Year by year, since each month that is being written has its own memory; and in the order in which rows come,
        # since sorting has to hold what it sorts.
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
        # Also of an empty table: its columns are known by its file.
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
        "files": [_described(Path(name), rows, folder) for name, rows, *_ in sorted(files)],
    }


def _described(file: Path, rows: int, folder: Path) -> dict[str, Any]:
    with file.open("rb+") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        os.fsync(content.fileno())
    return {
        "path": file.relative_to(folder).as_posix(),
        "rows": rows,
        "bytes": file.stat().st_size,
        "sha256": digest,
    }


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select table_name from duckdb_tables() where database_name = current_database() order by 1"
    return [name for (name,) in connection.execute(query).fetchall()]


def _point(current: Path, folder: Path) -> None:
    """Make the link `current` lead to a folder, in one step."""
    link = current.with_name(f"{_PARTIAL}{CURRENT}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name, target_is_directory=True)
    link.replace(current)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an export, with the name of its folder; None for what is none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        return {**manifest, "folder": folder.resolve().name} if manifest["format"] and manifest["tables"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(folder: Path, manifest: Mapping[str, Any]) -> bool:
    files = [file for table in manifest["tables"].values() for file in table["files"]]
    there = ((folder / file["path"], file["bytes"]) for file in files)
    return all(path.exists() and path.stat().st_size == size for path, size in there)
