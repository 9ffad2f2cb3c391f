"""Components that annotators ask for in the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onrecord import (
    Annotator,
    Article,
    Pipeline,
    Row,
    hookimpl,
)
from onrecord.errors import OnrecordError
from onrecord.testing import Sandbox, annotate_text
from tests.unit.plugins.loading import annotating, blank_english


class SentenceCount(Row):
    """How many sentences an article has."""

    sentences: int


class CountSentences(Annotator):
    name, version, uses_doc, writes, pipes = "sentences", "1", True, [SentenceCount], ("sentencizer",)

    def annotate(self, article: Article) -> Any:
        yield SentenceCount(sentences=len(list(article.doc.sents)))


def counted(nlp: Callable[[], Any], body: str) -> list[Row]:
    return annotate_text(CountSentences(), body, pipeline=Pipeline("en", nlp.__name__, "1", nlp))


def test_a_pipeline_is_given_the_components_that_annotators_ask_for(tmp_path: Path) -> None:
    assert counted(blank_english, "It rains. It pours.") == [SentenceCount(sentences=2)]
    module = annotating("sentences", CountSentences())
    pipeline = Pipeline("en", "blank", "1", blank_english)
    module.register_pipelines = hookimpl(lambda register: register(pipeline))  # type: ignore[attr-defined]
    sandbox = Sandbox(tmp_path, module, documents={"a": "It rained. It poured."})
    assert not sandbox.run().failed
    assert sandbox.sql("select sentences from sentence_count") == [{"sentences": 2}]


def test_a_pipeline_that_has_such_a_component_keeps_its_own() -> None:
    def semicolons() -> Any:
        nlp = blank_english()
        nlp.add_pipe("sentencizer", name="ours", config={"punct_chars": [";"]})
        return nlp

    assert counted(semicolons, "It rains. It pours; it snows.") == [SentenceCount(sentences=2)]


def test_a_component_that_is_not_installed_is_named() -> None:
    annotator = CountSentences()
    annotator.pipes = ("crystal_ball",)
    with pytest.raises(OnrecordError, match="'crystal_ball', which no installed package provides"):
        annotate_text(annotator, "It rains.", pipeline=Pipeline("en", "blank", "1", blank_english))
