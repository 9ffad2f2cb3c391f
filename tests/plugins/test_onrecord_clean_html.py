"""HTML pages: the text in blocks, what is the article and what is not, and markup that is broken."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord_clean.alignment import match_words
from onrecord_clean.page import read_page
from tests.plugins.pages import DESCRIBED, FOUR, HEADLINE, ONE, TEXT, THREE, TWO, json_ld, page, paragraphs, read


def lines(source: str) -> list[list[str]]:
    found = read_page(source)
    return [[line.text for line in block.lines] for block in found.blocks] if found else []


# ── The page's text, in blocks ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("<p>The <b>may</b>or\n of <a href=x>Northport</a>\n\nsaid</p>", [["The mayor of Northport said"]]),
        ("<p>One</p><p>Two</p>", [["One"], ["Two"]]),
        ("<div>One<div>Two</div>Three</div>", [["One"], ["Two"], ["Three"]]),
        ("<p>One<br>Two<br><br>Three<br>\n<br>Four</p>", [["One", "Two"], ["Three"], ["Four"]]),
        ("<pre>One\nTwo\n\nThree</pre>", [["One", "Two"], ["Three"]]),
        ("<ul><li>One</li><li>Two</ul><h2>Three</h2>", [["One"], ["Two"], ["Three"]]),
        ("<table><tr><td>One</td><td>Two</td></tr></table>", [["One"], ["Two"]]),
        ("<p>Caf&eacute; &amp; bar&nbsp;— “open”</p>", [["Café & bar — “open”"]]),
        ("<p>North\u00adport\u200b says</p>", [["Northport says"]]),
        ("<p>Seen<script>not()</script><style>not {}</style><!-- not --><template>not</template></p>", [["Seen"]]),
        ("<p>Seen</p><noscript>not</noscript><svg><text>not</text></svg><iframe>not</iframe>", [["Seen"]]),
        ("<head><title>The title</title></head><p>The text</p>", [["The title"], ["The text"]]),
        ("<p>One <my-mark>and</my-mark> two</p>", [["One and two"]]),
        ("Just words", [["Just words"]]),
        ("", []),
        ("<p> </p>\n<div>&nbsp;</div>", []),
    ],
)
def test_a_pages_text_is_what_a_reader_sees_in_blocks_of_lines(source: str, blocks: list[list[str]]) -> None:
    assert lines(source) == blocks


def test_a_line_that_breaks_off_within_a_sentence_goes_on_in_the_next() -> None:
    text = read(page(f"<p>{ONE}<br>{TWO}</p><p>The mayor of Northport<br>said that the ferry will sail.</p>"))
    assert text.paragraphs == [ONE, TWO, "The mayor of Northport said that the ferry will sail."]


def test_a_box_that_opens_above_the_text_does_not_tear_the_paragraph() -> None:
    box = "<span class='person-popup'><img><a href=x>Ann Lee</a> <a href=y>Bakery of the year</a></span>"
    text = read(page(paragraphs(ONE, TWO, f"“Nobody went hungry,” said Ann Lee{box}, who runs the bakery.", FOUR)))
    assert text.paragraphs[2] == "“Nobody went hungry,” said Ann Lee , who runs the bakery."
    assert text.of("Ann Lee Bakery of the year").kind == "boilerplate"


# ── What is the article, and what the rest is ────────────────────────────────────────────────────


def test_the_articles_paragraphs_are_the_body_and_the_headline_is_not() -> None:
    text = read(page(paragraphs(*TEXT), "<title>Harbour reopens after storm | The Daily</title>"))
    assert text.paragraphs == list(TEXT)
    assert text.article.headline == HEADLINE
    assert text.of("Harbour reopens after storm |").kind == "metadata"
    assert [(text.words(s), s.kind) for s in text.segments[1:3]] == [("Home", "boilerplate"), (HEADLINE, "headline")]


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        ("<figure><img src=x><figcaption>The harbour of Northport on Friday</figcaption></figure>", "caption"),
        ("<div class='image-caption'>The harbour of Northport on Friday</div>", "caption"),
        ("<div><img src=x><div>The harbour of Northport on Friday</div></div>", "caption"),
        ("<p>© The harbour of Northport on Friday</p>", "caption"),
        ("<div class='related-stories'><p>The harbour of Northport is closed.</p></div>", "teaser"),
        ("<p>Related: <a href=x>The harbour of Northport is closed</a></p>", "teaser"),
        ("<p><a href=x>Northport votes for a new bridge to the islands</a></p>", "teaser"),
        (
            "<ul><li><a href=x>Northport votes for a bridge</a></li><li><a>Bakers win a prize again</a></li></ul>",
            "teaser",
        ),
        ("<div class='newsletterSignup'><p>Get the news from Northport each morning.</p></div>", "boilerplate"),
        ("<div class='social-share'><p>Tell your friends of this story.</p></div>", "boilerplate"),
        ("<form><p>Your name and your address, please.</p></form>", "boilerplate"),
        ("<div style='display: none'><p>The harbour of Northport is closed.</p></div>", "boilerplate"),
        ("<div class='author-bio'><p>Bo Ek writes about the islands.</p></div>", "byline"),
    ],
)
def test_what_stands_between_paragraphs_and_is_not_the_article_is_set_aside(markup: str, kind: str) -> None:
    text = read(page(paragraphs(ONE, TWO) + markup + paragraphs(THREE, FOUR)))
    assert text.paragraphs == list(TEXT)
    set_aside = [segment for segment in text.segments if segment.kind == kind and segment.text not in ("Home", None)]
    assert set_aside
    assert all(segment.reason and segment.cleaner == "html_text" for segment in set_aside)


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for our newsletter and get the news each morning.",
        "Follow Ann Lee on Twitter: @annlee",
        "Reach the reporters at news@example.org.",
        "Bo Ek contributed to this report.",
        "(Reporting by Bo Ek; editing by Ann Lee)",
        "Updated at 1:23 p.m.",
        "Email the author at news@example.org",
    ],
)
def test_lines_below_the_text_that_are_for_the_reader_or_of_the_staff_are_set_aside(line: str) -> None:
    assert read(page(paragraphs(*TEXT, line))).paragraphs == list(TEXT)


def test_a_boilerplate_name_around_the_article_is_ignored() -> None:
    inside = "".join(f"<div class='widget widget-text'><p>{text}</p></div>" for text in TEXT)
    assert read(page(inside + "<div class='newsletter'><p>Get the news each day.</p></div>")).paragraphs == list(TEXT)


def test_an_invitation_that_somebody_speaks_is_text() -> None:
    spoken = "“Let us know when the ferry sails,” said Ann Lee, who had waited at the harbour for three days."
    assert read(page(paragraphs(ONE, TWO, spoken))).paragraphs == [ONE, TWO, spoken]


def test_what_readers_wrote_below_is_a_comment() -> None:
    comments = "<div id='comments'><p>What a long story this is, and nobody asked me what I think of it.</p></div>"
    text = read(page(paragraphs(*TEXT) + comments))
    assert text.paragraphs == list(TEXT)
    assert text.of("What a long story").kind == "comment"


def test_subheadings_lists_and_quotations_within_the_text_are_kept() -> None:
    inside = (
        paragraphs(ONE)
        + "<h2>Bread and milk</h2>"
        + paragraphs(TWO)
        + f"<ul><li>Flour</li><li>Milk</li></ul><blockquote><p>{THREE}</p></blockquote>"
        + paragraphs(FOUR)
    )
    text = read(page(inside))
    assert text.paragraphs == [ONE, "Bread and milk", TWO, "Flour", "Milk", THREE, FOUR]
    assert text.of("Bread and milk").kind == "subheading"


def test_a_heading_with_no_text_below_it_is_of_another_story() -> None:
    text = read(page(paragraphs(*TEXT) + "<h3>Northport votes for a bridge</h3>"))
    assert text.paragraphs == list(TEXT)


def test_a_page_without_an_article_element_is_read() -> None:
    assert read(page(paragraphs(*TEXT), around="<div id=c><div class=x>{}</div></div>")).paragraphs == list(TEXT)


def test_a_text_of_loose_lines_is_read() -> None:
    assert read(page("<br><br>".join(TEXT), around="<div class=story>{}</div>")).paragraphs == list(TEXT)


def test_a_page_of_one_short_sentence_is_read() -> None:
    assert read("<p>It rained in Northport.</p>").paragraphs == ["It rained in Northport."]


def test_a_headline_from_the_source_is_found_on_the_page() -> None:
    source = f"<body><div class=t>{HEADLINE}</div>{paragraphs(*TEXT)}</body>"
    assert read(source, headline=HEADLINE).paragraphs == list(TEXT)


# ── Every word is somewhere ──────────────────────────────────────────────────────────────────────

TAGS = st.sampled_from(
    ["p", "div", "span", "b", "a", "li", "ul", "h1", "h2", "table", "tr", "td", "figure", "figcaption", "aside",
     "article", "nav", "form", "blockquote", "pre", "br", "center", "x-box", "title", "footer", "em"]
)  # fmt: skip

NAMES = st.sampled_from(["", "caption", "related", "comments", "sr-only", "tooltip", "article-body", "byline", "share"])

WORDS = st.sampled_from([*TEXT, HEADLINE, "Share", "Related: more", "é", "x", "\u0301", "a\u00a0b", "\n\n", " "])

TREES = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, name, parts: f"<{tag} class='{name}'>{''.join(parts)}</{tag}>",
        TAGS, NAMES, st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)  # fmt: skip


def letters(text: str) -> str:
    """Letters as they count: decomposed, because what composes depends on what stands before it."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFD", text))


@settings(deadline=None, max_examples=150)
@given(TREES)
def test_every_visible_word_is_in_one_segment_and_offsets_go_both_ways(source: str) -> None:
    whole = f"<html><body>{source}</body></html>"
    text = read(whole)
    found = read_page(whole)
    assert found is not None
    visible = "".join(t for e in found.root.iter() for t in e.xpath("text()"))
    assert sorted(letters("".join(map(text.words, text.segments)))) == sorted(letters(visible))
    assert all(a.end_char <= b.start_char for a, b in pairwise(text.segments))
    kept = [segment for segment in text.segments if segment.body_start is not None]
    assert all(a.body_end < b.body_start for a, b in pairwise(kept))  # type: ignore[operator]
    for segment in text.segments:
        assert len(text.words(segment)) == segment.end_char - segment.start_char
        assert segment.kind == "body" or (segment.reason and segment.cleaner == "html_text")


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("<>/&;\"'=!-\0 \n"), max_size=200))
def test_any_markup_is_read_or_has_nothing_left(source: str) -> None:
    made = read(source).article
    assert made.body.strip() or made.kind == "empty"


WORD = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])


@given(st.lists(WORD, max_size=60), st.data())
def test_words_taken_from_a_text_are_found_in_it(words: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    sought = [word for word, keep in zip(words, kept, strict=True) if keep]
    found = match_words(words, sought)
    assert sum(found) <= len(sought)
    assert len(found) == len(words)


def test_a_sentence_that_stands_twice_is_found_where_its_neighbors_are() -> None:
    words = [
        "x",
        "y",
        "one",
        "two",
        "three",
        "four",
        "five",
        "z",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
    ]
    assert match_words(words, ["one", "two", "three", "four", "five", "six", "seven"]) == [False] * 8 + [True] * 7


# ── What it survives ─────────────────────────────────────────────────────────────────────────────

ACCENTED = "The café’s owner, Zoë Žižek, paid £5 for the crème brûlée that the mayor had ordered on Friday."


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("<meta charset=windows-1252>", "cp1252"),
        ("<meta charset='ISO-8859-1'>", "cp1252"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=windows-1254'>", "cp1254"),
        ("<meta charset=iso-8859-1>", "utf-8"),
        ("<meta charset=nonsense>", "utf-8"),
        ("<meta charset=hex>", "cp1252"),
    ],
)
def test_encodings_are_recognized(declaration: str, encoding: str) -> None:
    accented = ACCENTED.replace("Ž", "Z").replace("ž", "z")
    assert read(page(paragraphs(*TEXT, accented), declaration).encode(encoding)).paragraphs[-1] == accented


def test_russian_in_its_own_encoding_is_read_as_declared() -> None:
    russian = "Паром на острова снова ходит с субботы, сказал в пятницу мэр города после бури."
    content = page(paragraphs(russian, russian.upper()), "<meta charset='windows-1251'>").encode("cp1251")
    assert read(content).paragraphs[0] == russian


def test_a_word_in_another_encoding_does_not_spoil_the_page() -> None:
    content = page(paragraphs(*([ACCENTED] * 5), THREE)).encode() + "<p>caf\xe9</p>".encode("latin-1")
    assert read(content).paragraphs[0] == ACCENTED


@pytest.mark.parametrize(
    "source",
    [
        "<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body>"
        + paragraphs(*TEXT) + "</body></html>",
        "<div><p>" + "<p>".join(TEXT),
        f"</div></p>{paragraphs(*TEXT)}</html></body><td>",
        "\0".join(page(paragraphs(*TEXT)).partition("<p>")),
        "<div>" * 10_000 + paragraphs(*TEXT) + "</div>" * 10_000,
        "<p>" + "<b>" * 10_000 + ONE + "</b>" * 10_000 + paragraphs(TWO, THREE, FOUR),
        "<table><tr><td>" * 3_000 + paragraphs(*TEXT),
        '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + page(paragraphs(*TEXT)),
        json_ld(DESCRIBED) + '<script type="application/ld+json">' + "[" * 100_000 + "</script>" + paragraphs(*TEXT),
    ],
    ids=["xhtml", "unclosed", "misnested", "NUL", "nested", "nested inline", "nested tables", "entities", "deep json"],
)  # fmt: skip
def test_broken_and_hostile_markup_is_read(source: str) -> None:
    assert read(source).paragraphs[-4:] == list(TEXT)


def test_half_characters_are_dropped() -> None:
    content = page(paragraphs(*TEXT)).encode().replace(b"ferry", "fer\ud800ry".encode("utf-8", "surrogatepass"))
    assert read(content).paragraphs[1:] == list(TEXT[1:])


@pytest.mark.parametrize(
    "source",
    [
        f"<p>{ONE * 60_000}</p>",
        "<p>" + "x<br>" * 50_000,
        "<a href=x>y</a>" * 30_000 + paragraphs(*TEXT),
        "<" * 1_000_000,
    ],
    ids=["one line of 5 MB", "line breaks", "links", "angle brackets"],
)
@pytest.mark.timeout(120)
def test_time_is_bounded(source: str) -> None:
    read(source)


def test_a_page_that_is_too_large_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="more than the limit of 20,000,000: if it is one article"):
        read_page(" " * 20_000_001)
