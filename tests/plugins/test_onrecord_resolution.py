"""The aggregator `resolution`: which names are one entity, by which rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord import Aggregator, Alias, Claim, ClaimEntity, Entity, Mention, MentionEntity, Reader, Row, identify
from onrecord.model.tables import STANDARD_TABLES
from onrecord.planning.touched import find_all_groups
from onrecord.plugins.validation import table_for
from onrecord.stages import aggregate
from onrecord.testing import annotate_text, make_article
from onrecord_resolution import register_aggregators
from onrecord_resolution.names import is_within_one_edit
from onrecord_resolution.steps import ArticleNames

Articles = dict[str, list[tuple[str, str]]]
"""Names and their labels, by article."""


STEPS: list[Aggregator] = []
register_aggregators(STEPS.append)
TABLES = {row.__table__: table_for(row, step) for step in (*STEPS, ArticleNames()) for row in step.writes}


def warehouse(articles: Articles, claims: Iterable[tuple[str, int]] = ()) -> duckdb.DuckDBPyConnection:
    """A warehouse with these mentions, and a claim for each article and ordinal of its speaker's mention."""
    rows: dict[str, list[tuple[Any, Row]]] = {"article": [], "mention": [], "claim": [], "article_name": []}
    for day, (name, mentions) in enumerate(articles.items(), 1):
        made = make_article(name, published_at=datetime(2020, 1, day, tzinfo=UTC))
        rows["article"].append((made.article_id, made))
        own: list[Row] = []
        for ordinal, (text, label) in enumerate(mentions):
            mention: Any = {"kind": "name", "label": label, "text": text, "start_char": 0, "end_char": len(text)}
            own.append(Mention(ordinal=ordinal, **mention))
        rows["mention"] += [(made.article_id, row) for row in own]
        rows["article_name"] += [
            (made.article_id, row) for row in annotate_text(ArticleNames(), made, given={Mention: own})
        ]
    for ordinal, (name, speaker) in enumerate(claims):
        claim: Any = {"speaker_status": "named", "content": "x", "quote_type": "direct", "confidence": 1.0}
        claim |= {"claim_id": identify("claim", ordinal), "ordinal": ordinal, "speaker_mention": speaker}
        rows["claim"].append((make_article(name).article_id, Claim(**claim)))
    connection = duckdb.connect()
    for table in (STANDARD_TABLES | TABLES).values():
        connection.execute(table.ddl)
    for name, own_rows in rows.items():
        load(connection, name, (STANDARD_TABLES | TABLES)[name].arrow(own_rows))
    return connection


def load(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("arrow", rows)
    connection.execute(f"insert into {name} by name select *, uuid() as run_id from arrow")


def resolved(articles: Articles, claims: Iterable[tuple[str, int]] = ()) -> dict[type[Row], list[Any]]:
    """The rows of all steps, each of which fills all its groups."""
    rows: dict[type[Row], list[Any]] = defaultdict(list)
    with warehouse(articles, claims) as connection:
        for step in STEPS:
            connection.register("touched", find_all_groups(connection, step))
            for name, found in aggregate(step, Reader(connection), TABLES).items():
                load(connection, name, found)
                rows[TABLES[name].row] = TABLES[name].rows(found.cast(TABLES[name].schema))
    return rows


def members(articles: Articles) -> dict[str, list[tuple[str, int, str]]]:
    """For each entity, by name, the article, ordinal and rule of its mentions."""
    rows = resolved(articles)
    names = {entity.entity_id: entity.name for entity in rows[Entity]}
    bodies = {make_article(name).article_id: name for name in articles}
    found = defaultdict(list)
    for mention in rows[MentionEntity]:
        found[names[mention.entity_id]].append((bodies[mention.article_id], mention.ordinal, mention.rule))
    return {name: sorted(mentions) for name, mentions in found.items()}


PERSON, PLACE, OTHER = "person", "place", "other"


@pytest.mark.parametrize("variant", ["Water Board", "the Water Board", "Water  Board", "WATER BOARD", "Water Board’s"])
def test_a_name_is_the_same_whatever_its_case_spaces_article_and_possessive(variant: str) -> None:
    found = members({"a": [("Water Board", "organization")], "b": [(variant, "organization")]})
    assert list(found.values()) == [[("a", 0, "exact"), ("b", 0, "exact")]]


def test_a_name_broken_at_the_end_of_a_line_is_the_same_name() -> None:
    articles: Articles = {
        "a": [("Luc Tabor-Moss", PERSON)],
        "b": [("Luc Tabor-\nMoss", PERSON), ("Luc\nTabor-Moss", PERSON)],
    }
    assert members(articles) == {"Luc Tabor-Moss": [("a", 0, "exact"), ("b", 0, "exact"), ("b", 1, "exact")]}


def test_the_same_name_of_two_kinds_is_two_entities() -> None:
    entities = resolved({"a": [("Jordan", PLACE), ("Jordan", PERSON)]})[Entity]
    assert sorted((e.name, e.kind) for e in entities) == [("Jordan", "person"), ("Jordan", "place")]


def test_a_name_of_unknown_kind_is_of_the_kind_it_has_elsewhere() -> None:
    assert members({"a": [("Dunmore", PLACE)], "b": [("Dunmore", OTHER)]}) == {
        "Dunmore": [("a", 0, "exact"), ("b", 0, "exact")]
    }


def test_a_last_name_is_the_person_of_that_name_in_the_article() -> None:
    articles: Articles = {"a": [("Ann Reed", PERSON), ("Reed", PERSON)], "b": [("Bob Reed", PERSON), ("Reed", OTHER)]}
    assert members(articles) == {
        "Ann Reed": [("a", 0, "exact"), ("a", 1, "last_name")],
        "Bob Reed": [("b", 0, "exact"), ("b", 1, "last_name")],
    }


def test_a_last_name_is_the_only_person_of_that_name_anywhere() -> None:
    assert members({"a": [("Omar al-Khatib", PERSON)], "b": [("Khatib", PERSON)]}) == {
        "Omar al-Khatib": [("a", 0, "exact"), ("b", 0, "last_name")]
    }


def test_a_last_name_that_several_have_is_an_entity_of_its_own() -> None:
    articles: Articles = {"a": [("Ann Reed", PERSON), ("Bob Reed", PERSON), ("Reed", PERSON)]}
    assert set(members(articles)) == {"Ann Reed", "Bob Reed", "Reed"}


def test_a_place_with_a_persons_last_name_stays_a_place() -> None:
    assert set(members({"a": [("Ann Paris", PERSON), ("Paris", PLACE)]})) == {"Ann Paris", "Paris"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Sergei Lavrov", "Sergey Lavrov", True),
        ("Sergei Lavrov", "Sergey V. Lavrov", True),
        ("John Kerry", "John F. Kerry", True),
        ("Dan Reed", "Ian Reed", False),
        ("Paul Reed", "Paula Reed", False),
        ("Sergei Lavrov", "Andrei Lavrov", False),
        ("Sergei Lavrov", "Sergei Petrov", False),
    ],
)
def test_spellings_of_a_first_name(one: str, other: str, same: bool) -> None:
    found = members({"a": [(one, PERSON)], "b": [(one, PERSON)], "c": [(other, PERSON)]})
    assert (found[one] == [("a", 0, "exact"), ("b", 0, "exact"), ("c", 0, "spelling")]) == same
    assert len(found) == (1 if same else 2)


def test_an_entity_has_its_commonest_full_name_counts_and_dates() -> None:
    articles: Articles = {
        "a": [("John Kerry", PERSON), ("Kerry", PERSON), ("Kerry", PERSON)],
        "b": [("John F. Kerry", PERSON)],
        "c": [("John Kerry", PERSON)],
    }
    [entity] = resolved(articles)[Entity]
    assert (entity.name, entity.mention_count, entity.article_count) == ("John Kerry", 5, 3)
    assert entity.entity_id == identify("entity", "person", "John Kerry")
    assert (entity.first_seen, entity.last_seen) == (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 3, tzinfo=UTC))


def test_aliases_tell_how_and_how_often() -> None:
    articles: Articles = {"a": [("Sergei Lavrov", PERSON), ("Lavrov", PERSON)], "b": [("Sergey Lavrov", PERSON)] * 1}
    articles["c"] = [("Sergei Lavrov", PERSON)]
    aliases: list[Alias] = resolved(articles)[Alias]
    assert sorted((a.alias, a.kind, a.rule, a.mention_count) for a in aliases) == [
        ("Lavrov", "short", "last_name", 1),
        ("Sergei Lavrov", "name", "exact", 2),
        ("Sergey Lavrov", "spelling", "spelling", 1),
    ]


def test_claims_have_the_entity_of_their_speaker() -> None:
    rows = resolved({"a": [("Ann Reed", PERSON), ("Reed", PERSON)]}, claims=[("a", 1)])
    assert rows[ClaimEntity] == [
        ClaimEntity(claim_id=identify("claim", 0), entity_id=identify("entity", "person", "Ann Reed"), role="speaker")
    ]


NAMES = st.lists(
    st.tuples(
        st.sampled_from(
            ["Ann Reed", "Anna Reed", "Reed", "the Reed", "REED", "al-Reed", "’s", "the ", "A. Reed", "Reed’s"]
        )
        | st.text(min_size=1, max_size=6),
        st.sampled_from([PERSON, PLACE, OTHER]),
    ),
    max_size=8,
)


@given(st.dictionaries(st.sampled_from("abc"), NAMES))
def test_whatever_the_names_every_mention_has_one_entity_and_keys_are_unique(articles: Articles) -> None:
    rows = resolved(articles)
    assert len(rows[MentionEntity]) == sum(map(len, articles.values()))
    for row_class in (Entity, Alias, MentionEntity):
        STANDARD_TABLES[row_class.__table__].arrow(rows[row_class])  # refuses keys that occur twice


@given(st.text("ab", max_size=5), st.text("ab", max_size=5))
def test_within_one_edit_is_symmetric_and_agrees_with_its_definition(a: str, b: str) -> None:
    shorter, longer = sorted((a, b), key=len)
    left_out = {longer[:i] + longer[i + 1 :] for i in range(len(longer))}
    changed = len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) <= 1
    assert is_within_one_edit(a, b) == is_within_one_edit(b, a) == (a == b or changed or shorter in left_out)
