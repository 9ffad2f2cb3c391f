"""`onrecord maintain`, `backup`, `restore` and `export`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.program import Ended

# ── status, show, tables ─────────────────────────────────────────────────────────────────────────


def test_maintain_backup_restore_and_export_say_what_they_did(project: Path, onrecord: Callable[..., Ended]) -> None:
    assert "would remove nothing" in onrecord("maintain", "--dry-run").words
    maintained = onrecord("maintain")
    assert maintained.status == 0
    assert "live database:" in maintained.words

    backup = onrecord("backup", "backups")
    assert backup.status == 0
    assert ": 2 articles" in backup.words
    (folder,) = (project / "backups").glob("onrecord-*")
    refused = onrecord("restore", folder)
    assert (refused.status, "use --force" in refused.err) == (2, True)
    assert onrecord("restore", folder, "-w", "elsewhere").status == 0
    assert json.loads(onrecord("sql", "-w", "elsewhere", "--json", "select count(*) as n from article").out) == [
        {"n": 2}
    ]

    assert "lake/current: " in onrecord("export", "lake").words
    assert "nothing new is published" in onrecord("export", "lake").words


# ── backfill, diff ───────────────────────────────────────────────────────────────────────────────


def test_maintain_names_a_staged_version_that_was_forgotten(improved: Path, onrecord: Callable[..., Ended]) -> None:
    onrecord("backfill", "lengths", "--workers", "0")
    assert "staged version" not in onrecord("maintain", "--dry-run").words
    staged = improved / "warehouse/staged/lengths"
    os.utime(staged / "live.duckdb", (0, 0))
    assert (
        "the staged version of lengths, all articles, has not changed since 1970-01-01"
        in onrecord("maintain", "--dry-run").words
    )
    (staged / "selection.json").write_text("{")
    ended = onrecord("maintain", "--dry-run")
    assert (ended.status, "selection.json: cannot be read; delete" in ended.words) == (0, True)
