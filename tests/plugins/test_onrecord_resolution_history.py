"""Resolution and the tally after any history of the sources are as if computed from scratch, ids included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import onrecord_resolution
import onrecord_tally
from onrecord import Annotator, Article, Claim, Cleaner, Draft, Fetched, Mention, Row, identify
from onrecord.testing import Sandbox
from tests.unit.conftest import make_plugin

TABLES = ("entity", "alias", "mention_entity", "claim_entity", "name_entity", "claims_per_speaker")
NAMES = ["Ann Reed", "Anna Reed", "Bob Reed", "Reed", "Lavrov", "Sergei Lavrov", "Sergey Lavrov", "Paris"]
LABELS = ["person", "place", "other"]


class Reads(Cleaner):
    name, version = "reads", "1"

    def clean(self, draft: Draft) -> None:
        draft.outlet = draft.metadata.get("outlet")
        draft.published_at = draft.metadata.get("published")


class Entities(Annotator):
    """Finds mentions in a body such as "Ann Reed (person), Reed (other)."."""

    name, version, writes = "entities", "1", [Mention]

    def annotate(self, article: Article) -> Iterator[Row]:
        for ordinal, found in enumerate(re.finditer(r"([\w ]+?) \((\w+)\)", article.body)):
            label: Any = found[2]
            start = found.start(1) + len(found[1]) - len(found[1].lstrip())
            yield Mention(ordinal=ordinal, kind="name", label=label, text=found[1].strip(),
                          start_char=start, end_char=found.end(1))  # fmt: skip


class Claims(Annotator):
    """Lets each mention make a claim."""

    name, version, requires, writes = "claims", "1", ["entities"], [Claim]

    def annotate(self, article: Article) -> Iterator[Row]:
        for mention in article.rows(Mention):
            yield Claim(claim_id=identify("claim", article.article_id, article.body, mention.ordinal),
                        ordinal=mention.ordinal, speaker_mention=mention.ordinal, content="x",
                        speaker_status="named", quote_type="direct", confidence=1)  # fmt: skip


def sandbox_in(folder: Path, documents: dict[str, Fetched]) -> Sandbox:
    return Sandbox(
        folder, make_plugin(Reads(), Entities(), Claims()), onrecord_resolution, onrecord_tally, documents=documents
    )


def document(names: list[tuple[str, str]], outlet: str, day: int) -> Fetched:
    body = ", ".join(f"{name} ({label})" for name, label in names) + "."
    return Fetched(body.encode(), "text/plain", {"outlet": outlet, "published": f"2024-01-{day:02}T12:00:00Z"})


def rows(sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
    return {table: sandbox.sql(f"select * exclude (run_id) from {table} order by all") for table in TABLES}


def run(sandbox: Sandbox) -> None:
    report = sandbox.run()
    assert not report.failed, report.run.message


DOCUMENTS = st.builds(
    document,
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(LABELS)), min_size=1, max_size=4),
    st.sampled_from(["Post", "Times"]),
    st.integers(1, 3),
)
HISTORIES = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.none() | DOCUMENTS, min_size=1, max_size=3), min_size=1, max_size=4
)


@given(history=HISTORIES)
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_of_the_source_ends_in_the_same_entities(
    history: list[dict[str, Fetched | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("history")
    first = {"a": document([("Ann Reed", "person"), ("Reed", "other")], "Post", 1)}
    sandbox, ever = sandbox_in(folder / "warehouse", first), dict(first)
    run(sandbox)
    for changes in history:
        for name, changed in changes.items():
            if changed is None:
                sandbox.source.documents.pop(name, None)
            else:
                sandbox.source.documents[name] = ever[name] = changed
        run(sandbox)
    scratch = sandbox_in(folder / "scratch", ever)
    run(scratch)
    scratch.source.documents = dict(sandbox.source.documents)
    run(scratch)
    assert rows(sandbox) == rows(scratch)


def test_a_new_article_writes_the_rows_that_it_changes(tmp_path: Path) -> None:
    documents = {f"{i}": document([("Ann Reed", "person"), (f"Bob B{i}x", "person")], "Post", 1) for i in range(9)}
    sandbox = sandbox_in(tmp_path, documents)
    run(sandbox)
    sandbox.source.documents["new"] = document([("Ann Reed", "person"), ("Cid Doe", "person")], "Times", 2)
    report = sandbox.run()
    new = {table: len(sandbox.sql(f"from {table} where run_id = $run", run=report.run.run_id)) for table in TABLES}
    assert new == {
        "entity": 2, "alias": 2, "mention_entity": 2, "claim_entity": 2, "name_entity": 1, "claims_per_speaker": 2
    }  # fmt: skip
