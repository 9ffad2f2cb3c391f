"""`onrecord status`, `report`, `show` and `tables`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import Ended


def test_status_says_what_there_is_and_how_the_last_run_went(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("status")
    assert ended.status == 0
    lines = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert lines["warehouse"] == str(project / "warehouse")
    assert lines["writer"] == "nobody"
    assert "completed" in lines["last"]
    assert lines["published"].startswith(str(project / "warehouse/onrecord.duckdb"))
    assert {name: lines[name] for name in ("document", "article", "claim", "quarantine", "deleted")} == {
        "document": "2", "article": "2", "claim": "0", "quarantine": "1", "deleted": "0",
    }  # fmt: skip


def test_status_of_a_warehouse_that_is_not_there_yet(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("status", "-w", project / "another")
    assert ended.status == 2
    assert "empty: onrecord run fills it" in ended.words
    assert "(no-warehouse)" in ended.words
    assert not (project / "another").exists()


def test_status_for_monitoring_is_json_with_findings_and_an_exit_status(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    fine = onrecord("status", "--json")
    with (project / "onrecord.toml").open("a") as file:
        file.write("\n[status]\nmax_quarantined = 0\n")
    growing = onrecord("status", "--json")

    assert (fine.status, json.loads(fine.out)["status"], json.loads(fine.out)["findings"]) == (0, "fine", [])
    assert json.loads(fine.out)["rows"]["article"] == 2
    assert json.loads(fine.out)["last_run"]["status"] == "completed"
    assert (growing.status, json.loads(growing.out)["findings"]) == (
        1,
        [
            {
                "code": "quarantine-growing",
                "level": "attention",
                "sentence": "1 subjects were quarantined within a day, and at most 0 should be: lengths 1",
            }
        ],
    )
    assert "(quarantine-growing)" in onrecord("status").words


def test_report_tells_of_a_run_on_a_page_of_its_own(
    project: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = (row["run_id"] for row in json.loads(onrecord("sql", "--json", "select run_id from run").out))

    assert onrecord("report", run_id[:8]).words == onrecord("report").words
    assert onrecord("report", run_id[:8], "--html", "run.html").status == 0
    page = (project / "run.html").read_text("utf-8")
    assert run_id in page
    # Whatever a document or a plugin says, it is not taken for a part of the page.
    assert "ValueError: cannot measure [/this] [one]" in page
    assert "Three [/short] [words]." in page
    assert "<code>document</code>" in page
    assert "<code>component_version</code>" not in page, "bookkeeping is no content"
    assert not {"http://", "https://", "<script", "src="} & set(re.findall(r"https?://|<script|src=", page))

    monkeypatch.setattr("onrecord.reporting.html._MOST", 1)
    onrecord("report", "--html", "run.html")
    assert (project / "run.html").read_text("utf-8").count("and 1 more") == 1

    assert onrecord("report", "0000").status == 2
    assert onrecord("report", "-w", "another").status == 2


def test_show_is_a_page_about_the_warehouse(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("show")
    assert ended.status == 0
    assert "2 articles" in ended.words
    assert "“Three [/short] [words].…”" in ended.words
    assert "1 subject(s) are in quarantine" in ended.words
    assert str(project / "warehouse/onrecord.duckdb").removeprefix(f"{project}/") in ended.words


def test_tables_prints_the_data_dictionary_with_the_tables_of_plugins(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("tables")
    assert ended.status == 0
    assert "How long each article is." in ended.out
    assert "How many words it has." in ended.out


def test_tables_builtin_needs_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, onrecord: Callable[..., Ended]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = onrecord("tables", "--builtin")
    assert ended.status == 0
    assert "An attributed statement: who is on record saying what, where." in ended.out
    assert "How long each article is." not in ended.out
