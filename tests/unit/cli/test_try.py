"""`onrecord try`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.model.identity import identify
from tests.unit.cli.program import Ended


def test_try_prints_the_rows_of_an_annotator_without_touching_the_warehouse(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    shutil.rmtree(project / "warehouse")
    ended = onrecord("try", "doubles", "inbox/a.txt")
    assert ended.status == 0
    assert "inbox/a.txt" in ended.out
    assert "twice: 1" in ended.words
    assert "words 6" in ended.words
    assert not (project / "warehouse").exists()


def test_try_prints_json(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "--json", "lengths", "inbox/a.txt")
    article = str(identify("article", (project / "inbox/a.txt").as_uri()))
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        {"table": "length", "article_id": article, "words": 3, "note": "Three [/short] [words]."}
    ]


def test_try_shows_square_brackets_as_they_are(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert "Three [/short] [words]." in onrecord("try", "lengths", "inbox/a.txt").words


def test_try_of_an_annotator_that_there_is_not_ends_with_2_and_names_those_that_there_are(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("try", "length", "inbox/a.txt")
    assert ended.status == 2
    assert "no annotator is called length; there are: " in ended.words
    assert "lengths" in ended.words.split("there are: ")[1]


def test_try_of_a_file_that_is_not_there_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("try", "lengths", "inbox/z.txt").status == 2


def test_try_of_what_is_no_article_says_so_in_a_sentence(project: Path, onrecord: Callable[..., Ended]) -> None:
    (project / "inbox/empty.txt").write_text("")
    ended = onrecord("try", "lengths", "inbox/empty.txt")
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith(
        f"onrecord: {project / 'inbox/empty.txt'} is not annotated, being no article (empty: no running text is left"
    )


SHOUTING = """
from onrecord import Cleaner, hookimpl
class Shouting(Cleaner):
    name, version, order = "shouting", "7", 10
    def clean(self, draft):
        for stretch in draft.stretches:
            if draft.words(stretch).isupper():
                draft.mark(stretch, "boilerplate", "it [shouts]")
        draft.headline = "Made up"
@hookimpl
def register_cleaners(register): register(Shouting())
"""


@pytest.fixture
def shouted(project: Path) -> Path:
    (project / "plugins/shouting.py").write_text(SHOUTING)
    (project / "inbox/loud.txt").write_text("Quiet words.\n\nBUY [NOW]\n")
    return project


def test_try_clean_shows_each_stretch_with_its_verdict_and_what_each_cleaner_did(
    shouted: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("try", "clean", "inbox/loud.txt")
    assert ended.status == 0
    assert "body Quiet words." in ended.words
    assert "boilerplate BUY [NOW] shouting: it [shouts]" in ended.words
    assert "shouting 7 1 × boilerplate; headline = Made up" in ended.words
    assert not (shouted / "warehouse/live.duckdb").exists() or "kind article" in ended.words


def test_try_clean_writes_a_page(shouted: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "clean", "--html", "page.html", "inbox/loud.txt", "inbox/a.txt")
    page = (shouted / "page.html").read_text()
    assert (ended.status, ended.out) == (0, "")
    assert page.startswith("<!DOCTYPE html>")
    assert "BUY [NOW]" in page
    assert "inbox/a.txt" in page


def test_try_clean_prints_segments_as_json(shouted: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("try", "clean", "--json", "inbox/loud.txt")
    assert [(row["kind"], row["cleaner"]) for row in map(json.loads, ended.out.splitlines())] == [
        ("body", None),
        ("boilerplate", "shouting"),
    ]


def test_only_try_clean_writes_a_page(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert onrecord("try", "lengths", "--html", "page.html", "inbox/a.txt").status == 2
