"""The plugin `metrics`: the metrics of the last run, as Prometheus reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import onrecord_metrics
from onrecord.errors import ConfigError
from onrecord.testing import Sandbox


def sandbox(folder: Path, **settings: Any) -> Sandbox:
    return Sandbox(
        folder / "warehouse",
        onrecord_metrics,
        documents={"a": "One two three.", "b": "Four."},
        settings={"plugins": {"onrecord_metrics": settings}},
    )


def metrics(file: Path) -> dict[tuple[str, ...], float]:
    """Return each metric by name and label values, without the warehouse."""
    return {
        (sample.name, *(value for label, value in sorted(sample.labels.items()) if label != "warehouse")): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }


def test_after_each_run_the_file_holds_the_metrics_of_that_run(tmp_path: Path) -> None:
    file = tmp_path / "collector" / "onrecord.prom"
    made = sandbox(tmp_path, textfile=str(file))
    report = made.run()
    first = metrics(file)

    assert first[("onrecord_run_status", "completed")] == 1
    assert first[("onrecord_run_status", "failed")] == 0
    assert first[("onrecord_step_subjects", "clean", "clean")] == 2
    assert first[("onrecord_run_finished_timestamp_seconds",)] == report.run.finished_at.timestamp()
    assert first[("onrecord_database_bytes", "live")] == (tmp_path / "warehouse" / "live.duckdb").stat().st_size

    made.source.documents["b"] = "Five."
    made.run()
    assert metrics(file)[("onrecord_step_subjects", "clean", "clean")] == 1
    assert [each.name for each in file.parent.iterdir()] == ["onrecord.prom"]


def test_the_collector_can_read_the_file_whatever_a_service_keeps_from_others(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        sandbox(tmp_path, textfile=str(tmp_path / "onrecord.prom")).run()
    finally:
        os.umask(before)

    assert (tmp_path / "onrecord.prom").stat().st_mode & 0o777 == 0o644


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    sandbox(tmp_path).run()
    assert [each.name for each in tmp_path.iterdir()] == ["warehouse"]


def test_a_file_that_the_collector_would_not_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.prom"):
        sandbox(tmp_path, textfile="figures.txt").run()


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onrecord_metrics, "find_spec", lambda name: None)

    assert not sandbox(tmp_path, textfile=str(tmp_path / "a.prom")).run().failed
    assert "pip install 'onrecord[metrics]'" in caplog.text
