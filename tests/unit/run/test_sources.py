"""A run may be restricted to some sources; what the others have brought stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from onrecord import Fetched, Ingestor, Item, OnrecordError
from onrecord.testing import Sandbox


class Wire(Ingestor):
    """A second source beside the documents of the sandbox."""

    name, version, schemes = "wire", "1", ("wire",)

    def __init__(self) -> None:
        self.stories = {"wire:1": "Anna Smith said so."}

    def discover(self) -> list[Item]:
        return [Item(uri, text) for uri, text in self.stories.items()]

    def fetch(self, item: Item) -> Fetched:
        return Fetched(self.stories[item.uri].encode(), "text/plain")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def sandbox(tmp_path: Path, plugin_of: Callable[..., ModuleType], wire: Wire) -> Sandbox:
    return Sandbox(tmp_path / "warehouse", plugin_of(wire), documents={"a": "Bob Jones said no."})


def listed(sandbox: Sandbox) -> dict[str, bool]:
    """Every document that there is, and whether it is withdrawn."""
    rows = sandbox.sql("select uri, deleted_at is not null as gone from source_item order by uri")
    return {row["uri"]: row["gone"] for row in rows}


def test_only_the_sources_that_are_named_are_listed(sandbox: Sandbox) -> None:
    assert sandbox.run("wire").failed is False
    assert listed(sandbox) == {"wire:1": False}

    sandbox.run()
    assert listed(sandbox) == {"memory:a": False, "wire:1": False}


def test_documents_of_other_sources_are_neither_withdrawn_nor_read_again(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.run()
    sandbox.source.documents = {"b": "Carol White said yes."}
    wire.stories["wire:1"] = "Anna Smith said otherwise."

    sandbox.run("wire")

    assert listed(sandbox) == {"memory:a": False, "wire:1": False}
    assert [row["body"] for row in sandbox.sql("select body from article order by body")] == [
        "Anna Smith said otherwise.", "Bob Jones said no.",
    ]  # fmt: skip
    sandbox.run("documents")
    assert listed(sandbox) == {"memory:a": True, "memory:b": False, "wire:1": False}


def test_a_document_stays_with_the_source_that_had_it_first_though_that_is_not_asked(
    sandbox: Sandbox, wire: Wire
) -> None:
    sandbox.run("documents")
    wire.stories["memory:a"] = "Bob Jones said no."

    sandbox.run("wire")

    rows = sandbox.sql("select ingestor from source_item where uri = 'memory:a'")
    assert rows == [{"ingestor": "documents"}]


def test_a_source_that_there_is_not_is_an_error_before_anything_is_done(sandbox: Sandbox) -> None:
    with pytest.raises(OnrecordError, match="no source `wires`: the ingestors that are loaded are documents, wire"):
        sandbox.run("wires")
    assert not sandbox.directory.exists()
