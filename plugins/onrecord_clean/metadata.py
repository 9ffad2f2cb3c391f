"""What the source said of the document, as fields of the article."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from onrecord import Cleaner, Draft

Precision = Literal["second", "minute", "day", "month", "year"]


class DocumentMetadata(Cleaner):
    """Takes over from the document's metadata: headline, byline, outlet, address, section, credit, dates, language."""

    name, version, order = "document_metadata", "2", 50

    def clean(self, draft: Draft) -> None:
        given = draft.metadata
        draft.headline = draft.headline or as_text(given.get("headline"))
        draft.byline = draft.byline or as_text(given.get("byline"))
        draft.credit = draft.credit or as_text(given.get("credit"))
        draft.language = draft.language or as_language(given.get("language"))
        outlet = as_text(given.get("outlet"))
        addresses = (given.get("url"), given.get("link"), outlet, draft.document.uri)
        draft.outlet = draft.outlet or (outlet if outlet and not as_domain(outlet) else None)
        draft.outlet_domain = (
            draft.outlet_domain
            or as_text(given.get("outlet_domain"))
            or next((domain for address in addresses if (domain := as_domain(address))), None)
        )
        draft.section = draft.section or as_text(given.get("section"))
        links = (given.get("url"), given.get("link"), draft.document.uri)
        draft.url = draft.url or next((link for link in links if as_domain(link)), None)
        if draft.modified_at is None and (modified := as_date(given.get("modified"))):
            draft.modified_at, _ = modified
        if draft.published_at is None and (published := as_date(given.get("published"))):
            draft.published_at, draft.published_precision = published
            draft.published_method = "metadata"


def as_text(value: Any) -> str | None:
    """A string, or a list of strings or of {"name": …} joined with commas; None for anything else."""
    match value:
        case str():
            return " ".join(value.split()) or None
        case {"name": name}:
            return as_text(name)
        case list():
            return ", ".join(text for part in value if (text := as_text(part))) or None
    return None


def as_language(value: Any) -> str | None:
    """The ISO 639-1 code in a language tag such as en, EN or en-GB; None where there is none."""
    found = re.fullmatch(r"([A-Za-z]{2})(?:[-_].*)?", value.strip()) if isinstance(value, str) else None
    return found[1].lower() if found else None


def as_domain(value: Any) -> str | None:
    """The domain in a web address, without www.; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value.strip())
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def as_date(value: Any) -> tuple[datetime, Precision] | None:
    """An ISO 8601 date or time and how much of it is given; None for anything else.

    A time without a zone is taken as UTC, and so is the beginning of a day, month or year.
    """
    text = str(value).strip() if isinstance(value, str | int) else ""
    try:
        if re.fullmatch(r"\d{4}", text):
            return datetime(int(text), 1, 1, tzinfo=UTC), "year"
        if re.fullmatch(r"\d{4}-\d{2}", text):
            return datetime.fromisoformat(f"{text}-01").replace(tzinfo=UTC), "month"
        if re.fullmatch(r"[\d-]{8,10}", text):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC), "day"
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment, "second" if re.search(r"[T ]\d{2}:?\d{2}:?\d{2}", text) else "minute"
