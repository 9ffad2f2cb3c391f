"""Verification finds rows of aggregators that are not what a new computation gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from click.testing import CliRunner

from onrecord import Aggregator, Row
from onrecord.cli import cli
from onrecord.config.settings import StatusSettings
from onrecord.operations.health import collect_findings
from onrecord.operations.verification import mark_for_refill, verify_warehouse
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse
from tests.unit.conftest import Lengths, Sum


class Count(Row, key=("words",)):
    words: int
    articles: int


class Counts(Aggregator):
    """An incremental aggregator: how many articles have so and so many words."""

    name, version, writes, requires = "counts", "1", [Count], ["lengths"]
    groups = ("select words from length",)
    queries = {Count: "select words, count(*) as articles from length semi join touched using (words) group by words"}


@pytest.fixture
def sandbox(tmp_path: Path, plugin_of: Callable[..., ModuleType]) -> Sandbox:
    documents = {name: "word " * length for name, length in (("a", 1), ("b", 2), ("c", 2), ("d", 3))}
    sandbox = Sandbox(tmp_path / "warehouse", plugin_of(Lengths(), Sum(), Counts()), documents=documents)
    assert not sandbox.run().failed
    return sandbox


def damage(sandbox: Sandbox, statement: str) -> None:
    """Change a row behind the engine's back, in both databases."""
    for name in ("live.duckdb", "onrecord.duckdb"):
        file = sandbox.directory / name
        file.chmod(0o644)
        with duckdb.connect(file) as connection:
            connection.execute(statement)


def codes(sandbox: Sandbox) -> list[str]:
    return [finding.code for finding in collect_findings(Warehouse(sandbox.directory), StatusSettings())]


def test_no_row_differs_after_a_run(sandbox: Sandbox) -> None:
    done = verify_warehouse(sandbox.plugins, groups=100, seed=1)
    assert [(each.component, each.rows, each.wrong, each.skipped) for each in done] == [
        ("counts", 3, 0, ""), ("sum", 1, 0, "")
    ]  # fmt: skip
    assert codes(sandbox) == []


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("update count set articles = 5 where words = 2", {"counts": 2, "sum": 0}),
        ("delete from count where words = 3", {"counts": 1, "sum": 0}),
        ("insert into count select 9, 1, run_id from count limit 1", {"counts": 1, "sum": 0}),
        ("update total set words = 1", {"counts": 0, "sum": 2}),
    ],
)
def test_changed_missing_and_extra_rows_are_found_shown_and_refilled(
    statement: str, wrong: dict[str, int], sandbox: Sandbox
) -> None:
    damage(sandbox, statement)
    done = verify_warehouse(sandbox.plugins, groups=100, seed=1)
    assert {each.component: each.wrong for each in done} == wrong
    assert codes(sandbox) == ["rows-wrong"]

    mark_for_refill(Warehouse(sandbox.directory), [name for name, count in wrong.items() if count])
    sandbox.run()
    assert {each.wrong for each in verify_warehouse(sandbox.plugins, groups=100, seed=1)} == {0}
    assert codes(sandbox) == []


def test_a_sample_is_drawn_again_by_its_seed(sandbox: Sandbox) -> None:
    damage(sandbox, "update count set articles = 5 where words = 2")
    found = [verify_warehouse(sandbox.plugins, groups=1, seed=seed)[0] for seed in (1, 1, *range(2, 30))]
    assert found[0].wrong == found[1].wrong
    assert {each.wrong for each in found} == {0, 2}
    assert all(each.rows <= 1 for each in found)


def test_rows_that_are_stale_are_not_compared(sandbox: Sandbox) -> None:
    Counts.version = "2"
    try:
        done = verify_warehouse(sandbox.plugins, groups=100, seed=1)
    finally:
        Counts.version = "1"
    assert [(each.component, each.skipped) for each in done] == [
        ("counts", "its rows are not up to date"), ("sum", "")
    ]  # fmt: skip


def test_the_command_ends_with_1_if_rows_differ(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "onrecord.toml").write_text('warehouse = "w"\n')
    result = CliRunner().invoke(cli, ["verify", "-c", str(tmp_path / "onrecord.toml")])
    assert result.exit_code != 0, "nothing is published"
