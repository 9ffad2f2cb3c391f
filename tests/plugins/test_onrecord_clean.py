"""The cleaners: what they make of small examples and of any text at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord import Draft, decode
from tests.cleaning import clean, clean_again

# ── One example for each cleaner ─────────────────────────────────────────────────────────────────

TEXT = "The ferry to the islands sails again from Saturday, the mayor of Northport said on Friday."
MORE = "Three days earlier a storm had closed the harbour to all ships, and shops ran out of bread."


def test_document_metadata_fills_the_articles_fields() -> None:
    article = clean(
        TEXT,
        {
            "headline": "Harbour reopens",
            "byline": ["Ann Lee", {"name": "Bo Ek"}],
            "outlet": "The Example",
            "url": "https://www.example.org:8080/harbour",
            "credit": "Reuters",
            "language": "en-GB",
            "published": "2024-03-01T10:00:05+02:00",
        },
    ).article
    assert (article.headline, article.byline, article.outlet) == ("Harbour reopens", "Ann Lee, Bo Ek", "The Example")
    assert (article.outlet_domain, article.credit, article.language) == ("example.org", "Reuters", "en")
    assert article.published_at == datetime(2024, 3, 1, 8, 0, 5, tzinfo=UTC)
    assert (article.published_precision, article.published_method) == ("second", "metadata")


@pytest.mark.parametrize(
    ("given_date", "published_at", "precision"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), "year"),
        (2024, datetime(2024, 1, 1, tzinfo=UTC), "year"),
        ("2024-03", datetime(2024, 3, 1, tzinfo=UTC), "month"),
        ("2024-03-05", datetime(2024, 3, 5, tzinfo=UTC), "day"),
        ("2024-03-05T10:20Z", datetime(2024, 3, 5, 10, 20, tzinfo=UTC), "minute"),
        ("2024-03-05 10:20:30", datetime(2024, 3, 5, 10, 20, 30, tzinfo=UTC), "second"),
        ("2024-02-30", None, None),
        ("last Tuesday", None, None),
        ("0000", None, None),
        (None, None, None),
        (["2024"], None, None),
    ],
)
def test_dates_keep_the_precision_they_are_given_in_and_are_never_invented(
    given_date: Any, published_at: datetime | None, precision: str | None
) -> None:
    article = clean(TEXT, {"published": given_date}).article
    assert (article.published_at, article.published_precision) == (published_at, precision)
    assert article.published_method == ("metadata" if published_at else None)


PAGE = f"""<html lang="en-GB"><head><meta property="og:title" content="Harbour reopens after storm">
<meta name="author" content="Ann Lee"><meta property="og:site_name" content="The Example">
<meta property="article:published_time" content="2024-03-01T10:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Harbour reopens after storm</h1>
<p>{TEXT}</p><p>{MORE}</p></article><footer>All rights reserved</footer></body></html>"""


def test_html_text_reads_the_article_and_what_the_page_says_of_it() -> None:
    cleaned = clean(PAGE, media_type="text/html")
    assert cleaned.paragraphs == [TEXT, MORE]
    article = cleaned.article
    assert (article.headline, article.byline, article.outlet) == (
        "Harbour reopens after storm",
        "Ann Lee",
        "The Example",
    )
    assert (article.language, article.published_precision, article.published_method) == ("en", "second", "meta")
    assert article.published_at == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_html_text_says_nothing_where_metadata_has_spoken() -> None:
    article = clean(PAGE, {"byline": "Bo Ek", "published": "2023"}, "text/html").article
    assert (article.byline, article.published_precision, article.published_method) == ("Bo Ek", "year", "metadata")


def test_html_text_invents_no_date() -> None:
    page = f"<html><body><p>{TEXT}</p><p>{MORE}</p><p>Copyright 2019</p></body></html>"
    assert clean(page, media_type="text/html").article.published_at is None


def test_markdown_text_drops_markup_and_keeps_paragraphs_as_lines() -> None:
    cleaned = clean(
        "# Harbour *reopens* after storm\n\nThe **ferry** to [the islands](http://example.org)\nsails again.\n\n"
        "## What comes next for the many people of the islands\n\n- Shops open.\n- Schools do not.\n",
        media_type="text/markdown",
    )
    assert cleaned.article.headline == "Harbour reopens after storm"
    assert cleaned.paragraphs == [
        "The ferry to the islands sails again.",
        "What comes next for the many people of the islands",
        "Shops open.",
        "Schools do not.",
    ]
    assert cleaned.of_kind("subheading") == ["What comes next for the many people of the islands"]


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
def test_front_matter_is_cut(media_type: str) -> None:
    cleaned = clean(f"---\ntitle: Harbour\n---\n\n{TEXT}\n", media_type=media_type)
    assert cleaned.article.body == TEXT
    assert cleaned.of_kind("metadata") == ["---", "title: Harbour", "---"]


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("Share", "boilerplate"),
        ("ADVERTISEMENT", "boilerplate"),
        ("More from Business", "boilerplate"),
        ("Most Read", "boilerplate"),
        ("Related articles:", "boilerplate"),
        ("© 2024 The Example. All rights reserved.", "boilerplate"),
        ("* * *", "boilerplate"),
        ("No comments:", "comment"),
        ("12 Comments", "comment"),
        ("Post a Comment", "comment"),
    ],
)
def test_boilerplate_cuts_standing_phrases(phrase: str, kind: str) -> None:
    cleaned = clean(f"{TEXT}\n{phrase}\n{MORE}")
    assert cleaned.paragraphs == [TEXT, MORE]
    assert cleaned.of_kind(kind) == [phrase]


def test_boilerplate_keeps_a_word_that_begins_a_sentence() -> None:
    assert "Share prices fell" in clean("Share\nprices fell on Friday.").article.body.replace("\n\n", " ")


@pytest.mark.parametrize(
    "caption",
    ["Mayor Jo Field at the harbour on Friday [EPA]", "Ships wait. (AP Photo/Ann Lee)", "Photo: Ann Lee/Reuters"],
)
def test_captions_with_an_agency_are_cut(caption: str) -> None:
    cleaned = clean(f"{TEXT}\n{caption}\n{caption}\n{MORE}")
    assert cleaned.paragraphs == [TEXT, MORE]
    assert cleaned.of_kind("caption") == [caption, caption]


def test_captions_leaves_a_sentence_that_names_an_agency() -> None:
    assert clean(f"{TEXT}\nShe told Reuters (the agency) so.").paragraphs[1] == "She told Reuters (the agency) so."


def test_fragments_are_cut() -> None:
    cleaned = clean(f"{TEXT}\nThe mayor, meanwhile\nThe mayor, meanwhile, went home.")
    assert cleaned.paragraphs == [TEXT, "The mayor, meanwhile, went home."]
    assert cleaned.of_kind("fragment") == ["The mayor, meanwhile"]


@pytest.mark.parametrize(
    ("line", "credit"),
    [("Source : Al Jazeera, Reuters", "Al Jazeera, Reuters"), ("(Reuters)", "Reuters"), ("AP and AFP", "AP and AFP")],
)
def test_credits_are_taken_as_written(line: str, credit: str) -> None:
    cleaned = clean(f"{TEXT}\n\n{MORE}\n\n{line}")
    assert cleaned.article.credit == credit
    assert cleaned.paragraphs == [TEXT, MORE]


@pytest.mark.parametrize(
    ("line", "byline"),
    [
        ("By Ann Lee", "Ann Lee"),
        ("By ANN LEE and BO DE EK, Reuters", "ANN LEE and BO DE EK, Reuters"),
        ("by Ann Lee in Northport", "Ann Lee in Northport"),
        ("Words by Ann Lee", "Ann Lee"),
        ("Ann Lee, Reuters", "Ann Lee, Reuters"),
        ("Ann Lee and Bo Ek, Northport Correspondent", "Ann Lee and Bo Ek, Northport Correspondent"),
    ],
)
def test_bylines_are_taken_as_written(line: str, byline: str) -> None:
    cleaned = clean(f"{line}\n\n{TEXT}")
    assert (cleaned.article.byline, cleaned.article.body) == (byline, TEXT)


@pytest.mark.parametrize("line", ["Stand by Ann Lee", "Ann Lee, the mayor", "Ann Lee, Northport"])
def test_bylines_leaves_names_that_nobody_signs_with(line: str) -> None:
    assert clean(f"{line}\n\n{TEXT}\n\n{MORE}").article.byline is None


def test_bylines_leaves_a_sentence_that_begins_with_by() -> None:
    assert clean(f"{TEXT}\n\nBy Friday the ferry sailed.").paragraphs[1] == "By Friday the ferry sailed."


def test_sign_offs_are_cut_as_bylines() -> None:
    cleaned = clean(f"{TEXT}\n\n(Reporting by Ann Lee; editing by Bo Ek)")
    assert (cleaned.article.byline, cleaned.article.body) == ("Reporting by Ann Lee; editing by Bo Ek", TEXT)


WRAPPED = """\
The ferry to the islands sails again from Saturday, the mayor
of Northport said on Friday. Three days earlier a storm had
closed the harbour to all ships.
"""


def test_hard_wraps_joins_lines_that_were_cut_at_a_width() -> None:
    cleaned = clean(f"{WRAPPED}\n{WRAPPED.replace('ferry', 'train')}")
    whole = " ".join(WRAPPED.split())
    assert cleaned.paragraphs == [whole, whole.replace("ferry", "train")]


def test_hard_wraps_joins_neither_headline_nor_byline_nor_dateline_to_the_body() -> None:
    cleaned = clean(f"Northport Harbour Reopens After Storm\nBy Ann Lee\nNORTHPORT -\n{WRAPPED}")
    assert cleaned.article.headline == "Northport Harbour Reopens After Storm"
    assert (cleaned.article.byline, cleaned.article.dateline) == ("Ann Lee", "NORTHPORT")
    assert cleaned.paragraphs == [" ".join(WRAPPED.split())]


@pytest.mark.parametrize(
    "text",
    [f"{TEXT}\n{MORE}", f"{TEXT}\n\n{MORE}", "The list:\nbread\nmilk and cheese\neggs\napples"],
    ids=["a line per paragraph", "parted by empty lines", "a list"],
)
def test_hard_wraps_joins_no_other_lines(text: str) -> None:
    assert clean(text).paragraphs == [line for line in text.splitlines() if line]


def test_duplicates_cuts_the_second_copy_with_its_short_paragraphs() -> None:
    cleaned = clean("\n".join([TEXT, "“Yes.”", MORE, "“Yes.”", TEXT, "“Yes.”", MORE]))
    assert cleaned.paragraphs == [TEXT, "“Yes.”", MORE, "“Yes.”"]
    assert cleaned.of_kind("duplicate") == [TEXT, "“Yes.”", MORE]


def test_duplicates_finds_a_copy_that_was_wrapped() -> None:
    assert clean(f"{' '.join(WRAPPED.split())}\n\n{WRAPPED}").paragraphs == [" ".join(WRAPPED.split())]


def test_headline_is_a_first_line_like_a_title() -> None:
    cleaned = clean(f"Harbour reopens after storm\n\n{TEXT}")
    assert (cleaned.article.headline, cleaned.article.body) == ("Harbour reopens after storm", TEXT)


@pytest.mark.parametrize("first", [MORE, "“I went home,” he said,", "NORTHPORT, Ore. (AP) —", "so it went on"])
def test_headline_is_not_any_first_line(first: str) -> None:
    assert clean(f"{first}\n\n{TEXT}").article.headline is None


def test_headline_that_is_known_is_taken_out_of_the_body_however_it_is_written() -> None:
    cleaned = clean(
        f"HARBOUR REOPENS;\nMayor: ‘a relief.’\n\n{TEXT}", {"headline": "Harbour reopens; Mayor: 'a relief'"}
    )
    assert cleaned.article.headline == "Harbour reopens; Mayor: 'a relief'"
    assert cleaned.of_kind("headline") == ["HARBOUR REOPENS;", "Mayor: ‘a relief.’"]
    assert cleaned.article.body == TEXT


@pytest.mark.parametrize(
    ("head", "dateline"),
    [
        ("DOHA, QATAR —\n", "DOHA, QATAR"),
        ("NORTHPORT, Ore., Dec. 15 (Reuters) - ", "NORTHPORT, Ore., Dec. 15 (Reuters)"),
        ("Kuala Lumpur, Malaysia (AP) – ", "Kuala Lumpur, Malaysia (AP)"),
        ("(CNN) -- ", "(CNN)"),
        ("ATP - ", "ATP"),
    ],
)
def test_dateline_is_split_off(head: str, dateline: str) -> None:
    cleaned = clean(f"{head}{TEXT}\n\n{MORE}")
    assert (cleaned.article.dateline, cleaned.paragraphs) == (dateline, [TEXT, MORE])


@pytest.mark.parametrize(
    "first", ["NATO — the alliance — said so.", "U.S.-led forces left.", "The ferry - Saturday’s - left."]
)
def test_dateline_is_not_any_name_before_a_dash(first: str) -> None:
    assert clean(f"{first}\n\n{MORE}").paragraphs == [first, MORE]


def test_dateline_is_split_off_both_copies_of_a_body_that_was_pasted_twice() -> None:
    cleaned = clean("\n".join([f"PARIS — {TEXT}", MORE] * 2))
    assert (cleaned.article.dateline, cleaned.paragraphs) == ("PARIS", [TEXT, MORE])


def test_dateline_may_stand_below_a_summary() -> None:
    cleaned = clean(f"Storm over, harbour open.\n\nPARIS — {TEXT}\n\n{MORE}")
    assert (cleaned.article.dateline, cleaned.paragraphs[1]) == ("PARIS", TEXT)


def test_dateline_of_each_item_of_a_digest_is_not_the_articles() -> None:
    digest = [f"PARIS — {TEXT}", f"LONDON — {MORE}"]
    cleaned = clean("\n\n".join(digest))
    assert (cleaned.article.dateline, cleaned.paragraphs) == (None, digest)


def test_side_boxes_are_marked_and_kept() -> None:
    box = "Northport in numbers\nPeople\nAbout nine thousand people live in the town all year.\nShips\nThere are forty."
    cleaned = clean(f"{TEXT}\n\n{box}\n\n{MORE}\n\nThe storm is over.\n\nIt was long.\n\nAll sleep.\n\nNobody is out.")
    assert cleaned.of_kind("subheading") == ["Northport in numbers", "People", "Ships"]
    assert len(cleaned.of_kind("sidebar")) == 2
    assert cleaned.paragraphs[:2] == [TEXT, MORE]
    assert cleaned.paragraphs[-5:] == box.splitlines()


def test_teasers_within_and_after_the_text_are_cut_and_subheadings_kept() -> None:
    inside, after = "Northport votes for a new bridge to the islands", "Mayor wins prize for best garden"
    cleaned = clean(f"{TEXT}\n\n{inside}\n\n{MORE}\n\nBread and milk\n\nShops open at nine.\n\n{after}")
    assert cleaned.of_kind("teaser") == [inside, after]
    assert cleaned.of_kind("subheading") == ["Bread and milk"]
    assert cleaned.paragraphs == [TEXT, MORE, "Bread and milk", "Shops open at nine."]


def test_teasers_leaves_a_list_at_the_end() -> None:
    text = f"{TEXT}\n\nThe winners are:\n\nAnn Lee of Northport\n\nBo Ek of the islands"
    assert clean(text).article.body == text


# ── Any text ─────────────────────────────────────────────────────────────────────────────────────

LINES = st.one_of(
    st.sampled_from(
        [
            TEXT,
            MORE,
            WRAPPED,
            "",
            "Share",
            "Post a Comment",
            "A caption [EPA]",
            "Source: Reuters",
            "By Ann Lee",
            "Harbour reopens after storm",
            "Northport votes for a new bridge to the islands",
            "The mayor, meanwhile",
            "The mayor, meanwhile, went home.",
            "PARIS — The mayor went home.",
            "NORTHPORT -",
            "“Yes.”",
            "---",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=30),
)
ANY_TEXT = st.one_of(st.text(st.characters(codec="utf-8"), max_size=200), st.lists(LINES, max_size=12).map("\n".join))


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_is_cleaned_or_has_nothing_left_and_segments_partition_it(text: str) -> None:
    cleaned = clean(text)
    kept = sorted(
        (segment for segment in cleaned.segments if segment.body_start is not None), key=attrgetter("body_start")
    )
    assert all(a.end_char <= b.start_char for a, b in pairwise(cleaned.segments))
    assert all(a.body_end < b.body_start for a, b in pairwise(kept))  # type: ignore[operator]
    draft_text = _text_of(text)
    for segment in cleaned.segments:
        assert cleaned.text(segment) == draft_text[segment.start_char : segment.end_char]
        assert segment.kind == "body" or (segment.reason and segment.cleaner)
    between = re.sub(r"\s+", "", draft_text)
    assert "".join(re.sub(r"\s+", "", cleaned.text(segment)) for segment in cleaned.segments) == between


def _text_of(text: str) -> str:
    draft = Draft.__new__(Draft)
    draft.read(decode(text.encode()))
    return draft.text


@pytest.mark.parametrize("media_type", ["text/html", "text/markdown"])
@settings(max_examples=30, deadline=None)
@given(text=ANY_TEXT)
def test_any_markup_is_cleaned_or_has_nothing_left(media_type: str, text: str) -> None:
    made = clean(text, media_type=media_type).article
    assert made.body.strip() or made.kind == "empty"


@settings(deadline=None)
@given(ANY_TEXT)
def test_cleaning_a_cleaned_body_again_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean_again(once).article.body == once.article.body


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["headline", "byline", "outlet", "outlet_domain", "credit", "published", "language", "url"]),
        st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.just("http://[")),
    )
)
def test_any_metadata_is_understood_or_ignored(metadata: dict[str, Any]) -> None:
    assert clean(f"{TEXT}\n{MORE}", metadata).paragraphs == [TEXT, MORE]
