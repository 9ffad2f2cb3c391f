"""Readers' comments below the article, and lines with its publication date."""

from __future__ import annotations

import re
from bisect import bisect_left

from onrecord import Draft

from .fixpoint import TextCleaner
from .paragraphs import is_prose, lines
from .phrases import classify_phrase, first_word, phrase

_AGO = re.compile(
    r"(?:(?:about |over )?(?:0|an?|one|two|few) (?:sec|second|min|minute|hr|hour|day|week|month|yr|year)s? ago"
    r"|0(?:s|m|h|d|w|y|mo)(?: ago)?|just now|yesterday)(?: edited)?"
)
_ACTION_WORDS = frozenset(
    [
        "0",
        "abuse",
        "and",
        "as",
        "comment",
        "delete",
        "dislike",
        "dislikes",
        "down",
        "downvote",
        "edit",
        "edited",
        "flag",
        "hide",
        "inappropriate",
        "like",
        "liked",
        "likes",
        "link",
        "more",
        "permalink",
        "person",
        "people",
        "recommend",
        "recommended",
        "replies",
        "reply",
        "report",
        "respect",
        "share",
        "show",
        "this",
        "thumbs",
        "to",
        "up",
        "upvote",
        "upvotes",
        "view",
    ]
)
_ACTIONS = frozenset(
    ["reply", "replies", "like", "likes", "report", "flag", "upvote", "upvotes", "recommend", "recommended", "respect"]
)
_MOST_ACTION_WORDS = 8
_MOST_LINES_BETWEEN_SIGNS = 8
_MOST_WORDS_IN_NAME = 4
_FEWEST_SIGNS = 2
_LINES_OF_HEAD = 6
_FEWEST_IN_CHRONICLE = 3
"""This many different dates on lines of their own are headings."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_DATE_WORDS = re.compile(
    rf"(?:{_MONTH}|(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?|0|at|on|of|a|p|m|am|pm"
    r"|0(?:st|nd|rd|th|am|pm)|[a-z]{2,4}t|utc|gmt|z|t|ago|hours?|minutes?|mins?|days?|noon|midnight|local|time|today"
    r"|yesterday)"
)
_DATED = re.compile(
    r"(?:first |last |originally |article |story )*(?:published|updated|posted|modified|edited|created|uploaded|issued)"
    r"(?: (?:on|at))?",
    re.IGNORECASE,
)
_NUMERIC_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b")
_TIME = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2} ?[ap]\.?m\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LONGEST_DATE = 70
_LONGEST_SIGN = 45


class ReaderComments(TextCleaner):
    """Cut readers' comments: from "Comments", or a name above a date, to the end.

    Names, dates and buttons such as "Reply" must alternate there, with no text of the article after them.
    """

    name, version, order = "reader_comments", "2", 195

    def clean(self, draft: Draft) -> None:
        here = lines(draft)
        texts = [text for _, text in here]
        signs = [at for at, text in enumerate(texts) if len(text) <= _LONGEST_SIGN and _is_sign(text)]
        end = len(texts)
        # Once the last comments are cut, those before them are at the end.
        while len(signs) >= _FEWEST_SIGNS:
            first = last = len(signs) - 1
            while first and signs[first] - signs[first - 1] <= _MOST_LINES_BETWEEN_SIGNS:
                first -= 1
            begin = _find_beginning(texts, signs[first])
            # The text of the last comment may follow its date.
            behind = texts[signs[last] + 2 : end]
            if last - first + 1 < _FEWEST_SIGNS or begin is None or any(map(is_prose, behind)):
                return
            for stretch, _ in here[begin:end]:
                draft.mark(stretch, "comment", "among the readers' comments at the end")
            end = begin
            del signs[bisect_left(signs, begin) :]


def _is_sign(text: str) -> bool:
    """Whether a line is the time of a comment or the buttons below one."""
    first = first_word(text)
    if first in _ACTION_WORDS:
        words = phrase(text).split()
        if len(words) <= _MOST_ACTION_WORDS and _ACTION_WORDS.issuperset(words) and not _ACTIONS.isdisjoint(words):
            return True
    return bool(re.search(r"\d|ago|now|yesterday", text)) and (
        _AGO.fullmatch(phrase(text)) is not None or is_date(text)
    )


def _find_beginning(texts: list[str], sign: int) -> int | None:
    """Return the line where comments begin if their first sign is at `sign`."""
    for at in range(sign, max(-1, sign - 5), -1):
        if classify_phrase(texts[at]) == "comment":
            return at
    name = sign - 1
    named = name > 0 and len(texts[name].split()) <= _MOST_WORDS_IN_NAME and not is_prose(texts[name])
    is_time = first_word(texts[sign]) not in _ACTIONS
    return name if named and is_time and any(map(is_prose, texts[:name])) else None


class DateLines(TextCleaner):
    """Find lines that say when the article was published or updated.

    A date without a time counts only near the top, and not if it is one of several headings of a chronicle.
    """

    name, version, order = "date_lines", "3", 207

    def clean(self, draft: Draft) -> None:
        dated: dict[int, str] = {}
        alone: dict[int, str] = {}
        for at, (_, line) in enumerate(here := lines(draft)):
            if len(line) > _LONGEST_DATE or line[0].islower() or not _DIGIT.search(line):
                continue
            if line[0] in "FfLlOoAaSsPpUuMmEeCcIi" and (label := _DATED.match(line)):
                rest = line[label.end() :]
                if is_date(rest) or _AGO.fullmatch(phrase(rest)):
                    dated[at] = line
            elif line[0].isalnum() and is_date(line):
                (dated if _TIME.search(line) else alone)[at] = line
        if alone and len(set(alone.values())) < _FEWEST_IN_CHRONICLE:
            # Count only lines that stay, so that cutting one does not move another up.
            head = [at for at in range(len(here)) if at not in dated and at not in alone][:_LINES_OF_HEAD]
            below = head[-1] if len(head) == _LINES_OF_HEAD else len(here)
            dated.update((at, line) for at, line in alone.items() if at < below)
        for at in dated:
            draft.mark(here[at][0], "metadata", "publication or update date")


def is_date(text: str) -> bool:
    """Whether a text is a date, maybe with weekday and time, and nothing else.

    >>> is_date("Fri 3 Mar 2023 10.15 GMT"), is_date("May 3 was a Friday"), is_date("In March 2023")
    (True, False, False)
    """
    if not any(map(str.isdigit, text)):
        return False
    words = phrase(text).replace("-", " ").split()
    return (
        len(words) >= 1
        and (
            _NUMERIC_DATE.search(text) is not None
            or (sum(word[:1] == "0" for word in words) >= 1 and _has_month(words))
        )
        and all(_DATE_WORDS.fullmatch(word) for word in words)
    )


def _has_month(words: list[str]) -> bool:
    return any(re.fullmatch(_MONTH, word) for word in words)
