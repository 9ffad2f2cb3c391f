"""A row class as the declaration of a table: its columns, name, key and comments, and what cannot become one."""

from __future__ import annotations

import enum
import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import duckdb
import pytest
from pydantic import Field, ValidationError

from onrecord import References, Row
from onrecord.errors import RowError
from onrecord.model.table import derive_table
from onrecord.warehouse.schema import synchronize_tables
from tests.unit.model.everything import EVERYTHING, Mood

# ── DDL ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_type_has_its_column_type_and_only_what_is_optional_may_be_null() -> None:
    declared = dict(re.findall(r'^ +"(\w+)" +(.+?),?$', EVERYTHING.ddl, re.M))
    assert declared == {
        "article_id": "UUID NOT NULL",
        "ordinal": "BIGINT NOT NULL",
        "text": "VARCHAR NOT NULL",
        "whole": "BIGINT NOT NULL",
        "real": "DOUBLE NOT NULL",
        "truth": "BOOLEAN NOT NULL",
        "raw": "BLOB NOT NULL",
        "day": "DATE NOT NULL",
        "moment": "TIMESTAMP WITH TIME ZONE NOT NULL",
        "identifier": "UUID NOT NULL",
        "choice": "VARCHAR NOT NULL",
        "mood": "VARCHAR NOT NULL",
        "words": "VARCHAR[] NOT NULL",
        "moments": "TIMESTAMP WITH TIME ZONE[] NOT NULL",
        "identifiers": "UUID[] NOT NULL",
        "moods": "VARCHAR[] NOT NULL",
        "notes": "JSON NOT NULL",
        "maybe_text": "VARCHAR",
        "maybe_whole": "BIGINT",
        "maybe_moment": "TIMESTAMP WITH TIME ZONE",
        "maybe_identifier": "UUID",
        "maybe_mood": "VARCHAR",
        "maybe_words": "VARCHAR[]",
        "maybe_notes": "JSON",
        "run_id": "UUID NOT NULL",
    }


def test_a_table_across_articles_has_no_article_id_and_every_table_has_run_id_last() -> None:
    class Total(Row, key=("outlet",)):
        outlet: str

    assert [c.name for c in derive_table(Total, per_article=False).columns] == ["outlet", "run_id"]
    assert [c.name for c in derive_table(Total, per_article=True).columns] == ["article_id", "outlet", "run_id"]


def test_a_column_that_the_class_declares_itself_is_not_added_again() -> None:
    class Owner(Row, key=("article_id",)):
        article_id: UUID
        run_id: UUID

    assert [c.name for c in derive_table(Owner, per_article=False).columns] == ["article_id", "run_id"]


def test_names_that_are_sql_keywords_are_quoted() -> None:
    class Order(Row, key=("group",)):
        """Isn't it quoted?"""

        group: int
        """It's the group's."""
        select: str = "from"

    database = duckdb.connect()
    synchronize_tables(database, [derive_table(Order, per_article=False)])
    comment = database.execute("select comment from duckdb_tables() where table_name = 'order'").fetchall()
    assert comment == [("Isn't it quoted?",)]


# ── Class keywords ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cls", "table"),
    [("Length", "length"), ("ClaimSpan", "claim_span"), ("Word2Vec", "word2_vec"), ("HTTPStatus", "httpstatus")],
)
def test_the_tables_name_is_the_classs_in_snake_case(cls: str, table: str) -> None:
    assert type(cls, (Row,), {"__annotations__": {"x": int}}).__table__ == table


def test_table_and_key_can_be_given() -> None:
    class Quote(Row, table="quotation", key=("start", "end")):
        start: int
        end: int

    made = derive_table(Quote, per_article=True)
    assert made.name == "quotation"
    assert made.key == ("article_id", "start", "end")


def test_a_key_of_one_column_may_be_given_as_its_name() -> None:
    class Quote(Row, key="ordinal"):
        ordinal: int

    assert derive_table(Quote, per_article=True).key == ("article_id", "ordinal")


def test_a_subclass_inherits_the_key_and_not_the_table() -> None:
    class Base(Row, key=("ordinal",), table="basis"):
        ordinal: int

    class Derived(Base):
        more: str

    made = derive_table(Derived, per_article=True)
    assert (made.name, made.key) == ("derived", ("article_id", "ordinal"))
    assert [c.name for c in made.columns] == ["article_id", "ordinal", "more", "run_id"]


def test_without_a_key_there_is_one_row_per_article() -> None:
    class Length(Row):
        words: int

    assert derive_table(Length, per_article=True).key == ("article_id",)


def test_rows_are_append_only_if_the_class_says_so() -> None:
    class Kept(Row, key=("x",), append_only=True):
        x: int

    class Replaced(Row, key=("x",)):
        x: int

    assert derive_table(Kept, per_article=False).append_only
    assert not derive_table(Replaced, per_article=False).append_only


def test_rows_are_frozen_and_take_no_unknown_columns() -> None:
    class Length(Row):
        words: int

    row = Length(words=3)
    with pytest.raises(ValidationError, match="frozen"):
        row.words = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Length(words=3, letters=12)  # type: ignore[call-arg]


# ── Comments ─────────────────────────────────────────────────────────────────────────────────────


def comments_in(database: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return dict(
        database.execute("select column_name, comment from duckdb_columns() where table_name = $t", {"t": table})
        .fetchall()
    )  # fmt: skip


def test_docstrings_become_comments_in_the_database() -> None:
    class Weather(Row):
        """How it
        was: "fine", mostly. It's true.

        Not a part of the comment.
        """

        sky: str
        """What the sky
        was like; it's as written."""
        wind: float = Field(default=0.0, description="Metres per second.")
        mood: Mood = Mood.CALM
        plain: int = 0

    table = derive_table(Weather, per_article=True)
    database = duckdb.connect()
    synchronize_tables(database, [table])

    said = database.execute("select comment from duckdb_tables() where table_name = 'weather'").fetchall()
    assert said == [('How it was: "fine", mostly. It\'s true.',)]
    assert comments_in(database, "weather") == {
        "article_id": "The article.",
        "sky": "What the sky was like; it's as written.",
        "wind": "Metres per second.",
        "mood": "One of: calm, angry.",
        "plain": "",
        "run_id": "The run that wrote the row.",
    }


def test_the_values_of_an_enumeration_follow_the_description() -> None:
    database = duckdb.connect()
    synchronize_tables(database, [EVERYTHING])
    assert comments_in(database, "everything")["choice"] == "What was chosen. One of: yes, no."


def test_the_table_comment_of_a_class_without_a_docstring_is_empty() -> None:
    class Bare(Row):
        x: int

    assert derive_table(Bare, per_article=True).description == ""


# ── What cannot become a table ───────────────────────────────────────────────────────────────────


class Number(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "annotation",
    [
        Decimal, set[str], tuple[int, int], int | str, Any, Literal[1, 2], Number, object, list[dict[str, int]],
        list[str | None], list, timedelta,
    ],
    ids=str,
)  # fmt: skip
def test_an_unsupported_type_is_named_with_its_table_and_column(annotation: Any) -> None:
    odd = type("Odd", (Row,), {"__annotations__": {"x": annotation}, "model_config": {"arbitrary_types_allowed": True}})
    with pytest.raises(RowError) as caught:
        derive_table(odd, per_article=True)
    assert str(caught.value).startswith("column `odd.x`: has the type ")
    assert str(caught.value).endswith(
        ", which has no place in a table: use one that Row's docstring lists"
    )  # fmt: skip


@pytest.mark.parametrize(
    "annotation", [Annotated[UUID, References("claim")], Annotated[int, Field(ge=0)], Annotated[UUID, "note"] | None]
)
def test_annotations_around_a_type_do_not_hide_it(annotation: Any) -> None:
    fine = type("Fine", (Row,), {"__annotations__": {"x": annotation}})
    assert derive_table(fine, per_article=True).columns[1].type in ("UUID", "BIGINT")


def test_references_are_kept_for_optional_columns_too() -> None:
    class Link(Row, key=("one",)):
        one: Annotated[UUID, References("claim", "claim_id")]
        other: Annotated[UUID | None, References("claim", "claim_id")] = None

    one, other, _ = derive_table(Link, per_article=False).columns
    assert one.references == other.references == References("claim", "claim_id")
    assert (one.optional, other.optional) == (False, True)


def test_references_inside_an_optional_type_are_kept() -> None:
    class Link(Row, key=("one",)):
        one: int
        other: Annotated[UUID, References("claim", "claim_id")] | None = None

    assert derive_table(Link, per_article=False).columns[1].references == References("claim", "claim_id")


def test_a_class_without_columns_is_refused() -> None:
    class Nothing(Row):
        """Nothing."""

    with pytest.raises(RowError, match="table `nothing`: Nothing declares no columns"):
        derive_table(Nothing, per_article=True)


@pytest.mark.parametrize("name", ["Big", "naïve", "a b", 'a"b', "1st"])
def test_a_table_name_that_would_need_quoting_is_refused(name: str) -> None:
    odd = type("Odd", (Row,), {"__annotations__": {"x": int}}, table=name)
    with pytest.raises(RowError, match="a table's name is made of a-z, 0-9 and _"):
        derive_table(odd, per_article=True)


@pytest.mark.parametrize("name", ["Big", "naïve", "x2Y"])
def test_a_column_name_that_would_need_quoting_is_refused(name: str) -> None:
    odd = type("Odd", (Row,), {"__annotations__": {name: int}})
    with pytest.raises(RowError, match=f"column `odd.{name}`: a column's name is made of a-z, 0-9 and _"):
        derive_table(odd, per_article=True)


def test_a_key_that_is_no_column_is_refused() -> None:
    class Quote(Row, key=("ordnial",)):
        ordinal: int

    with pytest.raises(RowError, match=r"column `quote\.ordnial`: is named in the key but is not a column"):
        derive_table(Quote, per_article=True)


def test_rows_across_articles_need_a_key() -> None:
    class Total(Row):
        words: int

    with pytest.raises(RowError, match=re.escape("say what tells its rows apart: class Total(Row, key=(…))")):
        derive_table(Total, per_article=False)
