"""Metadata of a page: JSON-LD, `<meta>`, microdata, `<time>` and the address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import html

from .metadata import Precision, as_date, as_domain, as_language, as_text
from .paragraphs import NEWS_AGENCIES

_ARTICLE_TYPE = re.compile(r"(?:.*[/:])?(?:\w*Article|BlogPosting|LiveBlogPosting|Report|NewsReport|Review)$")
_MOST_NODES = 5_000
_LONGEST_JSON = 5_000_000
_LONGEST_FIELD = 1_000

_META: Mapping[str, tuple[str, ...]] = {
    "headline": (
        "og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "headline",
    ),
    "byline": ("author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl", "article:author"),
    "outlet": ("og:site_name", "application-name", "dc.publisher", "publisher"),
    "section": ("article:section", "parsely-section", "og:section", "section", "article.section"),
    "url": ("og:url", "twitter:url", "parsely-link"),
    "language": ("og:locale", "content-language", "dc.language", "language"),
    "published": (
        "article:published_time", "og:published_time", "og:article:published_time", "article:published",
        "parsely-pub-date", "sailthru.date", "datepublished", "dc.date.issued", "dcterms.issued", "dc.date",
        "dcterms.created", "pubdate", "publishdate", "publish-date", "publication_date", "article.published", "date",
    ),
    "modified": (
        "article:modified_time", "og:modified_time", "og:updated_time", "article:modified", "datemodified",
        "dcterms.modified", "lastmod", "last-modified", "article.updated",
    ),
}  # fmt: skip
"""Names of `<meta>` elements for each field, best first."""

_MODIFIED_NAME = re.compile(r"modif|updat", re.IGNORECASE)
_ADDRESS_DATE = re.compile(
    r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>\d{1,2}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:[/-](?P<day>\d{1,2}))?(?=[/_-]|$)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -18_000, "EDT": -14_400, "CST": -21_600, "CDT": -18_000,
          "MST": -25_200, "MDT": -21_600, "PST": -28_800, "PDT": -25_200, "CET": 3_600, "CEST": 7_200}  # fmt: skip
_AGENCY = re.compile(rf"(?:{NEWS_AGENCIES})", re.IGNORECASE)
_AGENCY_STAFF = re.compile(
    rf"((?:{NEWS_AGENCIES}))(?:\s.{{0,40}}\b(?:writers?|reporters?|correspondents?))?", re.IGNORECASE
)
_EARLIEST = 1600
"""Earlier years are placeholders for unknown dates."""


class Moment(NamedTuple):
    """A point in time, its precision, and the method that found it."""

    at: datetime
    precision: Precision
    method: str


@dataclass
class PageData:
    """Metadata of a page's article; None where the page says nothing."""

    headlines: tuple[str, ...] = ()
    """All headlines that the page gives, best first."""
    byline: str | None = None
    outlet: str | None = None
    section: str | None = None
    url: str | None = None
    language: str | None = None
    credit: str | None = None
    published: Moment | None = None
    modified: Moment | None = None
    is_article: bool = False
    """Whether the page declares itself an article. Most articles do, and lists of articles never do."""

    @property
    def headline(self) -> str | None:
        """The best headline."""
        return self.headlines[0] if self.headlines else None


def read_page_data(root: html.HtmlElement, address: str | None) -> PageData:
    """Read the metadata of a page's article.

    `address` is where the page was found, if known.
    """
    meta = _read_meta(root)
    url = _find_canonical(root, meta, address)
    article = _find_article(root, url)
    marked = _read_microdata(root)

    def texts(field: str, *described: object) -> Iterator[str]:
        stated = (value for name in _META.get(field, ()) for value in meta.get(name, ()))
        for value in (*described, *stated, *marked.get(field, ())):
            # JSON-LD often contains HTML character references.
            if (text := as_text(value)) and len(text) <= _LONGEST_FIELD:
                yield unescape(text)

    outlets = list(texts("outlet", article.get("publisher")))
    # An agency's story may name the agency as publisher although the page names the outlet.
    outlet = next((text for text in outlets if not _AGENCY.fullmatch(text)), next(iter(outlets), None))
    title = as_text(root.findtext(".//title"))
    headlines = [*texts("headline", article.get("headline"), article.get("name"))]
    if title:
        headlines += [_strip_outlet(title, outlet)]
    # An address in place of a name is an author's page.
    bylines = (_clean_names(text) for text in texts("byline", article.get("author"), article.get("creator")))
    authors = _clean_names(
        as_text([link.text_content() for link in islice(root.iterfind(".//a[@rel='author']"), 5)]) or ""
    )
    agencies = texts("credit", *(article.get(key) for key in ("sourceOrganization", "creditText", "provider")))
    byline = next(filter(None, bylines), authors)
    wire = (found[1] for part in (byline or "").split(", ") if (found := _AGENCY_STAFF.fullmatch(part)))
    credited = (text for text in (*agencies, *outlets, *wire) if _AGENCY.fullmatch(text) and text != outlet)
    return PageData(
        headlines=tuple(dict.fromkeys(_strip_outlet(text, outlet) for text in headlines)),
        byline=byline,
        outlet=outlet,
        section=next(texts("section", _first(article.get("articleSection"))), None),
        url=url,
        language=next(filter(None, map(as_language, _find_languages(root, article, meta))), None),
        credit=next(credited, None),
        published=_find_published(root, article, meta, marked, url or address),
        modified=_make_moment(article.get("dateModified"), "json-ld")
        or _first_moment((value for name in _META["modified"] for value in meta.get(name, ())), "meta")
        or _first_moment(marked.get("modified", ()), "microdata")
        or _read_time_element(root, modified=True),
        is_article=bool(article or marked or "article:published_time" in meta)
        or any(kind.lower().endswith("article") for kind in meta.get("og:type", ())),
    )


def parse_moment(value: Any) -> tuple[datetime, Precision] | None:
    """Parse a date or time: ISO 8601, RFC 2822, Unix seconds, or with a month name.

    Numeric dates other than ISO 8601 give None, since 4/5 is ambiguous.
    """
    text = " ".join(str(value).split()) if isinstance(value, str | int) else ""
    if not text or len(text) > 100:
        return None
    if re.fullmatch(r"1\d{9}(?:\d{3})?", text):
        return datetime.fromtimestamp(int(text[:10]), UTC), "second"
    if re.fullmatch(r"(?:19|20)\d{6}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    found = as_date(re.sub(r"(?<=\d) (?=[+-]\d\d:?\d\d$)", "", text))
    if found is None:
        found = _parse_month_name(text)
    if found and found[0].year < _EARLIEST:
        return None
    if found and re.search(r"00:00:00(?:\.0+)?$", text) and found[1] == "second":
        # Midnight without a zone is what systems write that know only the day.
        return found[0], "day"
    return found


def _parse_month_name(text: str) -> tuple[datetime, Precision] | None:
    if not re.search(r"[A-Za-z]{3}", text) or not re.search(r"\b(?:19|20)\d\d\b", text):
        return None
    try:
        if re.match(r"[A-Z][a-z]{2}, \d", text):
            moment = parsedate_to_datetime(text)
            return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)), "second"
        from dateutil import parser

        unknown = []

        def offset(name: str | None, seconds: int | None) -> int:
            if seconds is None and name not in _ZONES:
                unknown.append(name)
            return _ZONES.get(name or "", 0) if seconds is None else seconds

        # Missing parts are filled from a default, so a date that differs between two defaults is incomplete.
        defaults = datetime(2000, 1, 1), datetime(2001, 2, 2)
        first, second = (parser.parse(text, default=default, tzinfos=offset) for default in defaults)
    except (ValueError, OverflowError, TypeError, IndexError, AttributeError):
        return None
    if first != second:
        return None
    if unknown:
        # IST is the time of India, Ireland or Israel, so only the day is reliable.
        return datetime(first.year, first.month, first.day, tzinfo=UTC), "day"
    moment = first.astimezone(UTC) if first.tzinfo else first.replace(tzinfo=UTC)
    if not re.search(r"\d:\d\d|\d ?[ap]\.?m\b", text, re.IGNORECASE):
        return moment, "day"
    return moment, "second" if re.search(r":\d\d:\d\d", text) else "minute"


def parse_address_date(url: str) -> tuple[datetime, Precision] | None:
    """Read the date in an address such as https://…/2015/12/15/…

    Precise to the day or the month.
    """
    try:
        found = _ADDRESS_DATE.search(urlsplit(url).path)
    except ValueError:
        return None
    if not found:
        return None
    month = found["month"].lower()
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
    try:
        day = date(int(found["year"]), number, int(found["day"] or 1))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC), "day" if found["day"] else "month"


# ── Where a page states its metadata ─────────────────────────────────────────────────────────────


def _read_meta(root: html.HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in islice(root.iter("meta"), _MOST_NODES):
        content = (element.get("content") or "").strip()
        for key in ("property", "name", "itemprop", "http-equiv"):
            if content and (name := element.get(key)):
                found.setdefault(name.strip().lower(), []).append(content)
    return found


def _read_microdata(root: html.HtmlElement) -> dict[str, list[str]]:
    """Return the microdata properties of the page's article.

    Those of items inside it, such as a video or a comment, are left out.
    """
    fields = {
        "headline": "headline", "author": "byline", "datePublished": "published", "dateModified": "modified",
        "articleSection": "section", "publisher": "outlet",
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for scope in islice(root.iterfind(".//*[@itemscope][@itemtype]"), 20):
        if not _ARTICLE_TYPE.match(scope.get("itemtype", "").strip()):
            continue
        for element in islice(scope.iterfind(".//*[@itemprop]"), _MOST_NODES):
            owner = next((parent for parent in element.iterancestors() if parent.get("itemscope") is not None), scope)
            for name in element.get("itemprop", "").split():
                if owner is scope and name in fields:
                    found.setdefault(fields[name], []).append(_property(element))
        break
    return found


def _property(element: html.HtmlElement) -> str:
    name = element.find(".//*[@itemprop='name']") if element.get("itemscope") is not None else None
    if name is not None:
        element = name
    return element.get("content") or element.get("datetime") or " ".join("".join(element.itertext()).split())


def _find_article(root: html.HtmlElement, url: str | None) -> Mapping[str, Any]:
    """Return the article in the page's JSON-LD.

    Of several, the one with the page's address, or else the first.
    """
    nodes = list(islice(_nodes(_read_json_ld(root)), _MOST_NODES))
    named = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [node for node in nodes if any(_ARTICLE_TYPE.match(kind) for kind in _types(node))]
    same = (node for node in articles if url and url in map(_identity, (node.get("url"), node.get("mainEntityOfPage"))))
    best = next(same, articles[0] if articles else {})
    return {key: _resolve(value, named) for key, value in best.items()}


def _read_json_ld(root: html.HtmlElement) -> Iterator[Any]:
    for script in islice(root.iter("script"), 500):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text or len(script.text) > _LONGEST_JSON:
            continue
        # Some systems wrap JSON-LD for XHTML, or put line ends inside strings.
        text = re.sub(r"^\s*(?:<!--|(?://)?\s*<!\[CDATA\[)|(?:-->|(?://)?\s*\]\]>)\s*$", "", script.text.strip())
        try:
            yield json.loads(text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue


def _nodes(values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield all objects in JSON-LD, outer ones first."""
    rest = list(values)
    while rest:
        value = rest.pop(0)
        if isinstance(value, dict):
            yield value
            rest += [inner for inner in value.values() if isinstance(inner, dict | list)]
        elif isinstance(value, list):
            rest[:0] = [inner for inner in value[:_MOST_NODES] if isinstance(inner, dict | list)]


def _types(node: Mapping[str, Any]) -> list[str]:
    kinds = node.get("@type")
    return [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]


def _identity(value: Any) -> Any:
    return value.get("@id") or value.get("url") if isinstance(value, dict) else value


def _resolve(value: Any, named: Mapping[str, Any]) -> Any:
    """Replace a reference by the object that it refers to."""
    if isinstance(value, list):
        return [_resolve(part, named) for part in value[:50]]
    if isinstance(value, dict) and "name" not in value and isinstance(value.get("@id"), str):
        return named.get(value["@id"], value)
    return value


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _find_canonical(root: html.HtmlElement, meta: Mapping[str, list[str]], address: str | None) -> str | None:
    links = (
        link.get("href", "")
        for link in islice(root.iter("link"), _MOST_NODES)
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    for link in (*links, *(value for name in _META["url"] for value in meta.get(name, ()))):
        try:
            url = str(urljoin(address, link.strip())) if address else link.strip()
            # Careless templates give the front page as the address of every page.
            if as_domain(url) and urlsplit(url).path.strip("/"):
                return url
        except ValueError:
            continue
    return address if as_domain(address) else None


def _find_languages(root: html.HtmlElement, article: Mapping[str, Any], meta: Mapping[str, list[str]]) -> Iterator[Any]:
    yield root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang")
    yield article.get("inLanguage")
    yield from (value for name in _META["language"] for value in meta.get(name, ()))


def _find_published(
    root: html.HtmlElement,
    article: Mapping[str, Any],
    meta: Mapping[str, list[str]],
    marked: Mapping[str, list[str]],
    url: str | None,
) -> Moment | None:
    stated = (value for name in _META["published"] for value in meta.get(name, ()))
    found = (
        _make_moment(article.get("datePublished"), "json-ld")
        or _first_moment(stated, "meta")
        or _first_moment(marked.get("published", ()), "microdata")
        or _read_time_element(root, modified=False)
    )
    if found is None and url and (day := parse_address_date(url)):
        return Moment(*day, "url")
    return found


def _read_time_element(root: html.HtmlElement, *, modified: bool) -> Moment | None:
    """Return the first `<time>` outside lists of other stories.

    One whose name says that it is for changes is not used for publication.
    """
    for element in islice(root.iter("time"), 50):
        around = [element, *islice(element.iterancestors(), 3)]
        names = " ".join(f"{e.get('class') or ''} {e.get('itemprop') or ''} {e.get('id') or ''}" for e in around)
        if bool(_MODIFIED_NAME.search(names)) != modified or any(
            e.tag in ("li", "aside", "nav", "footer") for e in around
        ):
            continue
        if re.search(r"comment|related|teaser|card|recommend|trending|popular", names, re.IGNORECASE):
            continue
        for value in (element.get("datetime"), "".join(element.itertext())[:200]):
            if found := _make_moment(value, "time element"):
                return found
    return None


def _make_moment(value: Any, method: str) -> Moment | None:
    found = parse_moment(_first(value))
    return Moment(*found, method) if found else None


def _first_moment(values: Iterable[str], method: str) -> Moment | None:
    return next((moment for value in values if (moment := _make_moment(value, method))), None)


def _strip_outlet(title: str, outlet: str | None) -> str:
    """Strip the outlet from a title such as "Ferries sail again - The Daily"."""
    if not outlet:
        return title
    found = re.fullmatch(r"(.+\S)\s+[|–—·:-]+\s+(\S.*)", title, re.DOTALL)
    if found is None:
        return title
    same = re.sub(r"\W", "", found[2]).casefold() == re.sub(r"\W", "", outlet).casefold()
    return str(found[1]) if same else title


def _clean_names(byline: str) -> str | None:
    """Strip "By" and addresses from a byline."""
    names = [name.strip() for name in re.split(r",(?! Jr)", re.sub(r"(?i)^by[\s:]+", "", byline))]
    return ", ".join(dict.fromkeys(name for name in names if name and "://" not in name)) or None
