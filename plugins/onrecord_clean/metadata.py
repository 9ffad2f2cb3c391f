"""Article fields from the metadata of the source."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from onrecord import Cleaner, Draft

Precision = Literal["second", "minute", "day", "month", "year"]


class DocumentMetadata(Cleaner):
    """Copy the source's metadata into the article's fields.

    These are headline, byline, outlet, address, section, credit, dates and language.
    """

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
    """Return a string, or strings or {"name": …} objects joined with commas.

    None for anything else.
    """
    match value:
        case str():
            return " ".join(value.split()) or None
        case {"name": name}:
            return as_text(name)
        case list():
            return ", ".join(text for part in value if (text := as_text(part))) or None
    return None


def as_language(value: Any) -> str | None:
    """Return the ISO 639-1 code of a language tag such as en, EN or en-GB, or None."""
    found = re.fullmatch(r"([A-Za-z]{2})(?:[-_].*)?", value.strip()) if isinstance(value, str) else None
    return found[1].lower() if found else None


def as_domain(value: Any) -> str | None:
    """Return the domain of a web address without www., or None."""
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value.strip())
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def as_date(value: Any) -> tuple[datetime, Precision] | None:
    """Parse an ISO 8601 date or time; returns it with its precision, or None.

    A time without a zone is taken as UTC, as is the start of a day, month or year.
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
