"""Cleaning is idempotent: the cleaners find nothing more to cut in a body that they have cleaned."""

from __future__ import annotations

import textwrap

import pytest

from onrecord import Draft
from onrecord.stages.clean import clean_document, run_cleaners
from tests.cleaning import CLEANERS, clean, document

TEXT = "The ferry to the islands sails again from Saturday, the mayor of Northport said on Friday."
MORE = "Three days earlier a storm had closed the harbour to all ships, and shops ran out of bread."
LAST = "The council will look at the sea wall in spring, when the money for it has been found."


def test_a_button_before_a_byline_is_cut_by_the_cleaner_that_cuts_buttons() -> None:
    result = clean(f"{TEXT}\n\nShare\nby Ann Lee\n")
    assert result.paragraphs == [TEXT]
    assert [(segment.kind, segment.cleaner) for segment in result.segments] == [
        ("body", None),
        ("boilerplate", "boilerplate"),
        ("byline", "bylines"),
    ]


def test_a_dateline_is_split_off_once_it_is_the_only_one() -> None:
    result = clean(f"PARIS — {TEXT}\n\n{MORE}\n\nDOHA — @storm hits the town today\n")
    assert (result.article.dateline, result.paragraphs) == ("PARIS", [TEXT, MORE])
    assert [(segment.kind, segment.cleaner) for segment in result.segments] == [
        ("dateline", "dateline"),
        ("body", None),
        ("body", None),
        ("teaser", "teasers"),
    ]


def test_every_line_of_a_paragraph_goes_with_it() -> None:
    wrapped = "\n".join(textwrap.wrap(f"{TEXT} {MORE}", 60))
    cut = "Subscribe now for unlimited access to The Example and\nall our newsletters, and help local journalism."
    result = clean(f"{wrapped}\n\n{cut}\n\n{LAST}\n")
    assert result.paragraphs == [f"{TEXT} {MORE}", LAST]


def test_a_disabled_cleaner_stays_out_of_it() -> None:
    caption = "The ferry leaves the harbour on Friday (AP Photo/Ann Lee)."
    text = document(f"By Ann Lee\n\n{TEXT}\n\n{caption}\n\n{MORE}\n")
    without = [cleaner for cleaner in CLEANERS if cleaner.name != "captions"]
    assert caption in clean_document(text, without, "en")[0].body
    assert caption not in clean_document(text, CLEANERS, "en")[0].body


def test_headings_in_markdown_are_not_judged_again_as_if_they_were_lines() -> None:
    heading = "What comes next for the many people of the islands"
    result = clean(f"# Harbour reopens\n\n{TEXT}\n\n## {heading}\n\n{MORE}\n", media_type="text/markdown")
    assert result.paragraphs == [TEXT, heading, MORE]


@pytest.mark.parametrize("known", [True, False])
def test_a_headline_is_cut_as_often_as_it_stands_there(known: bool) -> None:
    headline = "Storm hits the town"
    result = clean(f"{headline}\n" * 100 + TEXT, {"headline": headline} if known else None)
    assert (result.article.headline, result.article.body) == (headline, TEXT)


def test_comments_are_cut_where_others_follow() -> None:
    comments = "Comments\nTom\n2 hours ago\nI was there.\nReply\n" + "so it goes\n" * 12
    result = clean(f"{TEXT}\n{comments * 3}")
    assert result.paragraphs == [TEXT]
    assert {segment.cleaner for segment in result.segments if segment.kind == "comment"} == {"reader_comments"}


def test_the_headings_of_a_chronicle_stay() -> None:
    days = ["March 3, 2023", "March 4, 2023", "March 6, 2023"]
    texts = [TEXT, MORE, LAST]
    lines = [line for day in zip(days, texts, strict=True) for line in day]
    assert clean("\n\n".join(["A storm in three days", *lines])).paragraphs == lines


def test_texts_that_would_be_cleaned_again_for_ever_come_to_an_end() -> None:
    made = clean(f"{TEXT}\n" + "3 March 2023\nStorm from\nFollow us on Twitter\n" * 5_000)
    assert made.article.body.startswith(TEXT)


def test_a_draft_has_the_cleaners_that_run_on_it() -> None:
    draft = Draft(document(TEXT))
    assert draft.cleaners == ()
    assert [draft.cleaners for _ in run_cleaners(draft, CLEANERS[:2])] == [CLEANERS[:2]] * 3
