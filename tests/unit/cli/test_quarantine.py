"""`onrecord quarantine`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.model.identity import identify
from tests.unit.cli.program import Ended, row_of, run_again


@pytest.fixture
def bad(project: Path) -> str:
    """The id of the article in quarantine, as short as the list has it."""
    return str(identify("article", (project / "inbox/b.txt").as_uri()))[:8]


# ── quarantine ───────────────────────────────────────────────────────────────────────────────────


def test_quarantine_lists_what_failed_and_why(project: Path, bad: str, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine")
    assert ended.status == 0
    assert row_of(ended, bad, "annotate", "lengths", "1")[0].startswith("file:///")
    assert "ValueError: cannot measure [/this] [one]" in ended.words, "square brackets are text, not markup"
    assert "1 in quarantine; `onrecord quarantine show ID` has the traceback" in ended.words


def test_quarantine_of_a_plugin_or_a_warehouse_without_failures_is_empty(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert onrecord("quarantine", "--component", "doubles") == (0, "the quarantine is empty\n", "")
    assert onrecord("quarantine", "-w", project / "another") == (0, "the quarantine is empty\n", "")


def test_quarantine_show_has_the_traceback(project: Path, bad: str, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine", "show", bad)
    assert ended.status == 0
    assert "ValueError: cannot measure [/this] [one]" in ended.out
    assert "in annotate" in ended.out
    assert "Traceback (most recent call last)" in ended.out


def test_quarantine_show_of_an_id_that_is_not_there_ends_with_2(project: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("quarantine", "show", "ffffffff")
    assert ended.status == 2
    assert "nothing in the quarantine fits; `onrecord quarantine` lists what there is" in ended.words


@pytest.mark.parametrize("which", [["ID"], ["--component", "lengths"], ["--all"]])
def test_quarantine_retry_has_the_next_run_try_again(
    which: list[str], project: Path, bad: str, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("quarantine", "retry", *(bad if word == "ID" else word for word in which))
    assert (ended.status, ended.out) == (0, "1 will be tried again by the next run\n")
    assert "(to be tried again)" in onrecord("quarantine").words
    assert row_of(onrecord("plan"), "annotate", "lengths") == ["·", "·", "1", "·", "1"], "new, stale, retry, …"

    run_again(project)

    assert "(to be tried again)" not in onrecord("quarantine").words, "it has failed again"


@pytest.mark.parametrize("which", [[], ["ffffffff"], ["--component", "doubles"]])
def test_quarantine_retry_of_nothing_ends_with_2(
    which: list[str], project: Path, onrecord: Callable[..., Ended]
) -> None:
    assert onrecord("quarantine", "retry", *which).status == 2
    assert "(to be tried again)" not in onrecord("quarantine").words
