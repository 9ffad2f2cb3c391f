"""Publishing: what readers see, and when."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from onrecord.errors import WarehouseError
from onrecord.run.engine import start_run
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.loading import mark_changed
from tests.unit.warehouse.measured import live, process, says, tell

READ = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
while True:
    print(connection.execute("select count(*) from article").fetchall()[0][0], flush=True)
    if not sys.stdin.readline():
        break
"""


def test_a_reader_keeps_what_it_opened_and_a_new_one_sees_what_is_new(sandbox: Sandbox) -> None:
    published = Warehouse(sandbox.directory).published
    with process(READ, published) as reader:
        assert says(reader) == "2"
        sandbox.source.documents["c"] = "Cora too."
        assert not sandbox.run().failed, "a reader does not stand in the way of a run"
        tell(reader)
        assert says(reader) == "2"
        with process(READ, published) as other:
            assert says(other) == "3"


def test_a_run_with_nothing_new_leaves_the_published_file_alone(sandbox: Sandbox) -> None:
    published = Warehouse(sandbox.directory).published
    before = published.stat()
    sandbox.run()
    assert (published.stat().st_ino, published.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_a_run_that_was_cut_short_has_loaded_is_published_by_the_next(sandbox: Sandbox) -> None:
    sandbox.source.documents["c"] = "Cora too."
    with pytest.raises(KeyboardInterrupt), start_run(sandbox.plugins) as run:  # noqa: PT012
        with run.warehouse.writing() as connection:
            mark_changed(connection, run.id)
        raise KeyboardInterrupt
    assert live(sandbox, "select status from run order by started_at")[-1] == ("interrupted",)
    sandbox.run()
    assert [row["status"] for row in sandbox.sql("select status from run order by started_at")] == [
        "completed", "interrupted", "completed",
    ]  # fmt: skip


def test_a_run_that_was_killed_is_found_out_by_the_next(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with Warehouse(sandbox.directory).writing() as connection:
        connection.execute("update run set status = 'running', finished_at = null")
    sandbox.run()
    assert [status for (status,) in live(sandbox, "select status from run order by started_at")] == [
        "killed", "completed",
    ]  # fmt: skip
    assert "was killed; this one does what it left" in caplog.text


def test_both_databases_are_in_a_storage_version_that_duckdb_1_4_can_read(sandbox: Sandbox) -> None:
    for path in (Warehouse(sandbox.directory).live, Warehouse(sandbox.directory).published):
        with duckdb.connect(path, read_only=True) as connection:
            query = "select tags['storage_version'] from duckdb_databases() where path is not null and not internal"
            ((version,),) = connection.execute(query).fetchall()
        assert version.startswith("v1.4.0"), (path, version)


def test_before_anything_is_published_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet: onrecord run fills and publishes it"):
        Warehouse(tmp_path).open_published()


def test_the_published_database_cannot_be_written(sandbox: Sandbox) -> None:
    connection = Warehouse(sandbox.directory).open_published()
    with pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("delete from article")
    connection.close()
    assert Warehouse(sandbox.directory).published.stat().st_mode & 0o222 == 0


def test_what_somebody_wrote_into_the_published_database_all_the_same_does_not_outlive_the_next_run(
    sandbox: Sandbox,
) -> None:
    published = Warehouse(sandbox.directory).published
    published.chmod(0o644)
    # Killed, it leaves a write-ahead log that would not fit the next file.
    write = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.sql('create table mine(i int)'); os._exit(9)"
    subprocess.run([sys.executable, "-c", write, str(published)], check=False)
    assert published.with_name("onrecord.duckdb.wal").exists()

    sandbox.source.documents["c"] = "Cora too."
    assert not sandbox.run().failed
    assert len(sandbox.sql("from article")) == 3
    with pytest.raises(duckdb.CatalogException):
        sandbox.sql("from mine")


def test_a_published_database_that_cannot_be_opened_is_replaced(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    published = Warehouse(sandbox.directory).published
    published.chmod(0o644)
    published.write_bytes(b"scrap")
    assert not sandbox.run().failed
    assert len(sandbox.sql("from article")) == 2
    assert "the next publication replaces it" in caplog.text


def test_a_copy_for_which_there_is_no_room_does_not_stay_and_take_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    sandbox.source.documents["c"] = "Cora too."
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space left"):
            sandbox.run()
    assert list(sandbox.directory.glob("*.publishing")) == []
    assert not sandbox.run().failed
    assert len(sandbox.sql("from article")) == 3
