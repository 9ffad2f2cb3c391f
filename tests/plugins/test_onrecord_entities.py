"""The annotator `entities`: what is a name, where it begins and ends, and what it names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord import Annotator, Mention, Pipeline
from onrecord.testing import annotated
from onrecord_entities import register_annotators
from onrecord_language import load

PIPELINE = Pipeline("en", "onrecord_en_rules", "1", load)


def annotator() -> Annotator:
    registered: list[Annotator] = []
    register_annotators(registered.append)
    return registered[0]


def mentions(body: str) -> list[Mention]:
    return [row for row in annotated(annotator(), body, pipeline=PIPELINE) if isinstance(row, Mention)]


def names(body: str) -> list[tuple[str, str]]:
    return [(mention.text, mention.label) for mention in mentions(body)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("We met Mr. Ostrander.", [("Ostrander", "person")]),
        ("We met Secretary of State Ann Lee.", [("Ann Lee", "person")]),
        (
            "French Deputy Foreign Minister Luc Tabor spoke.",
            [("French", "group"), ("Luc Tabor", "person")],
        ),
        (
            "The US Treasury Secretary Jo Moss left.",
            [("US", "place"), ("Treasury", "organization"), ("Jo Moss", "person")],
        ),
        ("They saw the analyst Pia Thorn.", [("Pia Thorn", "person")]),
    ],
)
def test_titles_are_no_part_of_a_name_and_make_it_a_persons(sentence: str, expected: list[tuple[str, str]]) -> None:
    assert names(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Then came Omar al-Khatib.", [("Omar al-Khatib", "person")]),
        ("Then came Tilo Q. Maas.", [("Tilo Q. Maas", "person")]),
        ("It was Pieter van der Laan.", [("Pieter van der Laan", "person")]),
        ("He leads the Institute for Soil and Water.", [("Institute for Soil", "organization"), ("Water", "other")]),
        ("He leads the Bureau of Weather.", [("Bureau of Weather", "organization")]),
        ("It is a Turkish Sports Ministry affair.", [("Turkish Sports Ministry", "organization")]),
        ("They fled to Oslo International Airport.", [("Oslo International Airport", "place")]),
    ],
)
def test_names_by_shape(sentence: str, expected: list[tuple[str, str]]) -> None:
    assert names(sentence) == expected


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Norway", "place"),
        ("Norwegian", "group"),
        ("Russians", "group"),
        ("United Nations", "organization"),
        ("U.N.", "organization"),
        ("Islamic State of Iraq and the Levant", "organization"),
        ("Hezbollah", "organization"),
    ],
)
def test_the_gazetteer_labels_names(name: str, label: str) -> None:
    assert names(f"It is said of {name} and others.") == [(name, label)]


def test_a_possessive_is_no_part_of_a_name() -> None:
    assert names("It was Oslo’s turn, not the United States’ or Cairo's.") == [
        ("Oslo", "place"),
        ("United States", "place"),
        ("Cairo", "place"),
    ]


def test_the_first_word_of_a_sentence_is_no_name_for_its_capital_alone() -> None:
    assert names("Officials left. However, nobody cared. “Trains stopped.” On Tuesday it rained.") == []


def test_the_first_word_of_a_sentence_is_a_name_if_it_is_one_elsewhere() -> None:
    assert [text for text, _ in names("Dunmore was quiet. We know Dunmore well.")] == ["Dunmore", "Dunmore"]


def test_a_last_name_has_the_label_of_the_person() -> None:
    assert names("Mr. Tallis came. He saw that Tallis won.") == [("Tallis", "person"), ("Tallis", "person")]


def test_a_country_before_a_hyphen_is_a_name() -> None:
    assert names("They are U.S.-backed forces.") == [("U.S.", "place")]


def test_ordinals_count_from_zero_in_the_order_of_the_text() -> None:
    found = mentions("In Oslo and Cairo it rained.")
    assert [(m.ordinal, m.start_char, m.end_char) for m in found] == [(0, 3, 7), (1, 12, 17)]


WORDS = """
    Mr. Kerry al - of the U.S. State Department Institute for said “ ” " . , President Foreign Ministry F. Mar Secretary
    US-backed al-Assad İstanbul ǅ 中 UN’s
"""
TEXTS = st.lists(st.sampled_from([*WORDS.split(), "\n\n"]) | st.text(max_size=6), max_size=25).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_whatever_the_text_mentions_are_in_it_and_do_not_overlap(body: str) -> None:
    end = 0
    for mention in mentions(body):
        assert body[mention.start_char : mention.end_char] == mention.text
        assert end <= mention.start_char < mention.end_char
        end = mention.end_char
