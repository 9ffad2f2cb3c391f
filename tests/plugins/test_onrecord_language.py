"""The default English pipeline: what its network finds, and how it behaves as part of spaCy."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from onrecord import Pipeline
from onrecord_language import register_pipelines
from onrecord_language.encoder import MODEL
from onrecord_language.english import load

nlp = cache(load)

TEXT = (
    "GENEVA — Foreign Minister Anna Berg said on Tuesday that Norway would pay. “We have the money,” she told "
    "reporters in Geneva. “We always had it.”\n\nAccording to the World Bank, the dam costs 3 billion dollars."
)


def found(doc: Doc) -> dict[str, list[str]]:
    return {role: [span.text for span in doc.spans[role]] for role in ("source", "cue", "content")}


def test_registers_one_pipeline_for_english() -> None:
    pipelines: list[Pipeline] = []
    register_pipelines(pipelines.append)
    assert [(p.language, p.name) for p in pipelines] == [("en", "onrecord_en")]


def test_finds_the_parts_of_attributions() -> None:
    assert found(nlp()(TEXT)) == {
        "source": ["Foreign Minister Anna Berg", "she", "the World Bank"],
        "cue": ["said", "told", "According to"],
        "content": [
            "that Norway would pay",
            "“We have the money,”",
            "“We always had it.”",
            "the dam costs 3 billion dollars",
        ],
    }


def test_finds_names() -> None:
    assert {(ent.text, ent.label_) for ent in nlp()(TEXT).ents} == {
        ("GENEVA", "LOC"),
        ("Anna Berg", "PERSON"),
        ("Norway", "LOC"),
        ("Geneva", "LOC"),
        ("World Bank", "ORG"),
    }


@pytest.mark.parametrize(
    "expected",
    [
        ["The talks failed.", "Nobody was surprised!", "Why not?"],
        ["Mr. Brown met Gen. Green.", "They ate."],
        ["He lives in the U.S. Senate building."],
        ["The U.S. said it would pay.", "Gen. Berg and Mrs. Lund agreed."],
        ["It ends on Dec. 31 or later."],
        ["“It is late.", "We must go,” she said.", "“Come.”", "They went."],
        ['"It is late."', "She left."],
        ["“Is it late?” he asked.", "She nodded."],
        ["She waited … for hours."],
    ],
    ids=" ".join,
)
def test_finds_sentences(expected: list[str]) -> None:
    assert [sentence.text for sentence in nlp()(" ".join(expected)).sents] == expected


def test_an_empty_line_ends_a_sentence() -> None:
    doc = nlp()("Minister leaves office\n\nThe minister left his office on Monday.")
    assert [sentence.text.strip() for sentence in doc.sents] == [
        "Minister leaves office",
        "The minister left his office on Monday.",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n \n", "word", "\u200b", "\x00 said “\x00”.", "a" * 10_000])
def test_reads_texts_that_are_hardly_any(text: str) -> None:
    doc = nlp()(text)
    assert doc.text == text
    assert set(doc.spans) >= {"source", "cue", "content"}


def test_a_long_text_has_no_seams() -> None:
    paragraph = "“The dam will hold,” Mayor Ann Reed said.\n\n"
    doc = nlp()(paragraph * 300)
    assert found(doc) == {
        "source": ["Mayor Ann Reed"] * 300,
        "cue": ["said"] * 300,
        "content": ["“The dam will hold,”"] * 300,
    }


def test_a_source_does_not_begin_in_a_heading() -> None:
    doc = nlp()("– Security Council resolutions\n\nRussia has said that it will vote.")
    assert found(doc)["source"] == ["Russia"]


def test_what_is_found_does_not_depend_on_the_texts_beside_it() -> None:
    others = ["Short.", "word " * 700, TEXT * 3]
    together = next(doc for doc in nlp().pipe([*others, TEXT]) if doc.text == TEXT)
    assert found(together) == found(nlp()(TEXT))
    assert [(e.text, e.label_) for e in together.ents] == [(e.text, e.label_) for e in nlp()(TEXT).ents]


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.sampled_from("aB.!?…“”\"'’() \n,U") | st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text_can_be_read_and_its_spans_do_not_overlap(text: str) -> None:
    doc = nlp()(text)
    assert "".join(sentence.text_with_ws for sentence in doc.sents) == text
    spans = [(span.start, span.end) for role in ("source", "cue", "content") for span in doc.spans[role]]
    words = [i for start, end in spans for i in range(start, end)]
    assert len(words) == len(set(words))
    assert not any(doc[start].is_space or doc[end - 1].is_space for start, end in spans)


def test_another_pipeline_keeps_its_own_names_and_sentences() -> None:
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    other.add_pipe("entity_ruler").add_patterns([{"label": "MONEY", "pattern": "3 billion dollars"}])
    other.add_pipe("onrecord_attributions")
    doc = other(TEXT)
    assert [ent.label_ for ent in doc.ents] == ["MONEY"]
    assert found(doc) == found(nlp()(TEXT))


def test_a_text_in_another_language_gets_empty_groups() -> None:
    german = spacy.blank("de")
    german.add_pipe("onrecord_attributions")
    assert found(german("„Es ist spät“, sagte Anna Berg.")) == {"source": [], "cue": [], "content": []}


def test_docs_can_be_stored_with_all_that_was_found() -> None:
    doc = nlp()(TEXT)
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    assert found(again) == found(doc)


def test_the_weights_are_those_of_the_model_card() -> None:
    sums = dict(reversed(line.split()) for line in (MODEL / "SHA256SUMS").read_text().splitlines())
    assert {name: hashlib.sha256((MODEL / name).read_bytes()).hexdigest() for name in sums} == sums
    assert sums.keys() == {"network.onnx", "vocab.txt"}
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 30e6
