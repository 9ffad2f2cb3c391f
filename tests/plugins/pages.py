"""Pages of HTML, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onrecord import Article, Segment
from onrecord.testing import clean_text
from onrecord_clean.markup import HtmlText
from onrecord_clean.metadata import DocumentMetadata

ONE = "The ferry to the islands sails again from Saturday, the mayor of Northport said on Friday."

TWO = "Three days earlier a storm had closed the harbour to all ships, and shops ran out of bread."

THREE = "“Nobody went hungry,” said Ann Lee, who runs the bakery on the largest of the islands."

FOUR = "The company that owns the ferry expects that it will take a week until all goods are there."

TEXT = (ONE, TWO, THREE, FOUR)

HEADLINE = "Harbour reopens after storm"


@dataclass
class Read:
    article: Article
    segments: list[Segment]

    @property
    def paragraphs(self) -> list[str]:
        return self.article.body.split("\n\n")

    def words(self, segment: Segment) -> str:
        return segment.text or self.article.body[segment.body_start : segment.body_end]

    def of(self, text: str) -> Segment:
        """The segment whose words begin like this."""
        return next(segment for segment in self.segments if self.words(segment).startswith(text))


def read(page: str | bytes, **metadata: Any) -> Read:
    return Read(*clean_text(page, DocumentMetadata(), HtmlText(), media_type="text/html", metadata=metadata))


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>\n" for text in texts)


def page(inside: str, head: str = "", around: str = "<article>{}</article>") -> str:
    main = around.format(f"<h1>{HEADLINE}</h1>{inside}")
    return f"<!doctype html><html><head>{head}</head><body><nav><a href='/'>Home</a></nav>{main}</body></html>"


# ── What the page says of itself ─────────────────────────────────────────────────────────────────


def json_ld(*values: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)


DESCRIBED: Mapping[str, Any] = {
    "@type": "NewsArticle",
    "headline": HEADLINE,
    "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
    "publisher": {"@type": "NewsMediaOrganization", "name": "The Daily"},
    "datePublished": "2024-03-01T10:15:00+02:00",
    "dateModified": "2024-03-02T11:00:00Z",
    "articleSection": ["Islands", "News"],
    "inLanguage": "en-GB",
    "mainEntityOfPage": {"@id": "https://daily.example/islands/harbour"},
}
