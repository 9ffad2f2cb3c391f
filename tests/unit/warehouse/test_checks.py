"""Checks: a database that fails one is not published."""

from __future__ import annotations

import pytest

from onrecord.errors import CheckError
from onrecord.run.engine import start_run
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from onrecord.warehouse.loading import mark_changed
from tests.unit.warehouse.measured import Lengths, live

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

    with pytest.raises(CheckError) as refused, start_run(sandbox.plugins) as run:  # noqa: PT012
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
