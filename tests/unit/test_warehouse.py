"""The warehouse: its lock, its loads, its checks, what it publishes and how it can be asked."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord import (
    Alias,
    Annotator,
    Article,
    Claim,
    ClaimEntity,
    ClaimSpan,
    Document,
    Entity,
    Mention,
    MentionEntity,
    Row,
    identify,
)
from onrecord.errors import CheckError, LockedError, WarehouseError
from onrecord.model.content import Listing
from onrecord.model.tables import STANDARD_TABLES
from onrecord.run.engine import running
from onrecord.stages import Outcome
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.loading import insert, mark_changed
from onrecord.warehouse.lock import holder, locked

# ── The lock ─────────────────────────────────────────────────────────────────────────────────────

HOLD = """
import logging, sys
from pathlib import Path
from onrecord.warehouse.lock import locked
logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
with locked(Path(sys.argv[1]), wait=True):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def process(script: str, *arguments: Any) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def says(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def tell(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


def test_while_another_process_writes_a_writer_that_will_not_wait_is_told_which(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert says(other) == "held"
        with pytest.raises(LockedError) as refused, locked(tmp_path, wait=False):
            pass
        assert refused.value.holder.startswith(f"process {other.pid} on ")
        assert f"process {other.pid} on " in str(refused.value)
        assert "Wait for it to end, or stop it" in str(refused.value)
        assert holder(tmp_path) == refused.value.holder

        tell(other)
        other.wait()
    assert holder(tmp_path) is None
    with locked(tmp_path, wait=False):
        pass


def test_a_writer_that_waits_says_for_whom_and_goes_on_when_it_can(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as first, process("import sys; sys.stdin.readline();" + HOLD, tmp_path) as second:
        assert says(first) == "held"
        tell(second)
        assert says(second).startswith(f"waiting: process {first.pid} on ")
        tell(first)
        assert says(second) == "held"


def test_the_lock_goes_when_its_holder_is_killed(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert says(other) == "held"
        other.kill()
        other.wait()
    assert holder(tmp_path) is None, "whatever note it has left"
    with locked(tmp_path, wait=False):
        assert holder(tmp_path) is not None


@pytest.mark.parametrize(
    "note",
    [
        {"pid": 1, "host": socket.gethostname(), "since": "before the machine went down"},
        {"pid": 7, "host": "a-container-that-is-gone", "since": "yesterday"},
    ],
)
def test_a_note_that_somebody_left_who_is_gone_keeps_nobody_out(note: dict[str, object], tmp_path: Path) -> None:
    with locked(tmp_path, wait=False):
        pass
    (tmp_path / "lock.json").write_text(json.dumps(note))
    assert holder(tmp_path) is None
    with locked(tmp_path, wait=False):
        assert (holder(tmp_path) or "").startswith(f"process {os.getpid()} on ")


def test_asking_who_has_the_lock_keeps_nobody_from_getting_it(tmp_path: Path) -> None:
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.002):
            holder(tmp_path)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for _ in range(200):
            with locked(tmp_path, wait=False):
                pass
    finally:
        done.set()
        asker.join()


def test_the_lock_is_freed_when_what_is_done_under_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path, wait=False):
        raise ZeroDivisionError
    assert holder(tmp_path) is None


# ── A warehouse with something in it ─────────────────────────────────────────────────────────────


class Length(Row):
    words: int


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length, Mention]
    checks = {"no article is empty": "select * from length where words = 0"}

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()))
        word = article.body.split()[0]
        start = article.body.index(word)
        yield Mention(ordinal=0, start_char=start, end_char=start + len(word), text=word, kind="name", label="person")


DOCUMENTS = {"a": "Anna spoke.", "b": "Bert did not."}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType]) -> Path:
    made = Sandbox(tmp_path_factory.mktemp("filled") / "warehouse", plugin_of(Lengths()), documents=DOCUMENTS)
    made.run()
    return made.directory


@pytest.fixture
def sandbox(tmp_path: Path, filled: Path, plugin_of: Callable[..., ModuleType]) -> Sandbox:
    """A sandbox of which the first run is over."""
    directory = Path(shutil.copytree(filled, tmp_path / "warehouse"))
    return Sandbox(directory, plugin_of(Lengths()), documents=DOCUMENTS)


def live(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    with Warehouse(sandbox.directory).reading() as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        return found


# ── Loading ──────────────────────────────────────────────────────────────────────────────────────


def test_a_load_that_fails_midway_changes_nothing(sandbox: Sandbox) -> None:
    tables = ("length", "mention", "ledger", "quarantine", "run")
    before = {table: live(sandbox, f"from {table} order by all") for table in tables}
    ids = [str(i) for (i,) in live(sandbox, "select article_id from length")]
    plugins = sandbox.plugins
    ledger = pa.Table.from_pylist(
        [{"stage": "annotate", "plugin": None, "subject_id": ids[0], "input_hash": "x", "fingerprint": "x"}],
        STANDARD_TABLES["ledger"].schema,
    )
    outcome = Outcome(
        "annotate",
        0,
        tables={
            "length": plugins.tables["length"].arrow([(i, Length(words=99)) for i in ids]),
            "quarantine": STANDARD_TABLES["quarantine"].arrow([]),
            "ledger": ledger,
        },
        replaced={"lengths": ids},
    )

    (run_id,) = live(sandbox, "select run_id from run")[0]
    with pytest.raises(duckdb.ConstraintException):
        Warehouse(sandbox.directory).load(outcome, plugins.tables, {"lengths": ["length", "mention"]}, run_id)

    assert {table: live(sandbox, f"from {table} order by all") for table in tables} == before


def test_a_document_that_changes_gets_a_new_version_and_keeps_the_old_ones(sandbox: Sandbox) -> None:
    first = sandbox.sql("select document_id, content, fetched_at from document where uri = 'memory:a'")
    for text in ("Anna spoke again.", "Anna spoke."):
        sandbox.source.documents["a"] = text
        sandbox.run()

    versions = sandbox.sql("select document_id, content, fetched_at from document where uri = 'memory:a' order by 3")
    assert [row["content"] for row in versions] == [b"Anna spoke.", b"Anna spoke again."]
    assert versions[0] == first[0], "what is fetched once more is the version that there was"
    current = sandbox.sql("select l.document_id as listed, a.document_id as read from listing l join article a "
                          "using (article_id) where uri = 'memory:a'")  # fmt: skip
    assert current == [{"listed": first[0]["document_id"], "read": first[0]["document_id"]}]


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(min_size=1, max_size=12).filter(str.split), min_size=40, max_size=60, unique=True))
def test_offsets_mean_the_same_in_python_and_in_the_database_whatever_the_text(
    tmp_path_factory: pytest.TempPathFactory, plugin_of: Callable[..., ModuleType], bodies: list[str]
) -> None:
    class Stretches(Annotator):
        name, version, writes = "stretches", "1", [Mention]

        def annotate(self, article: Article) -> Iterator[Row]:
            for ordinal, start in enumerate(range(len(article.body))):
                end = min(start + 3, len(article.body))
                yield Mention(ordinal=ordinal, start_char=start, end_char=end, text=article.body[start:end],
                              kind="name", label="other")  # fmt: skip

    odd = ["👩‍👩‍👧 said", "e\u0301te\u0301", "𝒳 → 𝒴", "שלום עולם", "zero\u200bwidth", "nul\0byte", "🇬🇧 and 🇫🇷"]
    documents = {str(i): body for i, body in enumerate([*odd, *bodies])}
    made = Sandbox(tmp_path_factory.mktemp("offsets"), plugin_of(Stretches()), documents=documents)

    report = made.run()

    assert made.sql("select error from quarantine") == []
    assert not report.failed
    assert made.sql("select count(distinct article_id) as n from mention") == made.sql(
        "select count(*) as n from article where kind <> 'empty'"
    )


# ── Checks ───────────────────────────────────────────────────────────────────────────────────────

MENTION = "insert into mention by name select article_id, 1 as ordinal, {start} as start_char, {end} as end_char, "
MENTION += "{text} as text, {kind} as kind, 'person' as label, $run::uuid as run_id from article where body like 'A%'"


def wrong_mention(start: int = 0, end: int = 4, text: str = "'Anna'", kind: str = "'name'") -> str:
    return MENTION.format(start=start, end=end, text=text, kind=kind)


@pytest.mark.parametrize(
    ("corruption", "said"),
    [
        (
            "insert into mention by name select * replace ($run::uuid as run_id) from mention",
            "mention: no two rows with the same article_id and ordinal: 2 row(s) break it",
        ),
        (
            "insert into length select uuid(), 3, $run::uuid",
            "length: every article_id is in article: 1 row(s) break it",
        ),
        (
            "update article set document_id = uuid(), run_id = $run::uuid",
            "article: every document_id is in document: 2 row(s) break it",
        ),
        (wrong_mention(text="'Bert'"), "mention: the text is what stands in the body at its place: 1 row(s)"),
        (wrong_mention(start=1, end=5), "mention: the text is what stands in the body at its place: 1 row(s)"),
        (wrong_mention(start=-1, end=3), "mention: the text is what stands in the body at its place: 1 row(s)"),
        (wrong_mention(start=0, end=99), "mention: the text is what stands in the body at its place: 1 row(s)"),
        (wrong_mention(end=0, text="''"), "mention: the text is what stands in the body at its place: 1 row(s)"),
        (wrong_mention(kind="'verb'"), "mention: every kind is one of the values that it may have: 1 row(s)"),
        (
            "update segment set body_end = body_end + 1, run_id = $run::uuid",
            "segments lie inside the body, letter for letter: 2 row(s) break it",
        ),
        ("update length set words = 0, run_id = $run::uuid", "lengths: no article is empty: 2 row(s) break it"),
    ],
)
def test_what_is_wrong_is_not_published_and_the_published_database_stays_as_it_was(
    corruption: str, said: str, sandbox: Sandbox
) -> None:
    warehouse = Warehouse(sandbox.directory)
    before = warehouse.published.read_bytes()

    with pytest.raises(CheckError) as refused, running(sandbox.plugins) as run:  # noqa: PT012
        with warehouse.writing() as connection:
            connection.execute(corruption, {"run": str(run.id)})
            mark_changed(connection, run.id)
        assert run.has_changed
        run.check()
        run.publish()

    assert [failure[: len(said)] for failure in refused.value.failures] == [said]
    assert ", e.g. {" in refused.value.failures[0]
    assert warehouse.published.read_bytes() == before
    assert live(sandbox, "select status from run order by started_at") == [("completed",), ("failed",)]
    with pytest.raises(CheckError):
        sandbox.run()
    assert warehouse.published.read_bytes() == before, "nor does the next run publish it"


def test_a_check_that_cannot_be_run_does_not_pass(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lengths, "checks", {"no article is odd": "select * from nowhere"})
    sandbox.source.documents["c"] = "Cora too."
    with pytest.raises(CheckError, match=r"lengths: no article is odd: the check cannot be run: .*nowhere"):
        sandbox.run()


def test_what_failed_its_checks_is_published_once_it_is_mended(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lengths, "checks", {"nobody is called Cora": "from mention where text = 'Cora'"})
    sandbox.source.documents["c"] = "Cora too."
    with pytest.raises(CheckError):
        sandbox.run()
    sandbox.source.documents["c"] = "Dora too."
    sandbox.run()
    assert [row["text"] for row in sandbox.sql("select text from mention order by 1")] == ["Anna", "Bert", "Dora"]


# ── Publishing ───────────────────────────────────────────────────────────────────────────────────

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
    with pytest.raises(KeyboardInterrupt), running(sandbox.plugins) as run:  # noqa: PT012
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
    with pytest.raises(WarehouseError, match="nothing is published yet; onrecord run fills and publishes it"):
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
    assert "it is published anew" in caplog.text


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


# ── Views and macros ─────────────────────────────────────────────────────────────────────────────

BODY = "Anna Lee said Bert Orr was late. He denied it, and so did the Orr family, she added."


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One article with three claims: by Anna about Bert, by Bert, and by somebody who is not resolved."""
    warehouse = Warehouse(tmp_path_factory.mktemp("views"))
    warehouse.prepare(STANDARD_TABLES.values(), {})
    article, document = identify("article", "x"), identify("document", "x")
    anna, bert = identify("entity", "anna"), identify("entity", "bert")
    claims = [identify("claim", number) for number in range(3)]
    spans = ["Anna Lee", "said", "Bert Orr was late", "He", "denied", "it", "she", "added", "so did the Orr family"]
    roles = ["source", "cue", "content"] * 2 + ["source", "cue", "content"]
    rows: list[Row] = [
        Document(document_id=document, article_id=article, uri="u:x", ingestor="i", fetched_at=datetime.now(UTC),
                 media_type="text/plain", content_hash="h", content=b"", metadata={}),
        Listing(article_id=article, uri="u:x", ingestor="i", document_id=document),
        Entity(entity_id=anna, name="Anna Lee", kind="person", mention_count=1, article_count=1),
        Entity(entity_id=bert, name="Bert Orr", kind="person", mention_count=2, article_count=1),
        Alias(entity_id=bert, alias="Robert", kind="name", rule="exact", mention_count=1),
        MentionEntity(article_id=article, ordinal=1, entity_id=bert, rule="exact", score=1),
        ClaimEntity(claim_id=claims[0], entity_id=anna, role="speaker"),
        ClaimEntity(claim_id=claims[1], entity_id=bert, role="speaker"),
        ClaimEntity(claim_id=claims[1], entity_id=anna, role="speaker"),
        ClaimEntity(claim_id=claims[1], entity_id=anna, role="addressee"),
    ]  # fmt: skip
    of_article: list[Row] = [
        Article(article_id=article, document_id=document, body=BODY, body_hash="b", content_hash="c", language="en",
                word_count=17, headline="Late", outlet_domain="example.org",
                published_at=datetime(2024, 5, 6, tzinfo=UTC)),
        Mention(ordinal=0, start_char=0, end_char=8, text="Anna Lee", kind="name", label="person"),
        Mention(ordinal=1, start_char=14, end_char=22, text="Bert Orr", kind="name", label="person"),
        *(
            Claim(claim_id=claims[n], ordinal=n, speaker=speaker, speaker_status=status, cue=cue, content=content,
                  quote_type="indirect", confidence=0.5)
            for n, (speaker, status, cue, content) in enumerate([
                ("Anna Lee", "named", "said", "Bert Orr was late"),
                ("He", "pronoun", "denied", "it"),
                ("she", "pronoun", "added", "so did the Orr family"),
            ])
        ),
        *(
            ClaimSpan(claim_id=claims[n // 3], role=role, ordinal=0, start_char=BODY.index(words),
                      end_char=BODY.index(words) + len(words), text=words)
            for n, (words, role) in enumerate(zip(spans, roles, strict=True))
        ),
    ]  # fmt: skip
    with warehouse.writing() as connection:
        for row in rows:
            insert(connection, STANDARD_TABLES[row.__table__], STANDARD_TABLES[row.__table__].arrow([row]), article)
        for row in of_article:
            table = STANDARD_TABLES[row.__table__]
            insert(connection, table, table.arrow([(article, row)]), article)
    with warehouse.reading() as connection:
        yield connection


def asked(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return found


def test_statement_has_a_row_for_each_claim_with_its_speaker_and_its_article(
    quoted: duckdb.DuckDBPyConnection,
) -> None:
    assert asked(quoted, "select speaker_name, speaker, cue, content, outlet, headline, uri from statement "
                         "order by ordinal") == [
        ("Anna Lee", "Anna Lee", "said", "Bert Orr was late", "example.org", "Late", "u:x"),
        ("Anna Lee and Bert Orr", "He", "denied", "it", "example.org", "Late", "u:x"),
        (None, "she", "added", "so did the Orr family", "example.org", "Late", "u:x"),
    ]  # fmt: skip
    ((kind, entity),) = asked(quoted, "select speaker_kind, speaker_entity_id from statement where ordinal = 0")
    assert (kind, entity) == ("person", identify("entity", "anna"))


@pytest.mark.parametrize(
    ("who", "cues"),
    [
        ("Anna Lee", ["said", "denied"]),
        ("lee", ["said", "denied"]),  # a part, in any case
        ("Robert", ["denied"]),  # an alias
        ("she", ["added"]),  # as written, where nobody knows who that is
        ("He", ["added"]),  # not `denied`, whose speakers are known by name; but `she` has a `he` in it
        ("Nobody", []),
    ],
)
def test_said_by(who: str, cues: list[str], quoted: duckdb.DuckDBPyConnection) -> None:
    assert [cue for (cue,) in asked(quoted, f"select cue from said_by('{who}')")] == cues


@pytest.mark.parametrize(
    ("what", "cues"),
    [
        ("Bert", ["said"]),
        ("Robert", ["said"]),  # by an alias of whom the words name
        ("Orr", ["said", "added"]),  # also by the words alone
        ("Anna", []),  # she speaks; nothing is said of her
    ],
)
def test_about(what: str, cues: list[str], quoted: duckdb.DuckDBPyConnection) -> None:
    assert [cue for (cue,) in asked(quoted, f"select cue from about('{what}')")] == cues


def test_timeline_has_what_somebody_said_and_what_was_said_about_them_once_each(
    quoted: duckdb.DuckDBPyConnection,
) -> None:
    assert asked(quoted, "select day::varchar, cue from timeline('Bert')") == [
        ("2024-05-06", "said"),
        ("2024-05-06", "denied"),
    ]


def test_in_context_shows_the_words_of_a_claim_with_what_is_around_them(quoted: duckdb.DuckDBPyConnection) -> None:
    claim = identify("claim", 0)
    assert asked(quoted, f"select role, before, text, after from in_context('{claim}', around := 5)") == [
        ("source", "", "Anna Lee", " said"),
        ("cue", " Lee ", "said", " Bert"),
        ("content", "said ", "Bert Orr was late", ". He "),
    ]
    query = "select count(*) from in_context((select claim_id from said_by('Anna') limit 1))"
    assert asked(quoted, query) == [(3,)]
