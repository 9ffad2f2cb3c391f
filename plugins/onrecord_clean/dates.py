"""Publication dates that only the text states, and dates that cannot be right."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from onrecord import Cleaner, Config, Draft

if TYPE_CHECKING:
    from .metadata import Precision

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_DAY = re.compile(rf"\b(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?P<year>,? \d{{4}})?\b", re.IGNORECASE)
_CHANGED = re.compile(r"(?:last )?(?:updated|modified|edited)\b", re.IGNORECASE)
_LABEL = re.compile(r"^[A-Za-z ]*?(?:published|posted|created|issued|uploaded)(?: on| at)?\s*:?\s*", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"^\D*(?:0?\d|1[0-2])[./-](?:0?\d|1[0-2])[./-]\d{2,4}\b")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ON_WEEKDAY = re.compile(rf"\bon ({'|'.join(_WEEKDAYS)})\b(?! (?:night|nights|week))", re.IGNORECASE)
_LONGEST_DATE_LINE = 100
_LEAD = 400
"""Characters at the start of the body in which "on Tuesday" is the day of the news."""
_TOLERANCE = timedelta(days=1)
"""Allows for inaccurate clocks and unstated time zones."""


class TextDates(Cleaner):
    """Read the publication date from a date line or dateline if it is not known yet.

    A day without a year, or a weekday, is resolved against the day of the fetch, for documents from the web only: the
    date of a file says nothing about when its article was new.
    """

    name, version, order = "text_dates", "1", 720

    def clean(self, draft: Draft) -> None:
        if draft.published_at is not None:
            return
        for moment, precision, method in (_find_stated(draft), _find_in_dateline(draft), _find_weekday(draft)):
            if moment:
                draft.published_at, draft.published_precision, draft.published_method = moment, precision, method
                return


_Found = tuple[datetime | None, "Precision | None", str]
_NOTHING: _Found = (None, None, "")


def _find_stated(draft: Draft) -> _Found:
    """Return the date of a line that consists of nothing else."""
    for stretch in draft.stretches:
        line = draft.words(stretch)
        if stretch.kind == "metadata" and len(line) <= _LONGEST_DATE_LINE and not _CHANGED.match(line):
            moment, precision = _parse(_LABEL.sub("", line))
            if moment:
                return moment, precision, "a line of the text"
    return _NOTHING


def _parse(text: str) -> tuple[datetime | None, Precision | None]:
    """Parse a date with day, month and year.

    A time counts only with its zone. Ambiguous dates such as 3/4/2015 give None.
    """
    if not re.search(r"\d", text) or _AMBIGUOUS.match(text):
        return None, None
    import dateparser

    settings: Any = {
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "PARSERS": ["absolute-time"],
    }
    moment = dateparser.parse(text, languages=["en"], settings=settings)
    if moment is None:
        return None, None
    if moment.tzinfo is None:
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC), "day"
    return moment.astimezone(UTC), "minute"


def _find_in_dateline(draft: Draft) -> _Found:
    found = _DAY.search(draft.dateline or "")
    if not found:
        return _NOTHING
    if found["year"]:
        return *_parse(found[0]), "dateline"
    news_day = _news_day(draft)
    if news_day is None:
        return _NOTHING
    for year in (news_day.year, news_day.year - 1):
        moment, precision = _parse(f"{found[0]}, {year}")
        if moment and moment.date() <= news_day + _TOLERANCE:
            return moment, precision, "dateline, of the year before it was fetched"
    return _NOTHING


def _find_weekday(draft: Draft) -> _Found:
    """Return the last Tuesday before the fetch if the text begins with "on Tuesday"."""
    news_day = _news_day(draft)
    lead = " ".join(draft.words(stretch) for stretch in list(draft.body())[:3])[:_LEAD]
    found = {match.lower() for match in _ON_WEEKDAY.findall(lead)}
    if news_day is None or len(found) != 1:
        return _NOTHING
    ago = (news_day.weekday() - _WEEKDAYS.index(found.pop())) % 7
    day = news_day - timedelta(days=ago)
    return datetime(day.year, day.month, day.day, tzinfo=UTC), "day", "weekday in the text, before it was fetched"


def _news_day(draft: Draft) -> date | None:
    """Return the day of the fetch; None for files, which may be old."""
    on_the_web = draft.document.uri.startswith(("http://", "https://"))
    return draft.document.fetched_at.astimezone(UTC).date() if on_the_web else None


class DoubtfulDates(Cleaner):
    """Flag publication dates that cannot be right, without changing them."""

    name, version, order = "doubtful_dates", "1", 730

    class Config(Config):
        """Settings of the cleaner doubtful_dates."""

        earliest: date = date(1990, 1, 1)
        """Earliest date that is believed: hardly any article was published on the web before."""
        founded: dict[str, date] = {}
        """First issue of an outlet, by its domain, e.g. {"aljazeera.com" = 1996-11-01}. Takes precedence over
        `earliest`."""

    config: Config = Config()

    def clean(self, draft: Draft) -> None:
        moment = draft.published_at
        if moment is None:
            return
        outlet = draft.outlet_domain or ""
        first = self.config.founded.get(outlet, self.config.earliest)
        if moment > draft.document.fetched_at + _TOLERANCE:
            draft.published_doubt = f"in the future when it was fetched, {draft.document.fetched_at:%Y-%m-%d}"
        elif moment.date() < first:
            known = f"{outlet} was founded" if outlet in self.config.founded else "the earliest date believed"
            draft.published_doubt = f"before {first}, {known}"
