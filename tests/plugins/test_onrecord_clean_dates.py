"""When an article was published: by its text where nothing else says so, and never invented."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from onrecord import Cleaner, Document, Draft, identify
from onrecord_clean.dates import DoubtfulDates, TextDates

WEB, FILE = "https://example.com/story", "file:///inbox/story.txt"
FETCHED = datetime(2016, 1, 4, 9, 30, tzinfo=UTC)  # a Monday
BODY = "The mayor said the bridge would open in May.\n"


def dated(text: str, cleaner: Cleaner, uri: str = FILE, kinds: dict[str, str] | None = None, **fields: Any) -> Draft:
    """A draft after the cleaner. `kinds` says what lines of the text are."""
    document = Document(
        document_id=identify("document", text), article_id=identify("article", text), uri=uri, ingestor="test",
        fetched_at=FETCHED, media_type="text/plain", content_hash="", content=text.encode(), metadata={},
    )  # fmt: skip
    draft = Draft(document, **fields)
    draft.read(text)
    for stretch in draft.stretches:
        draft.mark(stretch, (kinds or {}).get(draft.words(stretch), "body"), "")  # type: ignore[arg-type]
    cleaner.clean(draft)
    return draft


def published(draft: Draft) -> tuple[str | None, str | None, str | None]:
    moment = draft.published_at.isoformat(timespec="minutes") if draft.published_at else None
    return moment, draft.published_precision, draft.published_method


@pytest.mark.parametrize(
    ("line", "moment", "precision"),
    [
        ("December 15, 2015 5:32 PM EST", "2015-12-15T22:32+00:00", "minute"),
        ("Published: Fri 3 Mar 2023 10.15 GMT", "2023-03-03T10:15+00:00", "minute"),
        ("Posted on 15 Dec 2015", "2015-12-15T00:00+00:00", "day"),
        ("15 December 2015 | 11:15", "2015-12-15T00:00+00:00", "day"),
        ("2015-12-15", "2015-12-15T00:00+00:00", "day"),
    ],
)
def test_a_line_that_states_the_date_is_read_as_far_as_it_goes(line: str, moment: str, precision: str) -> None:
    draft = dated(f"{line}\n\n{BODY}", TextDates(), kinds={line: "metadata"})
    assert published(draft) == (moment, precision, "a line of the text")


@pytest.mark.parametrize("line", ["03/04/2015", "Updated 15 Dec 2015", "3 hours ago", "Dec 15", "10:30 GMT", "2015"])
def test_a_line_that_does_not_say_which_day_it_was_published_says_nothing(line: str) -> None:
    assert published(dated(f"{line}\n\n{BODY}", TextDates(), kinds={line: "metadata"})) == (None, None, None)


def test_a_date_in_the_running_text_is_not_that_of_the_article() -> None:
    assert published(dated("December 15, 2015\n\n" + BODY, TextDates())) == (None, None, None)


def test_what_is_known_stays() -> None:
    known = datetime(2015, 1, 1, tzinfo=UTC)
    draft = dated(BODY, TextDates(), dateline="OSLO, Dec. 15, 2015", published_at=known)
    assert draft.published_at == known


def test_a_dateline_with_a_year_is_a_date() -> None:
    draft = dated(BODY, TextDates(), dateline="OSLO, Dec. 15, 2015 (Reuters)")
    assert published(draft) == ("2015-12-15T00:00+00:00", "day", "dateline")


@pytest.mark.parametrize(("dateline", "day"), [("OSLO, Dec. 15 (AP)", "2015-12-15"), ("OSLO, 3 January", "2016-01-03")])
def test_a_dateline_without_a_year_is_of_the_year_before_it_was_fetched_from_the_web(dateline: str, day: str) -> None:
    draft = dated(BODY, TextDates(), WEB, dateline=dateline)
    assert published(draft) == (f"{day}T00:00+00:00", "day", "dateline, of the year before it was fetched")


@pytest.mark.parametrize(("weekday", "day"), [("Monday", "2016-01-04"), ("Tuesday", "2015-12-29")])
def test_a_weekday_is_the_last_before_it_was_fetched_from_the_web(weekday: str, day: str) -> None:
    draft = dated(f"The mayor said on {weekday} the bridge would open.", TextDates(), WEB)
    assert published(draft) == (f"{day}T00:00+00:00", "day", "weekday in the text, before it was fetched")


def test_two_weekdays_tell_nothing() -> None:
    text = "The mayor said on Monday that the bridge, closed on Tuesday, would open."
    assert published(dated(text, TextDates(), WEB)) == (None, None, None)


@pytest.mark.parametrize("dateline", [None, "OSLO, Dec. 15 (AP)"])
def test_a_file_may_be_of_any_year(dateline: str | None) -> None:
    draft = dated("The mayor said on Tuesday the bridge would open.", TextDates(), FILE, dateline=dateline)
    assert published(draft) == (None, None, None)


# ── Doubts ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("moment", "doubt"),
    [
        (datetime(2016, 1, 4, tzinfo=UTC), None),
        (datetime(2016, 1, 5, 9, tzinfo=UTC), None),
        (datetime(2016, 1, 7, tzinfo=UTC), "in the future when it was fetched, 2016-01-04"),
        (datetime(1970, 1, 1, tzinfo=UTC), "before 1990-01-01, the earliest date believed"),
        (None, None),
    ],
)
def test_a_date_that_cannot_be_right_is_flagged_and_kept(moment: datetime | None, doubt: str | None) -> None:
    draft = dated(BODY, DoubtfulDates(), published_at=moment)
    assert (draft.published_at, draft.published_doubt) == (moment, doubt)


def test_an_outlet_has_published_nothing_before_it_was_founded() -> None:
    cleaner = DoubtfulDates()
    cleaner.config = cleaner.Config(founded={"aljazeera.com": date(1996, 11, 1), "lancet.com": date(1823, 10, 5)})
    moment = datetime(1996, 5, 1, tzinfo=UTC)
    early = dated(BODY, cleaner, published_at=moment, outlet_domain="aljazeera.com")
    assert early.published_doubt == "before 1996-11-01, aljazeera.com was founded"
    assert dated(BODY, cleaner, published_at=moment, outlet_domain="lancet.com").published_doubt is None
