"""The rule-based English pipeline: where sentences begin."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord import Pipeline
from onrecord_language import load, register_pipelines

nlp = cache(load)


def sentences(text: str) -> list[str]:
    return [sentence.text.strip() for sentence in nlp()(text).sents]


def test_registers_one_pipeline_for_english() -> None:
    pipelines: list[Pipeline] = []
    register_pipelines(pipelines.append)
    assert [(p.language, p.name, p.version) for p in pipelines] == [("en", "onrecord_en_rules", "1")]


@pytest.mark.parametrize(
    "expected",
    [
        ["The talks failed.", "Nobody was surprised!", "Why not?"],
        ["Mr. Brown met Gen. Green.", "They ate."],
        ["He lives in the U.S. Senate building."],
        ["He moved to the U.S.", "The move was hard."],
        ["It ends on Dec. 31 or later."],
        ["“It is late.", "We must go,” she said.", "“Come.”", "They went."],
        ['"It is late."', "She left."],
        ["“Is it late?” he asked.", "She nodded."],
        ["She waited … for hours."],
    ],
    ids=" ".join,
)
def test_finds_sentences(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_an_empty_line_ends_a_sentence() -> None:
    assert sentences("A heading\n\nand what follows in lower case.") == ["A heading", "and what follows in lower case."]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("aB.!?…“”\"'’() \n,U") | st.characters(exclude_categories=["Cs"]), max_size=80))
def test_sentences_cover_any_text_without_gaps(text: str) -> None:
    assert "".join(sentence.text_with_ws for sentence in nlp()(text).sents) == text
