"""What is left in memory when a batch is done."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from onrecord import Annotator, Article, Pipeline, Row
from onrecord.plugins import pipelines
from onrecord.testing import Sandbox, annotate_text
from tests.unit.plugins.loading import annotating, blank_english

BODY = "“We have the money,” Anna Berg told reporters in Geneva. The dam costs 3 billion, according to the World Bank."


class Nothing(Row):
    """Never written."""

    words: int


class Watch(Annotator):
    """Keeps weak references to the docs that it is given, and counts the words that their vocabulary knows."""

    name, version, writes, uses_doc = "watch", "1", [Nothing], True
    fails = False

    def __init__(self, *requires: str) -> None:
        self.requires = requires
        self.docs: list[weakref.ref[Any]] = []
        self.words: list[int] = []
        self.alive: list[int] = []

    def annotate(self, article: Article) -> Iterator[Row]:
        self.alive.append(sum(doc() is not None for doc in self.docs))
        self.docs.append(weakref.ref(article.doc))
        self.words.append(len(article.doc.vocab))
        if self.fails:
            raise ValueError("on purpose")
        yield from ()


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.usefixtures("no_collector")
def test_docs_are_freed_with_their_batch(tmp_path: Path, fails: bool) -> None:
    watch = Watch("claims")
    watch.fails = fails
    documents = {"a": BODY, "b": f"{BODY} It rains.", "c": "It pours."}
    run = Sandbox(tmp_path, annotating("watching", watch), documents=documents, installed=True).run()
    assert run.failed == fails
    assert len(watch.docs) >= len(documents)
    assert not [doc for doc in watch.docs if doc()]


@pytest.mark.usefixtures("no_collector")
def test_a_large_batch_is_never_in_memory_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("onrecord.stages.annotate"), "_CHARACTERS_AT_ONCE", len(BODY) + 20)
    watch = Watch("claims")
    documents = {"a": BODY, "b": BODY, "c": "It rains.", "d": "It pours.", "e": BODY * 3, "f": BODY}
    run = Sandbox(tmp_path, annotating("watching", watch), documents=documents, installed=True).run()
    assert not run.failed
    assert sorted(watch.alive) == [0, 0, 0, 0, 1, 1], "c is read with b, d with c or e"


def test_a_pipeline_does_not_keep_all_the_words_that_it_ever_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "_MOST_NEW_WORDS", 100)
    watch = Watch()
    for number in range(30):
        body = " ".join(f"{number}and{i}" for i in range(50))
        annotate_text(watch, body, pipeline=Pipeline("en", "blank", "words", blank_english))
    assert max(watch.words) < watch.words[0] + 200
