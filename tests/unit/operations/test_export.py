"""`export`: the published database as Parquet files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from onrecord import Annotator, Cleaner, Row
from onrecord.errors import WarehouseError
from onrecord.operations import export as lake
from onrecord.operations.export import export
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse


class Length(Row):
    """How long each article is."""

    words: int
    """How many words it has."""


class Lengths(Annotator):
    name, version, writes = "lengths", "1", (Length,)

    def annotate(self, article: Any) -> Any:
        yield Length(words=len(article.body.split()))


class Dates(Cleaner):
    name, version = "dates", "1"

    def clean(self, draft: Any) -> None:
        for year in (2015, 2016):
            if str(year) in draft.text:
                draft.published_at = datetime(year, 5, 31, 23, 30, tzinfo=UTC)


DOCUMENTS = {"a": "It was 2015.", "b": "It was 2016 by then.", "c": "It was 2016.", "d": "When?"}
LARGE = 10_000
"""Documents of 19 kB each: more than the memory that there is in the test."""


def made(folder: Path, plugin_of: Callable[..., ModuleType]) -> Sandbox:
    return Sandbox(folder, plugin_of(Lengths(), Dates()), documents=DOCUMENTS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    """A folder with a warehouse of four articles, and a lake to which it was exported; to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    assert not made(folder / "warehouse", plugin_of).run().failed
    export(folder / "warehouse", folder / "lake")
    return folder


@pytest.fixture
def sandbox(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> Sandbox:
    return made(Path(shutil.copytree(filled / "warehouse", tmp_path / "warehouse")), plugin_of)


@pytest.fixture
def exported(tmp_path: Path, filled: Path) -> Path:
    return Path(shutil.copytree(filled / "lake", tmp_path / "lake", symlinks=True))


def test_any_engine_reads_what_the_warehouse_says(sandbox: Sandbox, exported: Path) -> None:
    expected = sandbox.sql("select article_id::varchar as id, words from length order by 1")

    arrow = ds.dataset(exported / "current" / "length", partitioning="hive").to_table(["article_id", "words"])
    assert sorted(zip(*arrow.to_pydict().values(), strict=True)) == [(row["id"], row["words"]) for row in expected]

    length, article = (exported / "current" / name / "**" / "*.parquet" for name in ("length", "article"))
    joined = duckdb.sql(
        f"select month, sum(words) from '{length}' join '{article}' using (article_id, month) group by all order by all"
    )
    assert joined.fetchall() == [("2015-05", 3), ("2016-05", 8), ("undated", 1)]


def test_a_reader_of_one_month_needs_to_open_the_files_of_that_month_only(exported: Path) -> None:
    articles = ds.dataset(exported / "current" / "article", partitioning="hive")
    fragments = list(articles.get_fragments(ds.field("month") == "2016-05"))

    assert [Path(fragment.path).parent.name for fragment in fragments] == ["month=2016-05"]
    assert sum(fragment.count_rows() for fragment in fragments) == 2


def test_every_table_is_there_with_all_its_rows_and_the_manifest_says_so(sandbox: Sandbox, exported: Path) -> None:
    manifest = json.loads((exported / "current" / "manifest.json").read_text())

    tables = [row["name"] for row in sandbox.sql("select table_name as name from duckdb_tables() order by 1")]
    assert sorted(manifest["tables"]) == tables
    for name, table in manifest["tables"].items():
        assert table["rows"] == sandbox.sql(f'select count(*) as n from "{name}"')[0]["n"]
        assert table["rows"] == sum(file["rows"] for file in table["files"])
        # An empty one, such as `claim`, has a file that says which columns it would have.
        found = ds.dataset(exported / "current" / name, partitioning="hive").schema.names
        assert found == [column["name"] for column in table["columns"]] + table["partitioned_by"]
        for file in table["files"]:
            path = exported / "current" / file["path"]
            assert (path.stat().st_size, pq.read_metadata(path).num_rows) == (file["bytes"], file["rows"])
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    assert manifest["run_id"] == str(sandbox.sql("select run_id from run")[0]["run_id"])
    assert manifest["tables"]["length"]["columns"][1] == {
        "name": "words", "type": "BIGINT", "nullable": False, "description": "How many words it has."
    }  # fmt: skip


def test_identifiers_and_json_are_text_and_times_have_a_zone(exported: Path) -> None:
    types = {field.name: str(field.type) for field in pq.read_schema(next(exported.glob("current/document/*/*")))}

    assert {name: types[name] for name in ("document_id", "metadata", "content", "fetched_at")} == {
        "document_id": "string", "metadata": "string", "content": "binary", "fetched_at": "timestamp[us, tz=UTC]"
    }  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_second_export_of_the_same_writes_nothing(sandbox: Sandbox, exported: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in exported.rglob("*.*")}

    assert export(sandbox.directory, exported).new is False
    assert {file: file.stat().st_mtime_ns for file in exported.rglob("*.*")} == before


def test_what_is_gone_from_the_warehouse_is_gone_from_the_lake_and_a_reader_of_before_may_finish(
    sandbox: Sandbox, exported: Path
) -> None:
    first = (exported / "current").resolve()
    before = contents(first)
    sandbox.source.documents["b"] = "It was 2015 after all."
    sandbox.source.documents["c"] = "It was 2015 too."
    sandbox.run()

    assert export(sandbox.directory, exported).new is True
    assert not list(exported.glob("current/article/month=2016-05"))
    assert contents(first) == before

    sandbox.source.documents["c"] = "And again in 2015."
    sandbox.run()
    export(sandbox.directory, exported)
    assert not first.exists()
    assert len([folder for folder in exported.iterdir() if folder.is_dir() and not folder.is_symlink()]) == 2


def test_an_export_that_fails_or_is_killed_half_way_is_seen_by_nobody(
    sandbox: Sandbox, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(exported / "current")
    sandbox.source.documents["e"] = "It was 2017."
    sandbox.run()
    written = lake._write_table

    def failing(connection: Any, folder: Path, table: str) -> Any:
        if table == "source_item":
            raise OSError("the disk is full")
        return written(connection, folder, table)

    monkeypatch.setattr(lake, "_write_table", failing)
    with pytest.raises(OSError, match="the disk is full"):
        export(sandbox.directory, exported)
    monkeypatch.undo()

    assert contents(exported / "current") == before
    assert list(exported.glob(".partial-*"))
    export(sandbox.directory, exported)
    assert ds.dataset(exported / "current" / "article", partitioning="hive").count_rows() == 5
    assert not list(exported.glob(".partial-*"))


@pytest.mark.parametrize("patched", ["pathlib.Path.replace", "onrecord.operations.export.shutil.rmtree"])
def test_killed_while_it_changes_over_or_tidies_up_the_next_one_does_so(
    sandbox: Sandbox, exported: Path, monkeypatch: pytest.MonkeyPatch, patched: str
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    def again() -> None:
        # A damaged one is written again.
        for file in exported.glob("current/length/*/*.parquet"):
            file.unlink()
        with suppress(KeyboardInterrupt):
            export(sandbox.directory, exported)

    monkeypatch.setattr(patched, killed)
    again()
    if not list(exported.glob(".partial-*")):
        # There is nothing to tidy up yet after the first.
        again()
    assert list(exported.glob(".partial-*"))
    monkeypatch.undo()
    again()

    folders = [folder for folder in exported.iterdir() if folder.is_dir() and not folder.is_symlink()]
    assert sorted(folder.name[:1] for folder in folders) == ["2", "2"]
    assert (exported / "current").resolve() in folders


def test_large_documents_need_no_more_memory_than_there_is(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(sandbox.directory / "onrecord.duckdb") as connection:
        large = "uuid() as document_id, repeat(md5(r.i::varchar), 600)::blob as content"
        connection.execute(
            "insert into document by name "
            f"select d.* replace ({large}) from (from document limit 1) d, range({LARGE}) r(i)"
        )

    def little(self: Warehouse) -> duckdb.DuckDBPyConnection:
        spill = {"memory_limit": "150MB", "temp_directory": str(tmp_path / "spill"), "threads": "2"}
        return duckdb.connect(self.published, read_only=True, config=spill)

    monkeypatch.setattr(Warehouse, "open_published", little)
    done = export(sandbox.directory, tmp_path / "lake")

    assert done.manifest["tables"]["document"]["rows"] == LARGE + len(DOCUMENTS)


def test_an_export_that_lost_a_file_is_written_again(sandbox: Sandbox, exported: Path) -> None:
    next(exported.glob("current/length/*/*.parquet")).unlink()

    assert export(sandbox.directory, exported).new is True
    assert ds.dataset(exported / "current" / "length", partitioning="hive").count_rows() == 4


def test_what_is_no_export_is_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    mine = tmp_path / "lake" / "mine"
    mine.mkdir(parents=True)
    (mine / "manifest.json").write_text('{"mine": true}')
    export(sandbox.directory, tmp_path / "lake")
    assert contents(mine) == {"manifest.json": b'{"mine": true}'}

    (tmp_path / "other" / "current").mkdir(parents=True)
    with pytest.raises(WarehouseError, match="is not a link made by an export"):
        export(sandbox.directory, tmp_path / "other")


def test_without_anything_published_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        export(tmp_path / "nowhere", tmp_path / "lake")
    assert not (tmp_path / "lake").exists()
