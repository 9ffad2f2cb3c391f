"""`backup` and `restore`: what is copied when, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onrecord import RunReport
from onrecord.errors import LockedError, WarehouseError
from onrecord.operations.backup import backup, restore
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.lock import lock_warehouse

Did = Callable[[RunReport], list[str]]
Reopened = Callable[[Path], Sandbox]


def test_what_is_restored_is_what_was_there_and_a_run_finds_nothing_to_do(
    sandbox: Sandbox, tmp_path: Path, sandbox_in: Reopened, did: Did
) -> None:
    made_now = backup(sandbox.directory, tmp_path / "backups")
    restore(made_now.folder, tmp_path / "elsewhere")

    for name in ("live.duckdb", "onrecord.duckdb"):
        assert (tmp_path / "elsewhere" / name).read_bytes() == (sandbox.directory / name).read_bytes()
    assert did(sandbox_in(tmp_path / "elsewhere").run()) == []


def test_a_backup_takes_what_a_run_has_loaded_and_not_yet_published(
    sandbox: Sandbox, tmp_path: Path, sandbox_in: Reopened
) -> None:
    published = sandbox.sql("from length order by all")
    with lock_warehouse(sandbox.directory, wait=False):
        with Warehouse(sandbox.directory).writing() as connection:
            connection.execute("update length set words = 100 where words = 3")
            running = "uuid() as run_id, 'running' as status, now() as started_at"
            connection.execute(f"insert into run by name select * replace ({running}) from run")
        # As a run does, this holds the lock, and has the database open for loads only.
        folder = backup(sandbox.directory, tmp_path / "backups").folder
    restore(folder, tmp_path / "elsewhere")

    restored = sandbox_in(tmp_path / "elsewhere")
    assert restored.sql("from length order by all") == published
    assert restored.run().run.status == "completed"
    # The run that was at work then is found to have been killed, and what it had loaded is published.
    assert restored.sql("select status from run order by started_at") == [
        {"status": "completed"}, {"status": "killed"}, {"status": "completed"}
    ]  # fmt: skip
    assert restored.sql("select max(words) as words from length") == [{"words": 100}]


def test_a_backup_waits_for_a_load_to_end(sandbox: Sandbox, tmp_path: Path) -> None:
    begun, ended = threading.Event(), threading.Event()

    load = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read(); c.close()"
    process = subprocess.Popen(
        [sys.executable, "-c", load, str(sandbox.directory / "live.duckdb")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "open\n"
    thread = threading.Thread(
        target=lambda: (begun.set(), backup(sandbox.directory, tmp_path / "backups"), ended.set())
    )
    thread.start()
    begun.wait()
    # However long it is given.
    thread.join(0.3)
    assert not ended.is_set()
    process.communicate()
    thread.join()
    assert ended.is_set()


def test_nobody_writes_to_the_database_while_it_is_copied(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    tried: list[str] = []
    copy = shutil.copyfileobj

    def copied(source: Any, *others: Any) -> None:
        if source.name.endswith("live.duckdb"):
            script = "import duckdb, sys; duckdb.connect(sys.argv[1])"
            done = subprocess.run(
                [sys.executable, "-c", script, source.name], capture_output=True, text=True, check=False
            )
            tried.append(done.stderr)
        copy(source, *others)

    monkeypatch.setattr("onrecord.operations.backup.shutil.copyfileobj", copied)
    backup(sandbox.directory, tmp_path / "backups")

    assert len(tried) == 1
    assert "Could not set lock on file" in tried[0]


def test_what_a_killed_process_left_in_the_write_ahead_log_is_in_the_backup(sandbox: Sandbox, tmp_path: Path) -> None:

    script = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('update length set words = 77');"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(sandbox.directory / "live.duckdb")], check=False)
    assert (sandbox.directory / "live.duckdb.wal").stat().st_size

    folder = backup(sandbox.directory, tmp_path / "backups").folder

    assert sorted(file.name for file in folder.iterdir()) == ["backup.json", "live.duckdb", "onrecord.duckdb"]
    with duckdb.connect(folder / "live.duckdb", read_only=True) as connection:
        assert connection.execute("select distinct words from length").fetchall() == [(77,)]


def test_only_the_latest_backups_are_kept_where_that_is_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    made_now = [backup(sandbox.directory, tmp_path / "backups", keep=2).folder for _ in range(3)]
    (tmp_path / "backups" / "onrecord-of-mine").mkdir()

    assert sorted((tmp_path / "backups").glob("onrecord-*")) == [*made_now[1:], tmp_path / "backups/onrecord-of-mine"]


def test_those_of_other_warehouses_do_not_count_and_stay(
    sandbox: Sandbox, tmp_path: Path, sandbox_in: Reopened
) -> None:
    backups = tmp_path / "backups"
    elsewhere = Path(shutil.copytree(sandbox.directory, tmp_path / "elsewhere"))
    others = [backup(elsewhere, backups).folder]
    # In containers all may be at the same place.
    place = sandbox.directory.rename(tmp_path / "away")
    assert not sandbox_in(sandbox.directory).run().failed
    others.append(backup(sandbox.directory, backups).folder)
    shutil.rmtree(sandbox.directory)
    place.rename(sandbox.directory)
    others.append(backup(sandbox.directory, backups).folder)

    newest = backup(sandbox.directory, backups, keep=1)

    assert newest.removed == (others.pop(),)
    assert sorted(backups.glob("onrecord-*")) == [*others, newest.folder]


def test_a_backup_that_was_just_made_stays_though_the_clock_was_put_back(sandbox: Sandbox, tmp_path: Path) -> None:
    first = backup(sandbox.directory, tmp_path / "backups").folder
    ahead = first.rename(first.with_name("onrecord-2999-01-01T00-00-00-000000"))

    second = backup(sandbox.directory, tmp_path / "backups", keep=1)

    assert (second.folder.exists(), second.removed) == (True, (ahead,))


def test_killed_while_it_removes_a_backup_it_leaves_none_that_is_half_there(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup(sandbox.directory, tmp_path / "backups").folder

    def killed(folder: Path) -> None:
        (folder / "live.duckdb").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr("onrecord.operations.backup.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        backup(sandbox.directory, tmp_path / "backups", keep=1)
    monkeypatch.undo()
    assert not first.exists()

    last = [backup(sandbox.directory, tmp_path / "backups", keep=2).folder for _ in range(2)]
    assert sorted(folder for folder in (tmp_path / "backups").iterdir() if folder.is_dir()) == last


def test_a_half_made_backup_is_none_and_the_next_one_clears_it_away(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / "backups" / "onrecord-2026-01-01T00-00-00-000000.partial"
    half.mkdir(parents=True)
    with pytest.raises(WarehouseError, match=r"is not a backup: backup\.json cannot be read"):
        restore(half, tmp_path / "elsewhere")

    backup(sandbox.directory, tmp_path / "backups")
    assert not half.exists()


def test_a_warehouse_that_is_there_is_replaced_only_by_force(sandbox: Sandbox, tmp_path: Path, did: Did) -> None:
    folder = backup(sandbox.directory, tmp_path / "backups").folder
    sandbox.source.documents["d"] = "Seven."
    sandbox.run()

    with pytest.raises(WarehouseError, match=r"live\.duckdb: there is a warehouse already\. .* use --force"):
        restore(folder, sandbox.directory)
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 4}]

    restore(folder, sandbox.directory, force=True)
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 3}]
    # And the run after that has the fourth one again.
    assert "lengths" in did(sandbox.run())
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 4}]


def test_a_warehouse_that_cannot_be_read_any_more_can_be_restored(sandbox: Sandbox, tmp_path: Path, did: Did) -> None:
    folder = backup(sandbox.directory, tmp_path / "backups").folder
    for name in ("live.duckdb", "live.duckdb.wal", "onrecord.duckdb"):
        (sandbox.directory / name).write_bytes(b"scrap")

    restore(folder, sandbox.directory, force=True)

    assert did(sandbox.run()) == []
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 3}]


def test_a_warehouse_that_a_run_is_writing_to_is_not_replaced(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = backup(sandbox.directory, tmp_path / "backups").folder

    with lock_warehouse(sandbox.directory, wait=False), pytest.raises(LockedError):
        restore(folder, sandbox.directory, force=True)


def damaged(folder: Path) -> None:
    file = folder / "live.duckdb"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def newer(folder: Path) -> None:
    with duckdb.connect(folder / "live.duckdb") as connection:
        connection.execute("insert into migration values (9999, '9999_later.sql', now())")
    described(folder)


def no_warehouse(folder: Path) -> None:
    (folder / "live.duckdb").unlink()
    with duckdb.connect(folder / "live.duckdb") as connection:
        connection.execute("create table something (i int)")
    described(folder)


def described(folder: Path) -> None:
    """Make the manifest true."""

    manifest = json.loads((folder / "backup.json").read_text())
    content = (folder / "live.duckdb").read_bytes()
    manifest["files"]["live.duckdb"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "backup.json").write_text(json.dumps(manifest))


def of_the_future(folder: Path) -> None:
    (folder / "backup.json").write_text('{"format": 2, "files": {"live.duckdb": {}}}')


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damaged, "live.duckdb: is damaged"),
        (newer, "has migration 9999, which this version of onrecord does not know"),
        (no_warehouse, "cannot be read as a warehouse"),
        (of_the_future, "has another format than 1"),
    ],
)
def test_what_cannot_be_restored_is_said_and_replaces_nothing(
    sandbox: Sandbox, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    folder = backup(sandbox.directory, tmp_path / "backups").folder
    spoil(folder)

    with pytest.raises(WarehouseError, match=words):
        restore(folder, sandbox.directory, force=True)
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 3}]
    assert sorted(file.name for file in sandbox.directory.iterdir()) == ["live.duckdb", "lock", "onrecord.duckdb"]


def test_there_is_nothing_to_back_up_where_there_is_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse here"):
        backup(tmp_path / "nowhere", tmp_path / "backups")
    assert not (tmp_path / "backups").exists()
