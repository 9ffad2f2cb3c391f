"""The views and macros of the published database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from onrecord import (
    Alias,
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
from onrecord.model.content import SourceItem
from onrecord.model.tables import STANDARD_TABLES
from onrecord.warehouse import Warehouse
from onrecord.warehouse.loading import insert

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
        SourceItem(article_id=article, uri="u:x", ingestor="i", document_id=document),
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
