"""`onrecord plan`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.program import CONFIG, Ended, row_of, run_again

# ── plan ─────────────────────────────────────────────────────────────────────────────────────────


def test_plan_has_a_line_for_each_component_and_says_why_there_is_nothing_to_do(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    (project / "inbox/b.txt").unlink()
    run_again(project)
    ended = onrecord("plan")
    assert ended.status == 0
    assert " ".join(row_of(ended, "stage")) == "component new stale quarantined waiting up to date stale because of"
    assert row_of(ended, "ingest", "folder") == ["·", "·", "·", "·", "1"]
    assert row_of(ended, "clean") == ["·", "·", "·", "·", "2"]
    assert row_of(ended, "annotate", "lengths") == ["·", "·", "1", "·", "1"]
    assert row_of(ended, "annotate", "doubles") == ["·", "·", "·", "1", "1"]
    assert ended.out.endswith("nothing to do: 1 quarantined, 1 waiting\n")


def test_plan_says_what_is_new_what_is_stale_and_why_and_runs_nothing(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    plugin = project / "plugins/measure.py"
    plugin.write_text(plugin.read_text().replace('"lengths", "1"', '"lengths", "2"'))
    (project / "inbox/c.txt").write_text("New here.")
    (project / "inbox/a.txt").unlink()
    live = project / "warehouse/live.duckdb"
    before = live.read_bytes()

    ended = onrecord("plan")

    assert ended.status == 0
    assert row_of(ended, "ingest", "folder") == ["1", "·", "·", "1"]
    assert row_of(ended, "annotate", "lengths") == ["1", "1", "·", "·", "version", "1", "→", "2:", "1"]
    assert row_of(ended, "annotate", "doubles") == ["1", "1", "·", "·", "requirement", "lengths", "changed:", "1"]
    assert "1 document(s) are no longer at their source: their articles will be marked as deleted\n" in ended.out
    assert ended.out.endswith("5 to do\n")
    assert live.read_bytes() == before


def test_plan_has_no_count_of_work_where_documents_were_only_deleted_at_their_source(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    (project / "inbox/a.txt").unlink()
    ended = onrecord("plan")
    assert ended.out.endswith("1 document(s) are no longer at their source: their articles will be marked as deleted\n")


def test_plan_says_that_everything_is_up_to_date_where_nothing_failed(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    plugin = project / "plugins/measure.py"
    plugin.write_text(plugin.read_text().replace('"lengths", "1"', '"lengths", "2"').replace('if "bad"', 'if "worse"'))
    run_again(project)
    assert onrecord("plan").out.endswith("nothing to do: everything is up to date\n")


def test_plan_says_what_will_be_refused(project: Path, onrecord: Callable[..., Ended]) -> None:
    plugin = project / "plugins/measure.py"
    plugin.write_text(
        plugin.read_text().replace("class Twice(Row):\n    words: int", "class Twice(Row):\n    words: str")
    )
    ended = onrecord("plan")
    assert ended.status == 1
    assert "a run is refused: table `twice`, column `words`: is BIGINT in the warehouse and VARCHAR in" in ended.words


def test_plan_says_what_is_back(project: Path, onrecord: Callable[..., Ended]) -> None:
    text = (project / "inbox/a.txt").read_text()
    (project / "inbox/a.txt").unlink()
    run_again(project)
    (project / "inbox/a.txt").write_text(text)
    ended = onrecord("plan")
    assert ended.out.endswith("1 document(s) are back at their source: their articles will no longer be marked\n")
    run_again(project)
    assert "source" not in onrecord("plan").out


def test_plan_before_the_first_run_says_that_all_is_new_and_makes_no_warehouse(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    ended = onrecord("plan", "-w", project / "another")
    assert row_of(ended, "ingest", "folder") == ["2", "·", "·", "·"]
    assert not (project / "another").exists()


def test_plan_of_a_source_that_cannot_be_listed_says_so_and_calls_nothing_gone(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    shutil.rmtree(project / "inbox")
    ended = onrecord("plan")
    assert "onrecord: folder cannot list its documents: " in ended.err
    assert "no longer" not in ended.out


def test_plan_counts_a_document_that_two_sources_list_once(project: Path, onrecord: Callable[..., Ended]) -> None:
    config = CONFIG.replace('"files", ', "") + '\n[plugins.files]\npaths = ["inbox"]\n'
    (project / "onrecord.toml").write_text(config)
    assert row_of(onrecord("plan"), "ingest", "files") == ["·"] * 5
    run_again(project)
    assert row_of(onrecord("plan"), "ingest", "files") == ["·"] * 5


def test_plan_warns_of_a_source_that_has_changed_and_whose_version_has_not(
    project: Path, onrecord: Callable[..., Ended]
) -> None:
    with (project / "plugins/measure.py").open("a") as file:
        file.write("# another line\n")
    ended = onrecord("plan")
    assert "the source of lengths has changed and its version has not" in ended.words
    assert row_of(ended, "annotate", "lengths")[:2] == ["·", "·"]


# ── backfill, diff ───────────────────────────────────────────────────────────────────────────────


def test_plan_says_what_a_run_leaves_and_how_it_is_done(improved: Path, onrecord: Callable[..., Ended]) -> None:
    ended = onrecord("plan")
    assert ended.status == 0
    assert '2 stale and deferred, because of `stale = "leave"`: `onrecord backfill`' in ended.words
    # The article that the old version failed on has not been done, so it is not stale: a run tries the new one on it.
    assert " 2 to do" in ended.words
