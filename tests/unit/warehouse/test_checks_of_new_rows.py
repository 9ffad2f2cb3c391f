"""A run checks what it publishes, and what that leaves dangling; all rows are checked on request and once a week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated

import duckdb
import pytest

from onrecord import Aggregator, Annotator, Article, Reader, References, Row
from onrecord.config.settings import StatusSettings
from onrecord.errors import CheckError
from onrecord.operations.health import collect_findings
from onrecord.operations.verification import check_all, check_when_due
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse


class Word(Row, key=("word",)):
    word: str


class Words(Annotator):
    name, version, writes = "words", "1", [Word]

    def annotate(self, article: Article) -> Iterator[Row]:
        yield from (Word(word=word) for word in sorted(set(article.body.split())))


class Mentioned(Row, key=("word",)):
    word: Annotated[str, References("word")]
    times: int


class FindMentioned(Aggregator):
    """Lists the words of all articles, and those in `keeps`."""

    name, version, writes, requires = "mentioned", "1", [Mentioned], ["words"]
    keeps: tuple[str, ...] = ()

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        found = {row["word"] for row in warehouse.sql("select word from word").to_pylist()}
        yield from (Mentioned(word=word, times=1) for word in sorted(found | set(self.keeps)))


@pytest.fixture
def mentioned() -> FindMentioned:
    return FindMentioned()


@pytest.fixture
def sandbox(tmp_path: Path, plugin_of: Callable[..., ModuleType], mentioned: FindMentioned) -> Sandbox:
    documents = {"a": "one two", "b": "two three"}
    sandbox = Sandbox(tmp_path / "warehouse", plugin_of(Words(), mentioned), documents=documents)
    assert not sandbox.run().failed
    return sandbox


def change(sandbox: Sandbox, statement: str, *names: str) -> None:
    """Change rows behind the engine's back."""
    for name in names:
        file = sandbox.directory / name
        file.chmod(0o644)
        with duckdb.connect(file) as connection:
            connection.execute(statement)


def test_a_published_row_that_refers_to_what_has_vanished_blocks_publishing(
    sandbox: Sandbox, mentioned: FindMentioned
) -> None:
    mentioned.keeps = ("three",)
    sandbox.source.documents["b"] = "two"
    with pytest.raises(CheckError, match=r"mentioned: every word is in word: 1 row\(s\) break it.*three"):
        sandbox.run()
    assert sandbox.sql("select count(*) as n from word where word = 'three'") == [{"n": 1}]


def test_a_new_row_that_refers_to_nothing_blocks_publishing(sandbox: Sandbox, mentioned: FindMentioned) -> None:
    mentioned.keeps = ("nowhere",)
    sandbox.source.documents["c"] = "four"
    with pytest.raises(CheckError, match=r"mentioned: every word is in word: 1 row\(s\) break it.*nowhere"):
        sandbox.run()


def test_a_new_row_with_the_key_of_a_published_one_blocks_publishing(sandbox: Sandbox) -> None:
    sandbox.source.documents["c"] = "four"
    killed = "insert into run by name select * replace (uuid() as run_id, 'killed' as status) from run limit 1"
    its_row = "select * replace ((select run_id from run where status = 'killed') as run_id) from word limit 1"
    change(sandbox, f"{killed}; insert into word {its_row}", "live.duckdb")
    with pytest.raises(CheckError, match="word: no two rows with the same article_id and word"):
        sandbox.run()


def test_a_run_does_not_look_at_published_rows_and_a_check_of_all_does(sandbox: Sandbox) -> None:
    change(sandbox, "insert into word from word limit 1", "live.duckdb", "onrecord.duckdb")
    sandbox.source.documents["c"] = "four"
    assert not sandbox.run().failed

    (failure,) = check_all(sandbox.plugins)
    assert failure.startswith("word: no two rows with the same article_id and word: 1 row(s) break it")
    findings = collect_findings(Warehouse(sandbox.directory), StatusSettings())
    assert [finding.code for finding in findings] == ["check-failed"]


def test_everything_is_checked_again_when_a_week_has_passed(sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    assert check_when_due(sandbox.plugins, now) == []
    assert check_when_due(sandbox.plugins, now + timedelta(days=6)) is None
    assert check_when_due(sandbox.plugins, now + timedelta(days=8)) == []
