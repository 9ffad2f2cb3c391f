"""Rows on their way into the database and back: values, times, JSON, keys, spans."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from onrecord import Row
from onrecord.errors import RowError
from onrecord.model.table import Table, derive_table
from onrecord.stages.annotate import check_span
from onrecord.testing import make_article
from onrecord.warehouse.checks import derive_checks, find_failures
from onrecord.warehouse.schema import synchronize_tables
from tests.unit.model.everything import EVERYTHING, RUN, WORDS, Everything, Mood, Word

ARTICLE = UUID(int=1)


# ── Arrow ────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.text()

WHOLES = st.integers(-(2**63), 2**63 - 1)

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))

MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)

NOTES = st.dictionaries(TEXTS, JSON, max_size=3)

ROWS = st.lists(
    st.builds(
        Everything,
        ordinal=WHOLES,
        text=TEXTS,
        whole=WHOLES,
        real=st.floats(allow_nan=False),
        truth=st.booleans(),
        raw=st.binary(max_size=20),
        day=st.dates(),
        moment=MOMENTS,
        identifier=st.uuids(),
        choice=st.sampled_from(["yes", "no"]),
        mood=st.sampled_from(Mood),
        words=st.lists(TEXTS, max_size=3),
        moments=st.lists(MOMENTS, max_size=2),
        identifiers=st.lists(st.uuids(), max_size=2),
        moods=st.lists(st.sampled_from(Mood), max_size=2),
        notes=NOTES,
        maybe_text=st.none() | TEXTS,
        maybe_whole=st.none() | WHOLES,
        maybe_moment=st.none() | MOMENTS,
        maybe_identifier=st.none() | st.uuids(),
        maybe_mood=st.none() | st.sampled_from(Mood),
        maybe_words=st.none() | st.lists(TEXTS, max_size=2),
        maybe_notes=st.none() | NOTES,
    ),
    max_size=4,
    unique_by=lambda row: row.ordinal,
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    synchronize_tables(made, [EVERYTHING])
    return made


def through(database: duckdb.DuckDBPyConnection, table: Table, made: pa.Table) -> pa.Table:
    """What a table in a database hands back of what was put into it."""
    database.register("made", made)
    database.execute(f"delete from {table.name}")
    database.execute(f"insert into {table.name} by name select *, $run::uuid as run_id from made", {"run": str(RUN)})
    return database.sql(f"select * exclude (run_id) from {table.name}").to_arrow_table()


@settings(max_examples=60)
@given(rows=ROWS)
def test_rows_come_back_from_a_database_as_they_went_in(database: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    made = EVERYTHING.arrow((ARTICLE, row) for row in rows)
    back = through(database, EVERYTHING, made)
    assert EVERYTHING.rows(back) == rows
    assert {str(article_id) for article_id in back["article_id"].to_pylist()} <= {str(ARTICLE)}


def test_the_arrow_schema_has_every_column_but_the_runs_and_says_which_may_be_null() -> None:
    schema = EVERYTHING.arrow([]).schema
    assert schema == EVERYTHING.schema
    assert "run_id" not in schema.names
    assert schema.names[:2] == ["article_id", "ordinal"]
    assert {field.name for field in schema if field.nullable} == {n for n in schema.names if n.startswith("maybe_")}
    assert schema.field("moment").type == pa.timestamp("us", tz="UTC")


def test_a_time_keeps_its_moment_and_is_stored_in_utc() -> None:
    class Said(Row):
        at: datetime

    table = derive_table(Said, per_article=True)
    made = table.arrow([(ARTICLE, Said(at=datetime(2021, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=3)))))])
    assert made["at"].to_pylist() == [datetime(2021, 7, 1, 9, 0, tzinfo=UTC)]


@pytest.mark.parametrize("column", ["moment", "maybe_moment", "moments"])
def test_a_time_without_a_zone_is_refused(column: str) -> None:
    class Said(Row):
        moment: datetime = datetime(2020, 1, 1, tzinfo=UTC)
        maybe_moment: datetime | None = None
        moments: list[datetime] = Field(default=[])

    naive = datetime(2021, 7, 1)
    row = Said.model_validate({column: [naive] if column == "moments" else naive})
    message = re.escape(f"column `said.{column}`: a time needs a time zone, e.g. datetime.now(UTC) ")
    with pytest.raises(RowError, match=message + ".*2021-07-01T00:00:00"):
        derive_table(Said, per_article=True).arrow([(ARTICLE, row)])


class Loose(Row):
    """For values that the class lets through and no column can hold."""

    whole: int = 0
    text: str = ""
    moment: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    notes: dict[Any, Any] = Field(default={})


@pytest.mark.parametrize(
    "values",
    [
        {"whole": 2**63},
        {"text": "\ud800"},
        {"notes": {"score": float("nan")}},
        {"notes": {"scores": [float("inf")]}},
        {"notes": {("a", "b"): 1}},
        {"moment": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
    ],
    ids=["too large an integer", "half a surrogate pair", "JSON NaN", "JSON infinity", "JSON key", "before year 1"],
)
def test_a_value_that_no_column_can_hold_is_refused_before_it_reaches_the_database(values: dict[str, Any]) -> None:
    (column,) = values
    with pytest.raises(RowError, match=f"^column `loose.{column}`: "):
        derive_table(Loose, per_article=True).arrow(
            [(ARTICLE, Loose.model_construct(**(Loose().model_dump() | values)))]
        )


def test_json_keeps_text_readable_and_its_keys_in_order() -> None:
    made = EVERYTHING.arrow([(ARTICLE, everything(notes={"b": "Ñandú", "a": [1, None, True]}))])
    assert made["notes"].to_pylist() == ['{"a": [1, null, true], "b": "Ñandú"}']


def everything(**values: Any) -> Everything:
    """A row of Everything of which only some values matter."""
    fixed = {
        "ordinal": 0, "text": "", "whole": 0, "real": 0.0, "truth": True, "raw": b"", "day": date(2020, 1, 1),
        "moment": datetime(2020, 1, 1, tzinfo=UTC), "identifier": ARTICLE, "choice": "yes", "mood": "calm",
        "words": [], "moments": [], "identifiers": [], "moods": [], "notes": {},
    }  # fmt: skip
    return Everything.model_validate(fixed | values)


def test_a_row_of_another_class_is_refused() -> None:
    class Other(Row):
        words: int

    class OtherSubclass(Other):
        pass

    with pytest.raises(RowError, match="table `other`: takes rows of class Other"):
        derive_table(Other, per_article=True).arrow([(ARTICLE, OtherSubclass(words=1))])


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────


def test_two_rows_of_an_article_without_a_key_are_refused_with_the_remedy() -> None:
    class Length(Row):
        words: int

    with pytest.raises(RowError) as caught:
        derive_table(Length, per_article=True).arrow([(ARTICLE, Length(words=1)), (ARTICLE, Length(words=2))])
    assert str(caught.value) == (
        "table `length`: two rows with the same key (article_id): give Length a key that tells its rows apart, "
        f"e.g. key=('ordinal',) (it is {{'article_id': {ARTICLE!r}}})"
    )


def test_two_rows_with_the_same_key_are_refused_and_shown() -> None:
    class Name(Row, key=("kind", "name")):
        kind: Literal["person", "place"]
        name: str

    rows = [Name(kind="person", name="Ada"), Name(kind="place", name="Ada"), Name(kind="place", name="Ada")]
    with pytest.raises(RowError) as caught:
        derive_table(Name, per_article=False).arrow(rows)
    assert str(caught.value) == (
        "table `name`: two rows with the same key (kind, name): the key must tell the rows apart "
        "(it is {'kind': 'place', 'name': 'Ada'})"
    )


def test_the_same_key_in_two_articles_is_no_duplicate() -> None:
    class Length(Row):
        words: int

    made = derive_table(Length, per_article=True).arrow([(ARTICLE, Length(words=1)), (UUID(int=9), Length(words=1))])
    assert made.num_rows == 2


# ── Spans ────────────────────────────────────────────────────────────────────────────────────────

BODY = "Ça va 👩🏽‍🚀 bien"


def test_a_span_is_the_words_at_its_place_counted_in_code_points() -> None:
    for text in ("Ça", "👩🏽‍🚀", "bien"):
        start = BODY.index(text)
        check_span(Word(start_char=start, end_char=start + len(text), text=text), make_article(BODY))


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (0, 2, "va"),
        (-4, 15, "bien"),
        (0, 0, ""),
        (5, 3, ""),
        (0, 99, BODY),
        (99, 100, ""),
        (0, len(BODY.encode()), BODY),
    ],
    ids=["other words", "negative", "empty", "backwards", "too long", "outside", "counted in bytes"],
)
def test_a_span_that_is_not_what_stands_at_its_place_is_refused(start: int, end: int, text: str) -> None:
    with pytest.raises(RowError, match=rf"column `word.text`: is not what stands at {start}–{end} of a body of 15 "):
        check_span(Word(start_char=start, end_char=end, text=text), make_article(BODY))


@pytest.fixture(scope="module")
def words() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    synchronize_tables(made, [WORDS])
    made.execute("create table article (article_id uuid, body varchar)")
    made.execute("create temp table _unpublished as select $run::uuid as run_id", {"run": str(RUN)})
    return made


def unsound(database: duckdb.DuckDBPyConnection, body: str, row: Word) -> int:
    """How many of the checks before publishing a row breaks that is about an article with that body."""
    through(database, WORDS, WORDS.arrow([(ARTICLE, row)]))
    database.execute("delete from article")
    database.execute("insert into article values ($id, $body)", {"id": str(ARTICLE), "body": body})
    about_spans = [check for check in derive_checks([WORDS], []) if check.name.startswith("word: the text")]
    assert len(about_spans) == 1
    return len(find_failures(database, about_spans))


@settings(max_examples=40)
@given(body=st.text(min_size=1), data=st.data())
def test_the_database_counts_and_cuts_as_python_does(
    words: duckdb.DuckDBPyConnection, body: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start + 1, len(body)))
    right = Word(start_char=start, end_char=end, text=body[start:end])
    assert unsound(words, body, right) == 0
    assert unsound(words, body, right.model_copy(update={"text": body[start:end] + "x"})) == 1
    beyond = {"start_char": len(body), "end_char": len(body) + 1, "text": ""}
    assert unsound(words, body, right.model_copy(update=beyond)) == 1
