"""What a page says of itself: JSON-LD, meta elements, microdata, dates."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord_clean.pagedata import parse_address_date, parse_moment
from tests.plugins.pages import DESCRIBED, HEADLINE, TEXT, json_ld, page, paragraphs, read


@pytest.mark.parametrize(
    "head",
    [
        json_ld(DESCRIBED),
        json_ld([{"@type": "BreadcrumbList"}, DESCRIBED]),
        json_ld({"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, DESCRIBED]}),
        json_ld({"@type": "WebPage", "mainEntity": DESCRIBED}),
        json_ld({**DESCRIBED, "@type": ["Article", "ReportageNewsArticle"]}),
        json_ld("nonsense", {"@type": "WebSite"}, DESCRIBED),
        '<script type="application/ld+json">{"broken": </script>' + json_ld(DESCRIBED),
        f'<script type="application/ld+json">//<![CDATA[\n{json.dumps(DESCRIBED)}\n//]]></script>',
        json_ld({"@graph": [{**DESCRIBED, "author": [{"@id": "#a"}, {"@id": "#b"}]},
                            {"@id": "#a", "name": "Ann Lee"}, {"@id": "#b", "name": "Bo Ek"}]}),
    ],
)  # fmt: skip
def test_json_ld_is_read_in_all_its_shapes(head: str) -> None:
    canonical = "<link rel=canonical href='https://www.daily.example/islands/harbour'>"
    article = read(page(paragraphs(*TEXT), head + canonical)).article
    assert (article.headline, article.byline, article.outlet) == (HEADLINE, "Ann Lee, Bo Ek", "The Daily")
    assert article.published_at == datetime(2024, 3, 1, 8, 15, tzinfo=UTC)
    assert (article.published_precision, article.published_method) == ("second", "json-ld")
    assert article.modified_at == datetime(2024, 3, 2, 11, tzinfo=UTC)
    assert (article.section, article.language) == ("Islands", "en")
    assert article.url == "https://www.daily.example/islands/harbour"
    assert article.outlet_domain == "daily.example"


def test_of_several_articles_in_json_ld_the_one_with_the_pages_address_is_taken() -> None:
    other = {"@type": "NewsArticle", "headline": "Another", "url": "https://daily.example/a/1"}
    this = {"@type": "NewsArticle", "headline": HEADLINE, "url": "https://daily.example/a/2"}
    head = json_ld(other, this) + "<link rel=canonical href='https://daily.example/a/2'>"
    assert read(page(paragraphs(*TEXT), head)).article.headline == HEADLINE


def test_meta_elements_are_read() -> None:
    head = "".join(
        f'<meta {key}="{name}" content="{value}">'
        for key, name, value in [
            ("property", "og:title", f"{HEADLINE} - The Daily"),
            ("property", "og:site_name", "The Daily"),
            ("property", "og:url", "https://daily.example/islands/harbour"),
            ("property", "og:locale", "en_GB"),
            ("property", "article:author", "https://social.example/annlee"),
            ("name", "author", "By Ann Lee"),
            ("property", "article:published_time", "2024-03-01T10:15:00+0200"),
            ("property", "article:modified_time", "2024-03-02"),
            ("property", "article:section", "Islands"),
        ]
    )
    article = read(page(paragraphs(*TEXT), head)).article
    assert (article.headline, article.outlet, article.byline) == (HEADLINE, "The Daily", "Ann Lee")
    assert article.published_at == datetime(2024, 3, 1, 8, 15, tzinfo=UTC)
    assert (article.published_method, article.published_precision) == ("meta", "second")
    assert article.modified_at == datetime(2024, 3, 2, tzinfo=UTC)
    assert (article.section, article.language, article.outlet_domain) == ("Islands", "en", "daily.example")


def test_microdata_of_the_article_is_read_and_that_of_things_within_it_is_not() -> None:
    inside = (
        "<meta itemprop=datePublished content=2024-03-01><span itemprop=author itemscope><b itemprop=name>Ann Lee</b>"
        "</span><div itemprop=video itemscope><span itemprop=dateModified>2020-01-01</span></div>"
    ) + paragraphs(*TEXT)
    around = "<div itemscope itemtype='https://schema.org/NewsArticle'>{}</div>"
    article = read(page(inside, around=around)).article
    assert (article.byline, article.modified_at) == ("Ann Lee", None)
    assert (article.published_at, article.published_precision) == (datetime(2024, 3, 1, tzinfo=UTC), "day")


@pytest.mark.parametrize(
    ("inside", "at", "precision"),
    [
        ("<time datetime='2024-03-01T10:15:00Z'>1 March</time>", datetime(2024, 3, 1, 10, 15, tzinfo=UTC), "second"),
        ("<time>March 1, 2024 10:15 am EST</time>", datetime(2024, 3, 1, 15, 15, tzinfo=UTC), "minute"),
        ("<div class='related-item'><time>March 1, 2024</time></div>", None, None),
        ("<time class='updated' datetime='2024-03-01'>x</time>", None, None),
    ],
)
def test_a_time_element_dates_the_article_unless_it_is_of_something_else(
    inside: str, at: datetime | None, precision: str | None
) -> None:
    article = read(page(inside + paragraphs(*TEXT))).article
    assert (article.published_at, article.published_precision) == (at, precision)
    assert article.published_method == ("time element" if at else None)


def test_the_address_dates_the_article_as_a_last_resort() -> None:
    url = "https://daily.example/2015/12/15/harbour-reopens"
    article = read(page(paragraphs(*TEXT)), url=url).article
    assert article.url == url
    assert article.published_at == datetime(2015, 12, 15, tzinfo=UTC)
    assert (article.published_precision, article.published_method) == ("day", "url")


def test_what_the_source_said_goes_before_what_the_page_says() -> None:
    given_ = {"headline": "Given", "byline": "Cy Young", "outlet": "Other", "published": "2023", "section": "Home",
              "language": "de", "modified": "2023-05-01"}  # fmt: skip
    article = read(page(paragraphs(*TEXT), json_ld(DESCRIBED)), **given_).article
    assert (article.headline, article.byline, article.outlet) == ("Given", "Cy Young", "Other")
    assert (article.section, article.language, article.published_method) == ("Home", "de", "metadata")
    assert article.modified_at == datetime(2023, 5, 1, tzinfo=UTC)


def test_a_news_agency_that_is_the_author_or_the_source_is_the_credit() -> None:
    article = read(page(paragraphs(*TEXT), json_ld({**DESCRIBED, "author": {"name": "Reuters"}}))).article
    assert article.credit == "Reuters"


def test_no_date_is_invented() -> None:
    article = read(page(paragraphs(*TEXT, "The storm of 1 May 1999 was worse, as many here remember."))).article
    assert (article.published_at, article.published_precision, article.modified_at) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "at", "precision"),
    [
        ("2024-03-01T10:15:30+02:00", datetime(2024, 3, 1, 8, 15, 30, tzinfo=UTC), "second"),
        ("2024-03-01 10:15:30 +0200", datetime(2024, 3, 1, 8, 15, 30, tzinfo=UTC), "second"),
        ("2024-03-01T10:15Z", datetime(2024, 3, 1, 10, 15, tzinfo=UTC), "minute"),
        ("2024-03-01T00:00:00", datetime(2024, 3, 1, tzinfo=UTC), "day"),
        ("20240301", datetime(2024, 3, 1, tzinfo=UTC), "day"),
        ("1709287200", datetime(2024, 3, 1, 10, tzinfo=UTC), "second"),
        ("1709287200000", datetime(2024, 3, 1, 10, tzinfo=UTC), "second"),
        ("Fri, 01 Mar 2024 10:15:30 GMT", datetime(2024, 3, 1, 10, 15, 30, tzinfo=UTC), "second"),
        ("March 1, 2024", datetime(2024, 3, 1, tzinfo=UTC), "day"),
        ("1 March 2024, 10:15 UTC", datetime(2024, 3, 1, 10, 15, tzinfo=UTC), "minute"),
        ("March 1, 2024 10:15 IST", datetime(2024, 3, 1, tzinfo=UTC), "day"),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), "year"),
    ],
)
def test_dates_as_pages_write_them(written: str, at: datetime, precision: str) -> None:
    assert parse_moment(written) == (at, precision)


@pytest.mark.parametrize(
    "written", ["03/04/2024", "March", "March 1", "yesterday", "", None, {}, "2024-13-45", "Mon, x"]
)
def test_what_is_no_date_or_could_be_two_is_none(written: object) -> None:
    assert parse_moment(written) is None


@given(st.one_of(st.text(max_size=120), st.integers(), st.text("0123456789 JanFebMarUTC:,.+-/TZ", max_size=40)))
def test_anything_is_a_date_or_none(written: object) -> None:
    found = parse_moment(written)
    assert found is None or found[0].tzinfo is not None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2015/12/15/x", ((2015, 12, 15), "day")),
        ("https://a.example/news/2015/dec/15/x", ((2015, 12, 15), "day")),
        ("https://a.example/2015-12-15-x", ((2015, 12, 15), "day")),
        ("https://a.example/2015/12/x", ((2015, 12, 1), "month")),
        ("https://a.example/2015/13/15/x", None),
        ("https://a.example/x/2015", None),
        ("https://a.example/1234/12/15", None),
        ("https://[", None),
    ],
)
def test_dates_in_addresses(url: str, expected: tuple[tuple[int, int, int], str] | None) -> None:
    found = parse_address_date(url)
    assert (found and ((found[0].year, found[0].month, found[0].day), found[1])) == expected


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["@type", "@id", "@graph", "author", "name", "url", "publisher", "datePublished", "headline"]
                ),
                inner | st.just("NewsArticle"),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_ld_is_understood_or_ignored(value: object) -> None:
    assert read(page(paragraphs(*TEXT), json_ld(value))).paragraphs
