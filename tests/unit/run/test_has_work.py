"""What counts as work: a run without any ends without a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onrecord import Aggregator, Fetched, Ingestor, Item, Row, TransientError
from onrecord.run.engine import RunFailed, start_run
from onrecord.stages import discover
from onrecord.testing import Sandbox


class Count(Row, key=("articles",)):
    """How many articles there are."""

    articles: int


class Counting(Aggregator):
    name, version, writes = "counting", "1", (Count,)
    is_broken = False

    def aggregate(self, warehouse: Any) -> Any:
        if self.is_broken:
            raise ValueError("cannot count")
        yield Count(articles=warehouse.sql("select count(*) as n from article").to_pylist()[0]["n"])


class Wire(Ingestor):
    """A source that cannot be reached at first."""

    name, version, schemes = "wire", "1", ("wire",)
    is_down = False

    def discover(self) -> list[Item]:
        return [Item("wire:1", "1")]

    def fetch(self, item: Item) -> Fetched:
        if self.is_down:
            raise TransientError("busy")
        return Fetched(b"Anna Smith said so.", "text/plain")


@pytest.fixture
def parts() -> tuple[Counting, Wire]:
    return Counting(), Wire()


@pytest.fixture
def sandbox(tmp_path: Path, plugin_of: Callable[..., ModuleType], parts: tuple[Counting, Wire]) -> Sandbox:
    return Sandbox(tmp_path / "warehouse", plugin_of(*parts), documents={"a": "Bob Jones said no."})


def has_work(sandbox: Sandbox) -> bool:
    with start_run(sandbox.plugins) as run:
        for name, ingestor in run.ingestors.items():
            run.record_listing(name, discover(ingestor))
        return run.has_work()


def test_a_new_warehouse_has_work_and_one_that_is_up_to_date_has_none(sandbox: Sandbox) -> None:
    assert has_work(sandbox)
    sandbox.run()
    assert not has_work(sandbox)
    assert not has_work(sandbox)


def test_documents_that_are_new_changed_or_gone_are_work(sandbox: Sandbox) -> None:
    sandbox.run()
    for documents in ({"a": "One.", "b": "Two."}, {"a": "One.", "b": "Three."}, {"a": "One."}):
        sandbox.source.documents = documents
        assert has_work(sandbox)
        sandbox.run()
        assert not has_work(sandbox)


def test_a_fetch_that_is_to_be_tried_again_is_work(sandbox: Sandbox, parts: tuple[Counting, Wire]) -> None:
    parts[1].is_down = True
    sandbox.run()
    assert has_work(sandbox)
    parts[1].is_down = False
    sandbox.run()
    assert not has_work(sandbox)


def test_an_aggregator_that_failed_is_work(sandbox: Sandbox, parts: tuple[Counting, Wire]) -> None:
    parts[0].is_broken = True
    assert sandbox.run().failed
    assert has_work(sandbox)


def test_what_is_not_published_is_work(sandbox: Sandbox) -> None:
    sandbox.run()
    (sandbox.directory / "onrecord.duckdb").unlink()
    assert has_work(sandbox)


def test_a_failure_that_no_longer_counts_is_work(sandbox: Sandbox, parts: tuple[Counting, Wire]) -> None:
    sandbox.run()
    sandbox.source.documents["a"] = Fetched(b"x" * 100, "text/plain")
    sandbox.settings = sandbox.settings.override(
        run=sandbox.settings.run.model_copy(update={"document_bytes": 50}), warehouse=sandbox.directory
    )
    sandbox.run()
    sandbox.source.documents["a"] = "Bob Jones said no."
    assert has_work(sandbox)
    sandbox.run()
    assert sandbox.sql("from quarantine") == []


def test_work_that_was_looked_for_is_done_once(sandbox: Sandbox) -> None:
    with start_run(sandbox.plugins) as run:
        for name, ingestor in run.ingestors.items():
            run.record_listing(name, discover(ingestor))
        assert run.has_work()
        assert [len(batch) for batch in run.batches("ingest")] == [1, 1]
        # Nothing was loaded: the same work is found again.
        assert [len(batch) for batch in run.batches("ingest")] == [1, 1]


def test_a_listing_that_failed_is_no_work_and_fails_the_run(sandbox: Sandbox) -> None:
    sandbox.run()

    def list_nothing() -> None:
        with start_run(sandbox.plugins) as run:
            for name in run.ingestors:
                run.record_listing_failure(name, TransientError("busy"))
            assert not run.has_work()

    with pytest.raises(RunFailed, match="could not list"):
        list_nothing()
