"""A plugin that fails too often is stopped."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stages.bench import Bench


def test_a_plugin_that_fails_on_too_large_a_share_is_stopped_and_the_run_fails_with_the_rest_loaded(
    bench: Bench,
) -> None:
    bench.documents = {f"d{i:02}": "a bad one" if i < 30 else "a good one" for i in range(60)}
    bench.settings = {"run": {"batch_size": 10}}

    report = bench.run()

    assert report.failed
    assert report.run.message == "annotate lengths: failed on 10 of 10 subjects"
    steps = {step.component: step for step in report.steps}
    assert (steps["lengths"].status, steps["lengths"].subjects) == ("stopped", 10)
    assert (steps["others"].status, steps["others"].done) == ("completed", 60)
    assert steps["doubles"].status == "completed"
    assert bench.sql("select count(*) as n from other") == [{"n": 60}], "all else is loaded and published"
    assert bench.sql("select count(*) as n from length") == [{"n": 0}]
    assert bench.sql("select count(*) as n from quarantine") == [{"n": 10}]

    # What was not tried is still to do: the next run goes on where this one stopped.
    bench.lengths.bad = set()
    bench.run()
    assert bench.sql("select count(*) as n from length") == [{"n": 50}]
    assert bench.sql("select count(*) as n from double") == [{"n": 50}]


def test_what_a_stopped_plugin_said_goes_where_what_it_went_by_is_new(bench: Bench) -> None:
    bench.documents = {f"d{i:02}": "a good one" for i in range(20)}
    bench.settings = {"run": {"batch_size": 5}}
    doubles = bench.parts[1]
    assert not bench.run().failed
    assert bench.sql("select count(*) as n from double") == [{"n": 20}]

    bench.lengths.version = "2"
    doubles.fails = True
    assert bench.run().run.message == "annotate doubles: failed on 5 of 5 subjects"
    assert bench.sql("select count(*) as n from length") == [{"n": 20}]
    assert bench.sql("select count(*) as n from double") == [{"n": 0}], "they were made from lengths that are deleted"

    doubles.fails, doubles.version = False, "2"
    bench.run()
    assert bench.sql("select count(*) as n from double") == [{"n": 20}]


@pytest.mark.parametrize(
    ("bad", "settings", "failed"),
    [
        (2, {}, False),  # fewer than min_failed never stop a plugin, whatever their share
        (3, {}, True),  # three of three
        (3, {"min_failed": 4}, False),
        (3, {"max_failed_share": 1.0}, False),
        (2, {"min_failed": 1, "max_failed_share": 0.0}, True),
    ],
)
def test_how_many_failures_are_too_many(bad: int, settings: dict[str, Any], failed: bool, bench: Bench) -> None:
    bench.documents = {f"d{i}": "a bad one" for i in range(bad)}
    bench.settings = {"run": settings}
    assert bench.run().failed is failed


def test_the_share_counts_what_was_tried_and_just_at_the_limit_goes_on(bench: Bench) -> None:
    bench.documents = {f"d{i}": "a bad one" if i < 4 else "a good one" for i in range(20)}
    assert not bench.run().failed, "4 of 20 are the 20 % that may fail"
    bench.lengths.version = "2"
    bench.documents["d4"] = "a bad one"
    assert bench.run().failed, "5 of 20 are more"
