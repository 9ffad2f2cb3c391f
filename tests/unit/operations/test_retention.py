"""`maintain`: what is removed, what never is, and what is left when it is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onrecord import RunReport
from onrecord.config.settings import MaintainSettings
from onrecord.errors import LockedError, WarehouseError
from onrecord.operations.retention import maintain_warehouse
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.lock import lock_warehouse

LATER = datetime.now(UTC) + timedelta(days=100)
"""When everything of today is a hundred days old."""
KEPT = MaintainSettings()
ALL_MAY_GO = MaintainSettings(runs=30, logs=30, versions=30, deleted=30, quarantine=30)


Did = Callable[[RunReport], list[str]]
Reopened = Callable[[Path], Sandbox]


def live(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    with Warehouse(sandbox.directory).reading() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def moved_on(tmp_path_factory: pytest.TempPathFactory, filled: Path, sandbox_in: Reopened) -> Path:
    """The folder of the warehouse after a run that found one article changed and one withdrawn; to be copied."""
    folder = Path(shutil.copytree(filled, tmp_path_factory.mktemp("moved_on") / "warehouse"))
    assert not later(sandbox_in(folder)).run().failed
    return folder


@pytest.fixture
def changed(tmp_path: Path, moved_on: Path, sandbox_in: Reopened) -> Sandbox:
    """Of three articles one has changed and one is withdrawn."""
    return later(sandbox_in(Path(shutil.copytree(moved_on, tmp_path / "changed"))))


def later(sandbox: Sandbox) -> Sandbox:
    sandbox.source.documents["a"] = "One, two and three."
    del sandbox.source.documents["b"]
    return sandbox


def test_by_default_documents_articles_and_all_that_was_read_out_of_them_stay(changed: Sandbox) -> None:
    tables = (
        "document",
        "source_item",
        "article",
        "segment",
        "length",
        "total",
        "ledger",
        "component_version",
        "quarantine",
    )
    before = {name: live(changed, f"from {name} order by all") for name in tables}

    done = maintain_warehouse(changed.directory, KEPT, now=LATER)

    assert {name: live(changed, f"from {name} order by all") for name in tables} == before
    assert not any(done.removed[what] for what in ("deleted articles", "rows about them", "versions of documents"))


def test_a_version_that_was_replaced_long_ago_goes_and_the_one_that_an_article_was_read_from_stays(
    sandbox: Sandbox,
) -> None:
    sandbox.source.documents["a"] = "One, two and three."
    sandbox.run()
    sandbox.source.documents["b"] = "Now broken."
    sandbox.run()
    assert live(sandbox, "select count(*) from document") == [(5,)]

    done = maintain_warehouse(sandbox.directory, ALL_MAY_GO, now=LATER)

    # The article b is still the reading of its first version, since the second one cannot be cleaned.
    assert done.removed["versions of documents"] == 1
    assert live(sandbox, "select content::varchar from document order by all") == [
        ("Four five.",), ("Now broken.",), ("One, two and three.",), ("Six.",)
    ]  # fmt: skip


def test_a_version_is_as_old_as_its_being_replaced_not_as_its_being_fetched(sandbox: Sandbox) -> None:
    with Warehouse(sandbox.directory).writing() as connection:
        connection.execute("update document set fetched_at = fetched_at - interval 1 year")
    sandbox.source.documents["a"] = "One, two and three."
    sandbox.run()

    assert maintain_warehouse(sandbox.directory, ALL_MAY_GO).removed["versions of documents"] == 0


def test_a_source_that_goes_back_to_what_it_was_keeps_what_it_went_back_to(sandbox: Sandbox, did: Did) -> None:
    first = sandbox.source.documents["a"]
    for text in ("One, two and three.", first):
        sandbox.source.documents["a"] = text
        sandbox.run()

    maintain_warehouse(sandbox.directory, ALL_MAY_GO, now=LATER)

    assert live(sandbox, "select content::varchar from document where content::varchar like 'One%'") == [(first,)]
    assert did(sandbox.run()) == ["publish"]


def test_a_withdrawn_article_goes_with_all_that_is_known_of_it_and_the_next_run_tells_readers(sandbox: Sandbox) -> None:
    del sandbox.source.documents["a"]
    sandbox.run()
    gone = live(sandbox, "select article_id from source_item where deleted_at is not null")

    done = maintain_warehouse(sandbox.directory, ALL_MAY_GO, now=LATER)

    assert done.removed["deleted articles"] == 1
    assert not done.published
    with Warehouse(sandbox.directory).reading() as connection:
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where column_name in ('article_id', 'subject_id') "
            "and database_name = current_database()"
        ).fetchall():
            found = connection.execute(f'select count(*) from "{table}" where {column} = $1', gone[0]).fetchall()
            assert found == [(0,)], table
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 3}]

    sandbox.run()
    assert sandbox.sql("select count(*) as articles from article") == [{"articles": 2}]
    assert sandbox.sql("select words from total") == [{"words": 3}]


def test_a_withdrawn_article_that_comes_back_after_it_was_removed_is_new(sandbox: Sandbox) -> None:
    text = sandbox.source.documents.pop("a")
    sandbox.run()
    maintain_warehouse(sandbox.directory, ALL_MAY_GO, now=LATER)
    sandbox.source.documents["a"] = text
    sandbox.run()

    query = "select count(*) as articles, sum(words) as words from article join length using (article_id)"
    assert sandbox.sql(query) == [{"articles": 3, "words": 6}]


def test_nothing_is_to_be_done_again_after_maintenance(sandbox: Sandbox, did: Did) -> None:
    sandbox.source.documents |= {"a": "One, two and three.", "d": "This is unmeasurable.", "e": "This is broken."}
    sandbox.run()

    maintain_warehouse(sandbox.directory, ALL_MAY_GO.model_copy(update={"deleted": None}), now=LATER)

    # But to publish, since a document is gone.
    assert did(sandbox.run()) == ["publish"]


def test_a_failure_on_what_was_never_listed_again_is_forgotten_and_others_are_not(sandbox: Sandbox) -> None:
    sandbox.source.documents["d"] = "This is unmeasurable."
    sandbox.run()
    with Warehouse(sandbox.directory).writing() as connection:
        connection.execute("insert into quarantine by name select * replace (uuid() as subject_id) from quarantine")

    assert maintain_warehouse(sandbox.directory, KEPT, now=LATER).removed["failures"] == 1
    assert live(sandbox, "select uri from quarantine") == [("memory:d",)]


def test_a_run_stays_as_long_as_a_row_that_it_wrote_and_its_steps_do_not(sandbox: Sandbox) -> None:
    first = live(sandbox, "select run_id from run")
    for _ in range(3):
        sandbox.run()

    done = maintain_warehouse(sandbox.directory, KEPT, now=LATER)

    # Of the three that found nothing to do, the last one is what `status` tells of.
    assert (done.removed["runs"], live(sandbox, "select count(*) from run")) == (2, [(2,)])
    assert live(sandbox, "select run_id from run order by started_at limit 1") == first
    assert (
        live(sandbox, "select distinct run_id from step where run_id = (select min_by(run_id, started_at) from run)")
        == []
    )


def test_for_ever_is_for_ever(sandbox: Sandbox) -> None:
    sandbox.run()
    settings = MaintainSettings.model_validate(dict.fromkeys(("runs", "logs", "quarantine"), "for ever"))

    assert not any(maintain_warehouse(sandbox.directory, settings, now=LATER + timedelta(days=36_500)).removed.values())


def test_old_logs_of_runs_go_the_newest_one_and_those_that_are_still_written_to_stay(sandbox: Sandbox) -> None:
    logs = sandbox.directory / "logs"
    logs.mkdir()
    dated = [f"{what}-2024-05-0{day}T10-00-00.log" for day, what in ((1, "run"), (2, "backfill"), (3, "run"))]
    for age, name in enumerate(("up.log", "worker.log", "server.log", *dated)):
        (logs / name).write_text("words")
        os.utime(logs / name, (age, age))

    done = maintain_warehouse(sandbox.directory, KEPT)

    left = {file.name for file in logs.iterdir()}
    assert (left, done.logs, done.log_bytes) == ({"up.log", "worker.log", "server.log", dated[-1]}, 2, 10)


def test_a_dry_run_says_the_same_and_changes_nothing(changed: Sandbox) -> None:
    before = (changed.directory / "live.duckdb").read_bytes()

    would = maintain_warehouse(changed.directory, ALL_MAY_GO, now=LATER, dry_run=True)
    assert (changed.directory / "live.duckdb").read_bytes() == before

    assert would.removed == maintain_warehouse(changed.directory, ALL_MAY_GO, now=LATER).removed


def test_compaction_gives_back_the_space_and_keeps_every_table_view_macro_and_comment(
    sandbox: Sandbox, did: Did
) -> None:
    with Warehouse(sandbox.directory).writing() as connection:
        large = "uuid() as document_id, repeat(md5(i::varchar), 20)::blob as content"
        connection.execute(
            f"insert into document by name select * exclude i replace ({large}) from document, range(20_000) r(i)"
        )
    with Warehouse(sandbox.directory).writing() as connection:
        connection.execute("delete from document where document_id not in (select document_id from source_item)")

    done = maintain_warehouse(sandbox.directory, KEPT)

    assert done.bytes_after < done.bytes_before / 2
    assert done.bytes_after == (sandbox.directory / "live.duckdb").stat().st_size
    # The published one has the same definitions, or there would be something to publish.
    assert done.published
    assert did(sandbox.run()) == []


def test_what_a_run_that_was_cut_short_has_loaded_is_not_put_before_readers_unchecked(sandbox: Sandbox) -> None:
    with Warehouse(sandbox.directory).writing() as connection:
        connection.execute("update article set body = 'Forged.'")
        connection.execute(
            "insert into run by name select * replace (uuid() as run_id, 'interrupted' as status) from run"
        )

    assert not maintain_warehouse(sandbox.directory, KEPT).published
    assert sandbox.sql("select count(*) as forged from article where body = 'Forged.'") == [{"forged": 0}]


def test_it_leaves_a_warehouse_alone_that_a_run_is_writing_to(sandbox: Sandbox) -> None:
    with lock_warehouse(sandbox.directory, wait=False), pytest.raises(LockedError):
        maintain_warehouse(sandbox.directory, KEPT, wait=False)


def test_where_there_is_no_warehouse_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse here"):
        maintain_warehouse(tmp_path / "nowhere", KEPT)


def test_a_backup_comes_first_and_without_it_nothing_is_removed(changed: Sandbox, tmp_path: Path) -> None:
    kept = ALL_MAY_GO.model_copy(update={"backups": tmp_path / "backups", "keep": 1})
    documents = "select count(*) from document"
    before = live(changed, documents)

    (tmp_path / "backups").write_text("in the way")
    with pytest.raises(WarehouseError, match="cannot hold backups: File exists; name another folder"):
        maintain_warehouse(changed.directory, kept, now=LATER)
    assert live(changed, documents) == before

    (tmp_path / "backups").unlink()
    maintain_warehouse(changed.directory, kept, now=LATER, dry_run=True)
    assert not (tmp_path / "backups").exists()
    made = [maintain_warehouse(changed.directory, kept, now=LATER).backup for _ in range(2)]
    assert live(changed, documents) < before
    assert all(made)
    assert list((tmp_path / "backups").glob("onrecord-*")) == [made[1].folder]


def test_a_disk_that_is_too_full_is_an_error_and_nothing_is_lost(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.warehouse.database.shutil.disk_usage", lambda folder: type("Usage", (), {"free": 5}))

    with pytest.raises(WarehouseError, match="the disk has 5 left"):
        maintain_warehouse(sandbox.directory, KEPT)
    assert live(sandbox, "select count(*) from article") == [(3,)]


KILLED = """
import logging, os, signal, sys, threading, time
from datetime import datetime
from pathlib import Path
from onrecord.config.settings import MaintainSettings
from onrecord.operations.retention import maintain_warehouse

moment, delay = sys.argv[2], float(sys.argv[3])

class Death(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith(moment):
            def die():
                time.sleep(delay)
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Thread(target=die).start() if delay else die()

logging.getLogger("onrecord").addHandler(Death())
logging.getLogger("onrecord").setLevel(logging.INFO)
maintain_warehouse(Path(sys.argv[1]), MaintainSettings(versions=0, deleted=0), now=datetime.fromisoformat(sys.argv[4]))
"""


@pytest.mark.parametrize(
    ("moment", "delay"),
    [
        ("removing", 0),
        ("compacting", 0),
        ("compacting", 0.02),
        ("compacted", 0),
        ("publishing", 0),
    ],
)
def test_killed_at_any_moment_it_leaves_a_whole_warehouse(
    request: pytest.FixtureRequest, moment: str, delay: float
) -> None:
    # Removing articles is for a run to publish, removing nothing for maintenance itself.
    sandbox: Sandbox = request.getfixturevalue("sandbox" if moment == "publishing" else "changed")
    arguments = [str(sandbox.directory), moment, str(delay), LATER.isoformat()]

    process = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert process.returncode == -signal.SIGKILL

    def articles() -> list[tuple[Any, ...]]:
        with duckdb.connect(sandbox.directory / "onrecord.duckdb", read_only=True) as connection:
            return connection.execute("select count(*) from article").fetchall()

    assert articles() == [(3,)]
    done = maintain_warehouse(sandbox.directory, MaintainSettings(versions=0, deleted=0), now=LATER)
    left = 3 if moment == "publishing" else 2
    # The transaction that removes is all or nothing.
    assert done.removed["deleted articles"] == (moment == "removing")
    assert live(sandbox, "select count(*) from article") == live(sandbox, "select count(*) from document") == [(left,)]
    assert not sandbox.run().failed
    assert articles() == [(left,)]
    assert {file.name for file in sandbox.directory.iterdir()} <= {"live.duckdb", "onrecord.duckdb", "lock", "spill"}
