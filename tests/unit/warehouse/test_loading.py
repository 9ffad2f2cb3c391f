"""Loads: all of one or nothing, versions of a document, offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord import (
    Annotator,
    Article,
    Mention,
    Row,
)
from onrecord.model.tables import STANDARD_TABLES
from onrecord.stages import BatchResult
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from tests.unit.warehouse.measured import Length, live


def test_a_load_that_fails_midway_changes_nothing(sandbox: Sandbox) -> None:
    tables = ("length", "mention", "ledger", "quarantine", "run")
    before = {table: live(sandbox, f"from {table} order by all") for table in tables}
    ids = [i for (i,) in live(sandbox, "select article_id from length")]
    plugins = sandbox.plugins
    ledger = pa.Table.from_pylist(
        [{"stage": "annotate", "component": None, "subject_id": ids[0], "input_hash": "x", "fingerprint": "x"}],
        STANDARD_TABLES["ledger"].schema,
    )
    outcome = BatchResult(
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
    current = sandbox.sql("select l.document_id as listed, a.document_id as read from source_item l join article a "
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
