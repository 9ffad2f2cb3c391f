"""`onrecord sql`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.unit.cli.program import Ended

LENGTHS = "select note, 'x' as \"[odd]\", words, null as nothing, 0.5 as share from length"


def test_sql_prints_a_table(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", LENGTHS)
    assert (ended.status, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["note", "[odd]", "words", "nothing", "share"] in lines
    assert ["Three", "[/short]", "[words].", "x", "3", "0.5"] in lines
    assert ["(1", "row)"] in lines


def test_sql_shows_the_first_hundred_rows_and_says_so(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", "from range(101)")
    assert "the first 100 rows; --csv, --json and --parquet give all" in ended.words
    assert "99" in ended.words.split()
    assert len(onrecord("sql", "from range(101)", "--csv").out.splitlines()) == 102


def test_sql_csv(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", "select note, 'a, \"b\"' as odd, null as nothing, true as yes from length", "--csv")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == 'note,odd,nothing,yes\nThree [/short] [words].,"a, ""b""",,True\n'


def test_sql_json(project: Path, onrecord: Callable[..., Ended]) -> None:
    query = ("select words, note, null as nothing, [1, 2] as list, {'a': 1} as struct, date '2024-05-06' as day, "
             "'ü' as letter, 1.5::decimal(4, 2) as share, 'nan'::double as nan from length")  # fmt: skip
    ended = onrecord("sql", query, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert "ü" in ended.out

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(ended.out, parse_constant=refuse) == [
        {"words": 3, "note": "Three [/short] [words].", "nothing": None, "list": [1, 2], "struct": {"a": 1},
         "day": "2024-05-06", "letter": "ü", "share": "1.50", "nan": None}
    ]  # fmt: skip
    assert json.loads(onrecord("sql", "from length where false", "--json").out) == []


NESTED = """
    select
        ['00000000-0000-0000-0000-000000000001'::uuid] as ids,
        {'day': date '2024-05-06', 'share': 'nan'::double, 'shares': [0.5::double, 'inf'::double]} as struct,
        map {date '2024-05-06': 1} as map,
        'u\\xff'::blob as bytes
"""


def test_sql_json_has_what_lists_structs_and_maps_hold(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", NESTED, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out, parse_constant=pytest.fail) == [
        {
            "ids": ["00000000-0000-0000-0000-000000000001"],
            "struct": {"day": "2024-05-06", "share": None, "shares": [0.5, None]},
            "map": {"2024-05-06": 1},
            "bytes": "df8=",
        }
    ]


@pytest.mark.parametrize("form", [(), ("--csv",)])
def test_sql_prints_lists_and_structs_as_json(
    form: tuple[str, ...], project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("sql", "select ids, map, bytes from (" + NESTED + ")", *form)
    words = ended.out.replace('""', '"')
    assert '["00000000-0000-0000-0000-000000000001"]' in words
    assert '{"2024-05-06": 1}' in words
    assert "df8=" in words


def test_sql_parquet(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("sql", LENGTHS, "--parquet", project / "out.parquet")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == f"{project / 'out.parquet'}: 1 rows\n"
    assert pq.read_table(project / "out.parquet").select(["note", "words"]).to_pylist() == [
        {"note": "Three [/short] [words].", "words": 3}
    ]


def test_sql_reads_its_query_from_standard_input(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("sql", "--csv", stdin="select words\nfrom length;\n") == (0, "words\n3\n", "")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nonsense from length", "nonsense"),
        ("selec 1", "syntax error"),
        ("from nowhere", "nowhere"),
        ("delete from length", "read-only"),
        ("create table mine (x int)", "read-only"),
    ],
)
def test_sql_that_cannot_be_run_ends_with_1_and_says_why(
    query: str, said: str, project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("sql", query)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("onrecord: ")
    assert said in ended.err


def test_sql_needs_no_configuration_where_the_warehouse_is_named(
    project: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert onrecord("sql", "-w", project / "warehouse", "--csv", "select words from length").out == "words\n3\n"
