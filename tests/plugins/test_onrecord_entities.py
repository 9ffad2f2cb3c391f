"""The annotator `entities`: which spans of a spaCy pipeline are names, where these begin and end, what they name."""

from __future__ import annotations

import re

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import filter_spans

from onrecord import Annotator, Mention, Pipeline
from onrecord.testing import annotate_text
from onrecord_entities import register_annotators
from onrecord_language import load

ENTITY = re.compile(r"\[([^][|]*)\|(\w+)\]")
"""Stands in the texts below for what a pipeline has found: [Ann Reed|PERSON]."""


def annotator() -> Annotator:
    registered: list[Annotator] = []
    register_annotators(registered.append)
    return registered[0]


SPANS: dict[str, list[tuple[int, int, str]]] = {}
"""What the pipeline below finds, by text."""


@Language.component("marked_entities")
def set_entities(doc: Doc) -> Doc:
    found = [doc.char_span(*span, alignment_mode="expand") for span in SPANS[doc.text]]
    doc.set_ents(filter_spans([span for span in found if span]))
    return doc


def marked_entities() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("marked_entities")
    return nlp


def mentions(marked: str) -> list[Mention]:
    """The mentions in a text whose entities are marked, as if a pipeline had found these."""
    body = ENTITY.sub(r"\1", marked)
    SPANS[body] = spans(marked)
    rows = annotate_text(annotator(), body, pipeline=Pipeline("en", "marked", "1", marked_entities))
    return [row for row in rows if isinstance(row, Mention)]


def spans(marked: str) -> list[tuple[int, int, str]]:
    found, removed = [], 0
    for match in ENTITY.finditer(marked):
        start = match.start() - removed
        found.append((start, start + len(match[1]), match[2]))
        removed += len(match[0]) - len(match[1])
    return found


def names(marked: str) -> list[tuple[str, str]]:
    return [(mention.text, mention.label) for mention in mentions(marked)]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("PERSON", "person"),
        ("PER", "person"),
        ("ORG", "organization"),
        ("GPE", "place"),
        ("LOC", "place"),
        ("FAC", "place"),
        ("NORP", "group"),
        ("EVENT", "event"),
        ("WORK_OF_ART", "other"),
        ("LAW", "other"),
        ("PRODUCT", "other"),
        ("MISC", "other"),
    ],
)
def test_labels_of_any_spacy_pipeline(label: str, kind: str) -> None:
    assert names(f"They spoke of [Tarn|{label}] for hours.") == [("Tarn", kind)]


@pytest.mark.parametrize("label", ["DATE", "TIME", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY"])
def test_dates_and_numbers_are_no_names(label: str) -> None:
    assert names(f"It was [the Third|{label}] of them.") == []


def test_mentions_have_ordinals_and_offsets_in_the_order_of_the_text() -> None:
    found = mentions("In [Oslo|GPE] and [Cairo|GPE] it rained.")
    assert [(m.ordinal, m.start_char, m.end_char, m.kind) for m in found] == [(0, 3, 7, "name"), (1, 12, 17, "name")]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("[the Water Board|ORG] met", "Water Board"),
        ("[The Water Board|ORG] met", "Water Board"),
        ("the [Water Board's|ORG] men", "Water Board"),
        ("the [Water Board’s|ORG] men", "Water Board"),
        ("the [United States’|GPE] men", "United States"),
        ("the poet [“Pia Thorn”|PERSON] came", "Pia Thorn"),
        ("the poet [“Pia|PERSON] came”", "Pia"),
        ("the boxer [“Rocky” Thorn|PERSON] came", "“Rocky” Thorn"),
        ("then [Tilo Maas,|PERSON] who came", "Tilo Maas"),
        ("then [Mr. Tilo Maas|PERSON] came", "Tilo Maas"),
        ("then [Gov. Tilo Maas|PERSON] came", "Tilo Maas"),
        ("then [Vice President Tilo Maas|PERSON] came", "Tilo Maas"),
        ("then [Major Tilo Maas|PERSON] came", "Major Tilo Maas"),
        ("the [President Hotel|ORG] burnt", "President Hotel"),
        ("the [U.S.-backed|GPE] men", "U.S."),
        ("the [anti-Maas|MISC] men", "Maas"),
        ("the [Post-Dispatch|ORG] wrote", "Post-Dispatch"),
        ("then [Kim Song-ho|PERSON] came", "Kim Song-ho"),
        ("then [Omar al-Khatib|PERSON] came", "Omar al-Khatib"),
    ],
)
def test_what_is_no_part_of_a_name_is_taken_off(marked: str, expected: str) -> None:
    assert [text for text, _ in names(marked)] == [expected]


def test_what_has_no_letters_is_no_name() -> None:
    assert names("In [2016|EVENT] and with [’s|ORG] it was so.") == []


def test_a_name_may_be_broken_at_the_end_of_a_line() -> None:
    assert names("So [Ann\nReed|PERSON] met [Luc Tabor-\nMoss|PERSON].") == [
        ("Ann\nReed", "person"),
        ("Luc Tabor-\nMoss", "person"),
    ]


def test_a_name_that_is_broken_counts_as_the_same_name() -> None:
    marked = "[Tabor-Moss|GPE] is old. [Tabor-Moss|GPE] is new. All of [Tabor-\nMoss|ORG] is sold."
    assert [label for _, label in names(marked)] == ["place", "place", "place"]


def test_a_name_does_not_go_on_beyond_an_empty_line() -> None:
    assert names("A visit to [Oslo\n\nAnn Reed|PERSON] was in Norway.") == [("Oslo", "person"), ("Ann Reed", "person")]


def test_a_name_is_what_most_mentions_of_it_are() -> None:
    assert names("[Dunmore|GPE] is old. [Dunmore|GPE] is new. [DUNMORE|ORG] is both.") == [
        ("Dunmore", "place"),
        ("Dunmore", "place"),
        ("DUNMORE", "place"),
    ]


def test_other_counts_less_than_a_kind() -> None:
    assert names("[Dunmore|ORG] is old. [Dunmore|MISC] is new.") == [("Dunmore", "organization")] * 2


def test_mentions_that_differ_stay_as_they_are_unless_two_thirds_agree() -> None:
    marked = "[Jordan|GPE] lies in the east. [Jordan|PERSON] played on. [Jordan|GPE] was far from [Jordan|PERSON]."
    assert names(marked) == [("Jordan", "place"), ("Jordan", "person"), ("Jordan", "place"), ("Jordan", "person")]


def test_a_name_after_a_courtesy_title_is_a_persons_and_leaves_the_place_of_that_name_alone() -> None:
    marked = (
        "Mr. [Washington|GPE] flew to [Washington|GPE]. Mr. [Washington|PERSON] spoke, Mr. [Washington|PERSON] left."
    )
    assert [label for _, label in names(marked)] == ["person", "place", "person", "person"]


@pytest.mark.parametrize("before", ["[Ann Reed|PERSON] came.", "Mr. [Reed|PERSON] came."])
def test_a_surname_alone_is_the_persons(before: str) -> None:
    assert names(f"{before} It was a gain for [Reed|ORG] and others.")[1] == ("Reed", "person")


def test_a_surname_with_and_without_its_particle_is_one() -> None:
    assert names("[Omar al-Khatib|PERSON] came. All [Khatib|ORG] men left.")[1] == ("Khatib", "person")


def test_a_place_with_a_persons_surname_stays_a_place() -> None:
    assert names("[Ann Paris|PERSON] lives in [Paris|GPE].") == [("Ann Paris", "person"), ("Paris", "place")]


def found_besides(marked: str) -> list[str]:
    """The names found in a text beside those that are marked."""
    at = {start for start, _, _ in spans(marked)}
    return [mention.text for mention in mentions(marked) if mention.start_char not in at]


TWICE = "It was [Tallis|PERSON] and again [Tallis|PERSON]. "


@pytest.mark.parametrize(
    "sentence",
    [
        "He saw Tallis there.",
        "Tallis came.",
        "“Tallis came.”",
        "It was Tallis’s turn.",
        "President Tallis came.",
        "They were Tallis-like.",
        "It was new. New Tallis signs came.",
    ],
)
def test_a_name_found_twice_is_found_everywhere(sentence: str) -> None:
    assert found_besides(TWICE + sentence) == ["Tallis"]


@pytest.mark.parametrize(
    "sentence",
    [
        "He saw Tallisman there.",
        "He saw Tallis Hall there.",
        "He saw Tallis & Sons there.",
        "He saw Old Tallis there.",
        "Old Tallis came.",
        "It was old. He saw Old Tallis there.",
        "He saw St. Tallis there.",
        "He saw Moss-Tallis there.",
        "He saw Tallis-Moss there.",
        "He saw tallis there.",
        "He saw TALLIS there.",
        "He saw www.Tallis there.",
        "He saw Tallis.com there.",
        "He saw @Tallis there.",
    ],
)
def test_a_name_is_not_found_within_a_longer_one_or_with_other_capitals(sentence: str) -> None:
    assert found_besides(TWICE + sentence) == []


def test_a_name_found_once_is_not_looked_for() -> None:
    assert found_besides("It was [Tallis|PERSON]. He saw Tallis there.") == []


def test_a_word_that_also_occurs_in_lower_case_is_no_name_where_a_sentence_begins() -> None:
    marked = "It was [Will|PERSON] and again [Will|PERSON] who came. Will it rain? It will. He saw Will there."
    assert found_besides(marked) == ["Will"]
    assert [m.start_char for m in mentions(marked)][-1] == ENTITY.sub(r"\1", marked).rindex("Will")


def test_of_two_names_that_begin_alike_the_longer_one_is_found() -> None:
    marked = "[New York|GPE], [New York|GPE], [New York Times|ORG], [New York Times|ORG]. He read New York Times news."
    assert found_besides(marked) == ["New York Times"]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("In [Washington|GPE], in [Washington|GPE], Mr. Washington spoke.", "person"),
        ("In [Washington|GPE], in [Washington|GPE], Mr. [Washington|PERSON] saw Washington there.", "place"),
        ("Mr. [Washington|PERSON] and Ms. [Washington|PERSON] came. He saw Washington there.", "person"),
    ],
)
def test_what_was_missed_is_of_the_kind_that_the_name_has_elsewhere(marked: str, expected: str) -> None:
    last = mentions(marked)[-1]
    assert (last.start_char, last.label) == (ENTITY.sub(r"\1", marked).rindex("Washington"), expected)


PIPELINE = Pipeline("en", "onrecord_en", "1", load)


def read(body: str) -> list[tuple[str, str]]:
    """The names that the built-in pipeline finds."""
    rows = annotate_text(annotator(), body, pipeline=PIPELINE)
    return [(row.text, row.label) for row in rows if isinstance(row, Mention)]


ARTICLE = (
    "Norwegian Foreign Minister Kari Holm met Vladimir Putin in Moscow on Tuesday. “We have agreed on little,” "
    "Ms. Holm told Reuters. The United Nations had asked Russia and Norway to talk.\n\n"
    "Putin said that Russia’s proposals were on the table, and Holm left for Oslo."
)


def test_the_built_in_pipeline_finds_names_in_the_news() -> None:
    assert read(ARTICLE) == [
        ("Norwegian", "group"),
        ("Kari Holm", "person"),
        ("Vladimir Putin", "person"),
        ("Moscow", "place"),
        ("Holm", "person"),
        ("Reuters", "organization"),
        ("United Nations", "organization"),
        ("Russia", "place"),
        ("Norway", "place"),
        ("Putin", "person"),
        ("Russia", "place"),
        ("Holm", "person"),
        ("Oslo", "place"),
    ]


WORDS = """
    Mr. Kerry al - of the U.S. Reed Ann Will will [Ann Reed|PERSON] [the Reed’s|ORG] [Reed|GPE] [Will|PERSON] “ ” " . ,
    [al|PERSON] -Assad [“Reed|MISC] [’s|ORG] [.|PERSON] St. & @ İstanbul ǅ [ǅ|PERSON] [İ|GPE] 中 [中|GPE] anti-Reed
"""
PIECES = st.lists(st.sampled_from([*WORDS.split(" "), "\n\n", "\n"]) | st.text("aB’“-. \n", max_size=5), max_size=25)


@given(PIECES.map(" ".join) | PIECES.map("".join))
def test_whatever_is_found_mentions_are_in_the_text_and_do_not_overlap(marked: str) -> None:
    body, end = ENTITY.sub(r"\1", marked), 0
    for number, mention in enumerate(mentions(marked)):
        assert mention.ordinal == number
        assert body[mention.start_char : mention.end_char] == mention.text != ""
        assert end <= mention.start_char < mention.end_char
        end = mention.end_char
