"""Tables follow their row classes by themselves; what would lose or bend data is refused. Migrations are numbered."""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import duckdb
import pytest
from pydantic import Field

from onrecord import Row
from onrecord.errors import OnrecordError, SchemaError
from onrecord.model.table import Table, derive_table
from onrecord.model.tables import STANDARD_TABLES
from onrecord.warehouse import Warehouse
from onrecord.warehouse.migrations import migrate
from onrecord.warehouse.schema import synchronize_tables

ARTICLE, RUN = UUID(int=1), UUID(int=2)


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def weather(**columns: Any) -> Table:
    """The table of a class `Weather` with the given columns: name=type, or name=(type, default)."""
    annotations = {name: column[0] if isinstance(column, tuple) else column for name, column in columns.items()}
    defaults = {name: column[1] for name, column in columns.items() if isinstance(column, tuple)}
    row = type("Weather", (Row,), {"__annotations__": annotations, "__module__": __name__, **defaults})
    return derive_table(row, per_article=True)


def write(database: duckdb.DuckDBPyConnection, table: Table, **values: Any) -> None:
    database.register("made", table.arrow([(ARTICLE, table.row(**values))]))
    database.execute(f"insert into {table.name} by name select *, $run::uuid as run_id from made", {"run": str(RUN)})


def columns(database: duckdb.DuckDBPyConnection, table: str = "weather") -> Mapping[str, tuple[str, bool]]:
    """Type and nullability of each column."""
    query = "select column_name, data_type, is_nullable from duckdb_columns() where table_name = $table"
    return {name: (kind, null) for name, kind, null in database.execute(query, {"table": table}).fetchall()}


# ── Creating ─────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_table_is_created(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str, wind=(float | None, None))])
    assert columns(database) == {
        "article_id": ("UUID", False),
        "sky": ("VARCHAR", False),
        "wind": ("DOUBLE", True),
        "run_id": ("UUID", False),
    }


def test_the_standard_tables_are_what_they_are_after_a_second_time(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, STANDARD_TABLES.values())
    before = {name: columns(database, name) for name in STANDARD_TABLES}
    assert all(before.values())
    synchronize_tables(database, STANDARD_TABLES.values())
    assert {name: columns(database, name) for name in STANDARD_TABLES} == before


class Choice(enum.Enum):
    YES = "yes"


DEFAULTS = {
    "text": (str, "it's"),
    "whole": (int, 3),
    "real": (float, float("inf")),
    "truth": (bool, True),
    "raw": (bytes, b"a\x00'\\"),
    "day": (date, date(2020, 2, 29)),
    "moment": (datetime, datetime(2020, 2, 29, 12, 30, tzinfo=UTC)),
    "identifier": (UUID, UUID(int=3)),
    "choice": (Literal["yes", "no"], "no"),
    "member": (Choice, Choice.YES),
    "words": (list[str], Field(default=["it's", 'a "b"'])),
    "none": (list[str], Field(default_factory=list)),
    "identifiers": (list[UUID], Field(default=[UUID(int=3)])),
    "members": (list[Choice], Field(default=[Choice.YES])),
    "notes": (dict[str, Any], Field(default={"it's": [1]})),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_rows_written_before_a_column_existed_get_its_default(database: duckdb.DuckDBPyConnection, name: str) -> None:
    old, new = weather(sky=str), weather(sky=str, **{name: DEFAULTS[name]})
    synchronize_tables(database, [old])
    write(database, old, sky="grey")
    synchronize_tables(database, [new])
    back = database.sql("select * exclude (run_id) from weather").to_arrow_table()
    assert new.rows(back) == [new.row(sky="grey")]


def test_rows_written_before_a_column_existed_have_no_value_there_without_a_default(
    database: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = weather(sky=str), weather(sky=str, wind=float)
    synchronize_tables(database, [old])
    write(database, old, sky="grey")
    with caplog.at_level(logging.WARNING, logger="onrecord"):
        synchronize_tables(database, [new])
    write(database, new, sky="blue", wind=2.0)
    assert database.execute("select sky, wind from weather").fetchall() == [("grey", None), ("blue", 2.0)]
    assert "table weather has a new column wind; existing rows have no value there until" in caplog.text


def test_several_changes_are_made_in_one_transaction(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str)])
    new = weather(sky=(str | None, None), wind=float, rain=(int, 0), hail=(bool, False))
    database.execute("begin")
    synchronize_tables(database, [new])
    write(database, new, wind=1.0)
    database.execute("commit")
    assert database.execute("select sky, wind, rain, hail from weather").fetchall() == [(None, 1.0, 0, False)]


def test_a_column_that_becomes_optional_may_be_empty_from_then_on(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str)])
    loosened = weather(sky=(str | None, None))
    synchronize_tables(database, [loosened])
    write(database, loosened)
    assert database.execute("select sky from weather").fetchall() == [(None,)]


def test_a_column_that_is_no_longer_optional_keeps_the_empty_values_that_it_has(
    database: duckdb.DuckDBPyConnection,
) -> None:
    old = weather(sky=(str | None, None))
    synchronize_tables(database, [old])
    write(database, old)
    synchronize_tables(database, [weather(sky=str)])
    assert database.execute("select sky from weather").fetchall() == [(None,)]


def test_the_order_of_columns_does_not_matter(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str, wind=float)])
    turned = weather(wind=float, sky=str)
    synchronize_tables(database, [turned])
    write(database, turned, wind=1.0, sky="grey")
    assert database.execute("select sky, wind from weather").fetchall() == [("grey", 1.0)]


def test_comments_follow_the_class(database: duckdb.DuckDBPyConnection) -> None:
    class Before(Row, table="weather"):
        """How it was."""

        sky: str
        """What one saw."""

    class After(Row, table="weather"):
        """How the weather was."""

        sky: Literal["blue", "grey"]
        """What was seen."""

    for row in (Before, After):
        synchronize_tables(database, [derive_table(row, per_article=True)])
    said = database.execute("select comment from duckdb_tables() where table_name = 'weather'").fetchall()
    assert said == [("How the weather was.",)]
    query = "select comment from duckdb_columns() where table_name = 'weather' and column_name = 'sky'"
    assert database.execute(query).fetchall() == [("What was seen. One of: blue, grey.",)]


# ── Refusing ─────────────────────────────────────────────────────────────────────────────────────


class Recorder:
    """A connection that records the statements it executes."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database, self.statements = database, []

    def execute(self, query: str, *parameters: Any) -> duckdb.DuckDBPyConnection:
        self.statements.append(query)
        return self.database.execute(query, *parameters)


def test_only_comments_that_differ_are_written(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, STANDARD_TABLES.values())
    database.execute("comment on column article.body is 'Something else.'; comment on table claim is null")
    recorder = Recorder(database)

    synchronize_tables(recorder, STANDARD_TABLES.values())

    changes = [statement for statement in recorder.statements if "select" not in statement]
    assert [change.partition(" IS ")[0] for change in changes] == [
        'COMMENT ON COLUMN "article"."body"', 'COMMENT ON TABLE "claim"',
    ]  # fmt: skip
    recorder.statements.clear()
    synchronize_tables(recorder, STANDARD_TABLES.values())
    assert not [statement for statement in recorder.statements if "select" not in statement]


def test_a_column_that_changes_its_type_is_refused_with_what_to_do(database: duckdb.DuckDBPyConnection) -> None:
    old = weather(sky=str)
    synchronize_tables(database, [old])
    write(database, old, sky="grey")
    with pytest.raises(SchemaError) as caught:
        synchronize_tables(database, [weather(sky=int)], {"weather": "forecast"})
    assert str(caught.value) == (
        "table `weather`, column `sky`: is VARCHAR in the warehouse and BIGINT in Weather. Rename the new column, "
        "or drop the table and let the next run fill it: onrecord plugins remove forecast"
    )
    assert database.execute("select sky from weather").fetchall() == [("grey",)]


def test_a_column_that_is_no_longer_declared_is_refused_with_what_to_do(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str, wind=float)])
    with pytest.raises(SchemaError) as caught:
        synchronize_tables(database, [weather(sky=str)], {"weather": "forecast"})
    assert str(caught.value) == (
        "table `weather`, column `wind`: is in the warehouse and no longer in Weather. Declare it again, "
        "or drop the table and let the next run fill it: onrecord plugins remove forecast"
    )
    assert "wind" in columns(database)


def test_a_change_of_a_table_that_no_plugin_owns_asks_for_a_migration(database: duckdb.DuckDBPyConnection) -> None:
    synchronize_tables(database, [weather(sky=str)])
    with pytest.raises(SchemaError, match=r"VARCHAR in the warehouse and BIGINT in Weather\. Write a migration for it"):
        synchronize_tables(database, [weather(sky=int)])


def test_what_is_refused_leaves_a_warehouse_as_it_was(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare([*STANDARD_TABLES.values(), weather(sky=str)], {})

    class Tides(Row):
        height: float

    with pytest.raises(SchemaError):
        warehouse.prepare([derive_table(Tides, per_article=True), weather(sky=int)], {"weather": "forecast"})
    with warehouse.reading() as connection:
        assert columns(connection, "tides") == {}
        assert columns(connection)["sky"] == ("VARCHAR", False)


def test_a_warehouse_with_views_takes_new_columns_in_the_tables_below_them(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(STANDARD_TABLES.values(), {})
    with warehouse.writing() as connection:
        connection.execute("drop view statement")
        connection.execute("alter table claim drop column cue_class")
        connection.execute("alter table article alter headline set not null")
    warehouse.prepare(STANDARD_TABLES.values(), {})
    with warehouse.reading() as connection:
        assert columns(connection, "claim")["cue_class"] == ("VARCHAR", True)
        assert columns(connection, "article")["headline"] == ("VARCHAR", True)
        assert connection.execute("select cue_class, headline from statement").fetchall() == []


# ── Migrations ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder of migrations with two of them."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("-- Nothing to do.")
    (folder / "0002_sky_in_capitals.sql").write_text("update weather set sky = upper(sky);")
    (folder / "README.md").write_text("This is none.")
    (folder / "3_nor_is_this.sql").write_text("drop table weather;")
    return folder


def recorded(database: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    return database.execute("select number, name from migration order by number").fetchall()


def test_a_fresh_warehouse_records_migrations_without_running_them(
    database: duckdb.DuckDBPyConnection, scripts: Path
) -> None:
    assert migrate(database, scripts) == []
    assert recorded(database) == [(1, "0001_first.sql"), (2, "0002_sky_in_capitals.sql")]


def test_new_migrations_are_run_in_the_order_of_their_numbers_and_once(
    database: duckdb.DuckDBPyConnection, scripts: Path
) -> None:
    table = weather(sky=str)
    synchronize_tables(database, [table])
    migrate(database, scripts)
    write(database, table, sky="grey")
    (scripts / "0010_then_a_dash.sql").write_text("update weather set sky = sky || '-';")
    (scripts / "0009_first_a_dot.sql").write_text("update weather set sky = sky || '.';\nselect 1;")

    assert migrate(database, scripts) == ["0009_first_a_dot.sql", "0010_then_a_dash.sql"]
    assert migrate(database, scripts) == []
    assert database.execute("select sky from weather").fetchall() == [("grey.-",)]
    assert [number for number, _ in recorded(database)] == [1, 2, 9, 10]
    assert database.execute("select bool_and(applied_at <= now()) from migration").fetchall() == [(True,)]


def test_a_migration_that_fails_is_undone_and_not_recorded_and_runs_when_it_is_repaired(
    database: duckdb.DuckDBPyConnection, scripts: Path
) -> None:
    table = weather(sky=str)
    synchronize_tables(database, [table])
    migrate(database, scripts)
    write(database, table, sky="grey")
    (scripts / "0003_good.sql").write_text("update weather set sky = sky || '!';")
    broken = scripts / "0004_half.sql"
    broken.write_text("update weather set sky = 'lost'; create table extra (x int); select 1 / no_such_column;")

    with pytest.raises(OnrecordError, match=r"migration 0004_half\.sql failed and was undone.*no_such_column"):
        migrate(database, scripts)
    assert database.execute("select sky from weather").fetchall() == [("grey!",)]
    assert columns(database, "extra") == {}
    assert [number for number, _ in recorded(database)] == [1, 2, 3]

    broken.write_text("update weather set sky = sky || '?';")
    assert migrate(database, scripts) == ["0004_half.sql"]
    assert database.execute("select sky from weather").fetchall() == [("grey!?",)]


def test_a_warehouse_that_a_newer_program_has_written_is_refused(
    database: duckdb.DuckDBPyConnection, scripts: Path
) -> None:
    (scripts / "0007_of_the_future.sql").write_text("-- Something.")
    migrate(database, scripts)
    (scripts / "0007_of_the_future.sql").unlink()
    with pytest.raises(OnrecordError) as caught:
        migrate(database, scripts)
    assert str(caught.value) == (
        "the warehouse has migration 7, which this version of onrecord does not know: a newer one wrote it. "
        "Upgrade onrecord, or use another warehouse"
    )


def test_recording_the_migrations_of_a_fresh_warehouse_is_all_or_nothing(tmp_path: Path, scripts: Path) -> None:
    class Killed(Exception):
        pass

    class UntilTheSecond:
        """A connection of a process that is killed between two statements."""

        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self.connection, self.inserts = connection, 0

        def execute(self, query: str, *parameters: Any) -> Any:
            self.inserts += "insert into migration" in query
            if self.inserts == 2:
                raise Killed
            return self.connection.execute(query, *parameters)

    file = tmp_path / "live.duckdb"
    with duckdb.connect(file) as connection, pytest.raises(Killed):
        migrate(UntilTheSecond(connection), scripts)  # type: ignore[arg-type]
    with duckdb.connect(file) as connection:
        assert migrate(connection, scripts) == []
        assert [number for number, _ in recorded(connection)] == [1, 2]


def test_a_prepared_warehouse_knows_every_migration_there_is(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.prepare(STANDARD_TABLES.values(), {})
    shipped = sorted(
        file.name for file in files("onrecord.warehouse.migrations").iterdir() if re.match(r"\d{4}_", file.name)
    )
    assert shipped
    with warehouse.reading() as connection:
        assert [name for _, name in recorded(connection)] == shipped
