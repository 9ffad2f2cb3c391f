"""When an article was published, where only its text tells; and whether a date can be right at all."""

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
"""Characters of the body in which "on Tuesday" is the day of the news."""
_TOLERANCE = timedelta(days=1)
"""Clocks differ, and so do time zones that are not stated."""


class TextDates(Cleaner):
    """Reads the date of publication off a line that states it, or off the dateline, where nothing else is known.

    A day without its year, or a weekday, is a date only against a day on which the article is known to have been new:
    that of its being fetched, if it was fetched from the web. Of a file that says nothing.
    """

    name, version, order = "text_dates", "1", 720

    def clean(self, draft: Draft) -> None:
        if draft.published_at is not None:
            return
        for moment, precision, method in (_stated(draft), _in_dateline(draft), _of_weekday(draft)):
            if moment:
                draft.published_at, draft.published_precision, draft.published_method = moment, precision, method
                return


_Found = tuple[datetime | None, "Precision | None", str]
_NOTHING: _Found = (None, None, "")


def _stated(draft: Draft) -> _Found:
    """The date of a line that says nothing else."""
    for stretch in draft.stretches:
        line = draft.words(stretch)
        if stretch.kind == "metadata" and len(line) <= _LONGEST_DATE_LINE and not _CHANGED.match(line):
            moment, precision = _parsed(_LABEL.sub("", line))
            if moment:
                return moment, precision, "a line of the text"
    return _NOTHING


def _parsed(text: str) -> tuple[datetime | None, Precision | None]:
    """A date that has day, month and year; a time counts only with its zone, and 3/4/2015 is two dates and so none."""
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


def _in_dateline(draft: Draft) -> _Found:
    found = _DAY.search(draft.dateline or "")
    if not found:
        return _NOTHING
    if found["year"]:
        return *_parsed(found[0]), "dateline"
    new_on = _new_on(draft)
    if new_on is None:
        return _NOTHING
    for year in (new_on.year, new_on.year - 1):
        moment, precision = _parsed(f"{found[0]}, {year}")
        if moment and moment.date() <= new_on + _TOLERANCE:
            return moment, precision, "dateline, of the year before it was fetched"
    return _NOTHING


def _of_weekday(draft: Draft) -> _Found:
    """The last day of that name before an article was fetched that begins with what happened "on Tuesday"."""
    new_on = _new_on(draft)
    lead = " ".join(draft.words(stretch) for stretch in list(draft.body())[:3])[:_LEAD]
    found = {match.lower() for match in _ON_WEEKDAY.findall(lead)}
    if new_on is None or len(found) != 1:
        return _NOTHING
    ago = (new_on.weekday() - _WEEKDAYS.index(found.pop())) % 7
    day = new_on - timedelta(days=ago)
    return datetime(day.year, day.month, day.day, tzinfo=UTC), "day", "weekday in the text, before it was fetched"


def _new_on(draft: Draft) -> date | None:
    """The day on which the article was fetched, if that says when it was new."""
    on_the_web = draft.document.uri.startswith(("http://", "https://"))
    return draft.document.fetched_at.astimezone(UTC).date() if on_the_web else None


class DoubtfulDates(Cleaner):
    """Flags dates of publication that cannot be right; they stay as they are."""

    name, version, order = "doubtful_dates", "1", 730

    class Config(Config):
        """Settings of the cleaner doubtful_dates."""

        earliest: date = date(1990, 1, 1)
        """No article is thought to be older, since hardly any was published on the web before."""
        founded: dict[str, date] = {}
        """By outlet's domain the day of its first issue, e.g. {"aljazeera.com" = 1996-11-01}; these go before
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
