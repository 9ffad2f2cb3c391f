"""`onrecord backfill` and `onrecord diff`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import Ended


def test_a_backfill_from_beginning_to_end(improved: Path, onrecord: Callable[..., Ended]) -> None:
    assert "there are no staged versions" in onrecord("backfill").words

    ended = onrecord("backfill", "lengths", "--workers", "0")
    assert ended.status == 0
    assert "`onrecord diff lengths` shows what would change" in ended.words
    assert onrecord("backfill").out.splitlines()[1].split()[-1] == "finished"

    ended = onrecord("diff", "lengths")
    assert ended.status == 0
    assert "lengths 2 in the staged version of lengths, all articles: 2 article(s); published: 1 on 1" in ended.words
    assert "length 0 1 0 0 words 1" in ended.words
    # What came out of a document is shown as it is, whatever rich makes of brackets.
    assert "words 3 → 103 note Three [/short] [words]." in ended.words
    found = json.loads(onrecord("diff", "doubles", "--json").out)
    assert found["tables"][0]["examples"][0]["after"] == {"words": 206}

    ended = onrecord("backfill", "lengths", "--promote")
    assert ended.status == 0
    assert "promoted lengths, all articles, and published" in ended.words
    assert onrecord("sql", "--csv", "select length.words, twice.words from length, twice").out.endswith("103,206\n")
    assert "nothing to do" in onrecord("backfill", "lengths", "--workers", "0").words


def test_a_promotion_that_is_told_to_end_says_so(
    improved: Path, onrecord: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    monkeypatch.setattr("onrecord.cli.backfill.leave", sys.exit)
    monkeypatch.setattr("onrecord.backfill.promotion._build_result", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    ended = onrecord("backfill", "lengths", "--promote")
    assert ended.status == 143
    assert ended.err.endswith("interrupted; the staged version is kept, and the same command promotes it\n")
    assert onrecord("diff", "lengths").status == 0


def test_a_staged_version_can_be_dropped(improved: Path, onrecord: Callable[..., Ended]) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    assert onrecord("backfill", "lengths", "--drop").out == (
        "dropped the staged version of lengths; the published rows are unchanged\n"
    )
    ended = onrecord("diff", "lengths")
    assert ended.status == 2
    assert "there is no staged version of lengths" in ended.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["lengths", "--promote", "--drop"], "not both"),
        (["--promote"], "take one COMPONENT"),
        (["lengths", "--drop", "--outlet", "Post"], "are for its whole staged version"),
        (["lengths", "--incomplete"], "--incomplete goes with --promote"),
        (["--since", "2016-01-01"], "name the COMPONENTs"),
        (["lengths", "--since", "May"], "'May' does not match the format '%Y-%m-%d'"),
        (["lengths", "--outlet", "Poste"], "the selection has no published article"),
        (["lengths", "--where", "colour = 1"], "`where` must be a condition on the columns of `article`"),
        (["nothing"], "nothing cannot be backfilled: it is not loaded. The annotators are: lengths, doubles"),
    ],
)
def test_a_backfill_that_makes_no_sense_says_why(
    arguments: list[str], reason: str, improved: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("backfill", *arguments)
    assert ended.status == 2
    assert reason in ended.words
