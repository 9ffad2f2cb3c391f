"""What is an article, what is not, and in which language: a kind and a reason, not an exception."""

from __future__ import annotations

import pytest

from onrecord import Article
from onrecord.testing import clean_text
from onrecord_clean.kinds import Kinds
from onrecord_clean.language import Language
from onrecord_clean.metadata import DocumentMetadata
from tests.cleaning import clean

PARAGRAPH = "The mayor said on Tuesday that the bridge would open in May, two years after the old one had fallen down."
ENGLISH = f"{PARAGRAPH}\n\nShe did not say what it had cost. The council meets again on Friday to talk about the roads."


def article(text: str, **metadata: str) -> Article:
    return clean_text(text, DocumentMetadata(), Kinds(), Language(), metadata=metadata)[0]


# ── Kinds ────────────────────────────────────────────────────────────────────────────────────────


def test_running_text_is_an_article() -> None:
    made = article(ENGLISH)
    assert (made.kind, made.kind_reason) == ("article", None)


@pytest.mark.parametrize(
    "text", ["Police: bridge closed.", "“No,” she said.", "Bridge closed", "The bridge is closed. It is old."]
)
def test_few_words_are_an_article_if_they_are_a_sentence(text: str) -> None:
    assert article(text).kind == "article"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("404 Not Found", "error", "404 Not Found"),
        ("Page not found\n\nSorry, the page you requested is not here. Try our home page.", "error", "Page not found"),
        ("Just a moment...\n\nEnable JavaScript and cookies to continue", "error", "Just a moment"),
        (
            "Access Denied\n\nYou don't have permission to see this.\n\nReference #18.2",
            "error",
            "Denied",
        ),
        ("Welcome back\n\nSign in\n\nEmail address\n\nPassword\n\nForgot your password?", "login", "Email address"),
        ("", "empty", "no running text"),
        (" \n\n \t", "empty", "no running text"),
        ("Home\n\nWorld\n\nVideo", "empty", "3 words and no sentence"),
    ],
)
def test_what_is_no_article_says_why(text: str, kind: str, reason: str) -> None:
    made = article(text)
    assert made.kind == kind
    assert reason in (made.kind_reason or "")


@pytest.mark.parametrize(
    "wall",
    [
        "Subscribe to continue reading",
        "To read this article in full, sign up today.",
        "This content is only available to subscribers.",
        "You’ve reached your limit of free articles this month.",
        "Already a subscriber? Sign in",
        "Members-only content",
        "To Read the Full Story",
    ],
)
def test_the_beginning_of_what_only_subscribers_can_read_is_a_stub(wall: str) -> None:
    made = article(f"{PARAGRAPH}\n\n{wall}")
    assert made.kind == "stub"
    assert wall in (made.kind_reason or "")
    assert PARAGRAPH in made.body


def test_a_long_text_that_invites_to_subscribe_is_an_article() -> None:
    assert article("\n\n".join([PARAGRAPH] * 20) + "\n\nSubscribe to continue reading").kind == "article"


def test_a_list_of_headlines_is_an_index() -> None:
    towns = ["Oslo", "Bergen", "Molde", "Moss", "Narvik", "Bodø", "Hamar"]
    headlines = [f"Council of {town} votes for a new bridge" for town in towns]
    made = article("\n\n".join(["Latest news", *headlines, "More in our archive"]))
    assert made.kind == "index"
    assert "9 lines" in (made.kind_reason or "")


def test_a_word_about_advertisement_blockers_is_no_paywall() -> None:
    asked = "We urge you to turn off your ad blocker so that you can continue to access our quality content"
    assert article(f"{PARAGRAPH}\n\n{asked}").kind == "article"


def test_an_article_with_a_long_list_in_it_is_an_article() -> None:
    dates = [f"{day} June – City Hall, Town {day}" for day in range(1, 31)]
    assert article("\n\n".join([*[ENGLISH] * 3, *dates])).kind == "article"


FRONT_PAGE = "".join(
    f"<section><h3><a href='/{n}'>Council of town number {n} votes for a bridge</a></h3>"
    f"<p>The vote in town {n} was close.</p></section>"
    for n in range(20)
)


def test_a_page_that_links_to_many_stories_and_has_little_text_is_an_index() -> None:
    made = clean(f"<html><title>The Northport Daily</title><main>{FRONT_PAGE}</main>", media_type="text/html").article
    assert made.kind == "index"
    assert "links to 20 other pages by title" in (made.kind_reason or "")


def test_an_article_with_many_links_around_it_is_an_article() -> None:
    text = "".join(f"<p>{PARAGRAPH} {n}.</p>" for n in range(12))
    said = "<meta property='og:type' content='article'>"
    for page in (
        f"<article>{text}</article><aside>{FRONT_PAGE}</aside>",
        f"{said}<article><p>{PARAGRAPH}</p></article><aside>{FRONT_PAGE}</aside>",
    ):
        assert clean(page, media_type="text/html").article.kind == "article"


def test_an_article_about_a_page_that_was_not_found_is_an_article() -> None:
    text = "\n\n".join(["Page not found: how the ministry lost its archive", *[ENGLISH] * 2])
    assert article(text).kind == "article"


def test_a_transcript_is_an_article() -> None:
    turns = [f"REPORTER: Is it true, number {n}?\n\nKERRY: It is not. We never said that." for n in range(6)]
    assert article("\n\n".join(turns)).kind == "article"


# ── Languages ────────────────────────────────────────────────────────────────────────────────────

GERMAN = (
    "Die Bürgermeisterin sagte am Dienstag, die Brücke werde im Mai eröffnet, zwei Jahre nachdem die alte eingestürzt "
    "war. Was sie gekostet hat, sagte sie nicht. Der Rat trifft sich am Freitag wieder, um über die Straßen zu reden."
)
RUSSIAN = "Министр заявил во вторник, что мост откроют в мае, через два года после того, как обрушился старый."


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GERMAN, "de"), (RUSSIAN, "ru")])
def test_the_language_is_identified_by_the_words(text: str, language: str) -> None:
    made = article(text)
    assert (made.language, made.language_method) == (language, "identified")
    assert made.language_confidence is not None
    assert made.language_confidence > 0.9


def test_a_stated_language_that_the_words_agree_with_stays_as_stated() -> None:
    made = article(GERMAN, language="de")
    assert (made.language, made.language_method, made.language_confidence) == ("de", "stated", None)


def test_a_stated_language_is_not_believed_against_many_words_of_another() -> None:
    made = article(GERMAN, language="en")
    assert (made.language, made.language_method) == ("de", "identified")


def test_a_stated_language_is_believed_against_a_few_words() -> None:
    made = article("Die Brücke.", language="en")
    assert (made.language, made.language_method) == ("en", "stated")


@pytest.mark.parametrize("text", ["", "12 34", "Oslo Paris"])
def test_what_is_too_short_to_tell_is_in_the_configured_language(text: str) -> None:
    made = article(text)
    assert (made.language, made.language_method, made.language_confidence) == ("en", "default", None)
