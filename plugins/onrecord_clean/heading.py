"""Headline, dateline, byline and credit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from onrecord import Draft

from .fixpoint import TextCleaner
from .paragraphs import NEWS_AGENCIES, Paragraph, ends_sentence, is_title_like, lines, paragraphs, words

_NAME = r"[^\W\d_][\w.'’-]*(?: (?:[^\W\d_a-z][\w.'’-]*|al|bin|da|de|del|der|di|du|la|le|van|von)){1,4}"
_NAMES = rf"{_NAME}(?:(?:,| and| AND|,? &| with) {_NAME})*"
_PLACE = r"[^\W\d_a-z][\w.’' ]{1,40}"
_BYLINE = re.compile(
    rf"(?:(?:(?:Written|Story|Words|Text|Report|Reporting|Analysis|Compiled) )?by|By|BY):? (?P<names>{_NAMES}"
    rf"(?:\s*[,|/–—-]\s*(?:{NEWS_AGENCIES}|{_PLACE})| (?:in|for) {_PLACE})?)"
)
_SIGNED = re.compile(
    rf"(?P<names>{_NAMES}\s*[,|/–—-]\s*(?:{NEWS_AGENCIES}"
    r"|(?:[\w’'-]+ ){0,4}(?:[Cc]orrespondent|[Ee]ditor|[Rr]eporter|(?:Staff|staff) [Ww]riter|[Bb]ureau)))"
)
"""A byline without "by": names with employer or job title."""
_CREDITED = r"(?:[^\W_a-z][^\s:]*|and|&|/|with|of|the)"
_CREDIT = re.compile(rf"(?:Sources?|Credits?)\s*:\s*(?P<names>{_CREDITED}(?: {_CREDITED}){{0,9}})")
_AGENCIES_ONLY = re.compile(
    rf"[-–—(\[\s]*(?P<names>(?:{NEWS_AGENCIES})(?:(?:\s*[,/&+]\s*| and )(?:{NEWS_AGENCIES}))*)[)\]\s]*\.?"
)
_SIGN_OFF = re.compile(
    r"[-–—(\[\s]*(?P<names>(?:additional )?(?:reporting|writing|editing|compiled|translation) (?:by|from) .*?)[)\]\s]*",
    re.IGNORECASE | re.DOTALL,
)

_SIGN_OFF_BEGINS = re.compile(
    r"[-–—(\[\s]*(?:additional |reporting|writing|editing|compiled|translation)\b", re.IGNORECASE
)
_SIGN_OFF_STARTS = tuple("-–—([AaRrWwEeCcTt")

_CAPITALS = r"[^\W\d_a-z][^\Wa-z_]*[.'’]?(?:[ .'’-][^\Wa-z_]+\.?)*"
_CAPITALISED = r"[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*){0,3}"
_DATE = r"(?:, )?[A-Z][a-z]{2,8}\.? \d{1,2}"
_DATELINE = re.compile(
    rf"(?P<place>{_CAPITALS}(?:, {_CAPITALISED}){{0,2}}(?:{_DATE})?(?: \((?:{NEWS_AGENCIES})\))?"
    rf"|{_CAPITALISED}(?:, {_CAPITALISED}){{0,2}}(?:{_DATE})? \((?:{NEWS_AGENCIES})\)"
    rf"|\((?:{NEWS_AGENCIES})\))"
    r"(?:\s?[—–]|\s--?)(?:\s+|(?<=[—–])|$)"
)
_DASH = re.compile(r"[—–-]")
_LONGEST_LINE = 200
_LONGEST_SIGN_OFF = 600
_MOST_WORDS_IN_DATELINE = 7
_LONGEST_DATELINE = 60
_FEWEST_WORDS_AFTER_DATELINE = 5
_MOST_WORDS_IN_HEADLINE = 25
_MOST_PARTS_OF_HEADLINE = 20
_FIRST_PARAGRAPHS = 2
"""Number of paragraphs that may begin with the dateline, since a summary can come first."""


class Credits(TextCleaner):
    """Find lines that name the agency a story is from."""

    name, version, order = "credits", "1", 205

    def clean(self, draft: Draft) -> None:
        for stretch, line in lines(draft):
            if len(line) > _LONGEST_LINE or line[0].islower():
                continue
            if found := _CREDIT.fullmatch(line) or _AGENCIES_ONLY.fullmatch(line):
                draft.mark(stretch, "credit", "names where the story comes from")
                draft.credit = draft.credit or found["names"]


class Bylines(TextCleaner):
    """Find lines that name the authors."""

    name, version, order = "bylines", "2", 206

    def clean(self, draft: Draft) -> None:
        for stretch, line in lines(draft):
            if len(line) <= _LONGEST_LINE and (found := _BYLINE.fullmatch(line) or _SIGNED.fullmatch(line)):
                draft.mark(stretch, "byline", "names the authors")
                draft.byline = draft.byline or found["names"]


class SignOffs(TextCleaner):
    """Find paragraphs such as "(Reporting by …; editing by …)"."""

    name, version, order = "sign_offs", "1", 310

    def clean(self, draft: Draft) -> None:
        if not any(_SIGN_OFF_BEGINS.match(text) for _, text in lines(draft) if text.startswith(_SIGN_OFF_STARTS)):
            return
        for part in paragraphs(draft):
            if (
                len(part.text) <= _LONGEST_SIGN_OFF
                and part.text.startswith(_SIGN_OFF_STARTS)
                and (found := _SIGN_OFF.fullmatch(part.text))
            ):
                for stretch in part.stretches:
                    draft.mark(stretch, "byline", "names who reported or edited the story")
                draft.byline = draft.byline or found["names"]


class Headline(TextCleaner):
    """Take the headline out of the body: the known one, or a first line like one."""

    name, version, order = "headline", "2", 320

    def clean(self, draft: Draft) -> None:
        parts = paragraphs(draft, _MOST_PARTS_OF_HEADLINE)
        if draft.headline is None and len(parts) > 1 and is_headline(parts[0].text):
            draft.headline = parts[0].text
        if draft.headline is None:
            return
        headline = words(draft.headline)
        at, most = 0, _MOST_PARTS_OF_HEADLINE
        while count := _count_leading_copies(parts, at, headline):
            for part in parts[at : at + count]:
                for stretch in part.stretches:
                    draft.mark(stretch, "headline", "the headline, above the text")
            at += count
            if at == len(parts) - 1:
                # Double the number each time, since paragraphs already cut are passed over again.
                most *= 2
                at, parts = 0, paragraphs(draft, most)


def is_headline(text: str) -> bool:
    """Whether a first paragraph looks like a headline and not like running text."""
    return (
        len(text.split()) >= 3
        and len(text) <= 200
        and is_title_like(text, _MOST_WORDS_IN_HEADLINE)
        and _DATELINE.match(text) is None
    )


def _count_leading_copies(parts: Sequence[Paragraph], begin: int, headline: list[str]) -> int:
    """Count the paragraphs from `begin` that together repeat the headline.

    Ignores letter case and punctuation. Never counts the last of `parts`, so that some text remains.
    """
    rest = headline
    for at in range(begin, len(parts) - 1):
        here = words(parts[at].text)
        if not here or rest[: len(here)] != here:
            return 0
        rest = rest[len(here) :]
        if not rest:
            return at + 1 - begin
    return 0


class Dateline(TextCleaner):
    """Split off the place and agency at the beginning of the text.

    Repeated for each copy of a text that was pasted twice. A document whose paragraphs begin with different datelines
    is a digest and gets none.
    """

    name, version, order = "dateline", "3", 330

    def clean(self, draft: Draft) -> None:
        if not any(_DASH.search(text, 0, _LONGEST_DATELINE) for _, text in lines(draft) if not text[0].islower()):
            return
        parts = paragraphs(draft)
        ends = {at: end for at, part in enumerate(parts) if (end := find_dateline_end(part.text))}
        if len({parts[at].text[:end] for at, end in ends.items()}) != 1:
            return
        before = {part.text for part in parts[: min(ends)] if ends_sentence(part.text)}
        if len(before) >= _FIRST_PARAGRAPHS or not all(_has_text(parts, at, end) for at, end in ends.items()):
            return
        seen: set[str] = set()
        for at, end in ends.items():
            first, *others = parts[at].stretches
            if (text := parts[at].text) in seen:
                # Without its dateline this paragraph would look like a caption, since captions are printed twice too.
                for stretch in parts[at].stretches:
                    draft.mark(stretch, "duplicate", f"occurs earlier, with its dateline: “{text[:40]} …”")
                continue
            seen.add(text)
            if first.start + end < first.end:
                first, _ = draft.split(first, first.start + end)
            elif others:
                others[0].continues = False
            draft.mark(first, "dateline", "place or agency at the head of the text")
            draft.dateline = draft.words(first).rstrip(" —–-")


def _has_text(parts: list[Paragraph], at: int, end: int) -> bool:
    """Whether running text follows a dateline, in the same paragraph or the next."""
    first = parts[at].stretches[0]
    if end > first.end - first.start + 1:
        return False  # broken over two lines: too rare to be worth joining
    rest = parts[at].text[end:]
    if rest.strip():
        return find_dateline_end(rest) == 0
    return at + 1 < len(parts) and ends_sentence(parts[at + 1].text) and not is_headline(parts[at + 1].text)


def find_dateline_end(text: str) -> int:
    """Return where a paragraph's dateline ends, dash included; 0 without one."""
    if not _DASH.search(text, 0, _LONGEST_DATELINE):
        return 0
    found = _DATELINE.match(text)
    if not found or len(found[0]) > _LONGEST_DATELINE or len(found["place"].split()) > _MOST_WORDS_IN_DATELINE:
        return 0
    rest = text[found.end() :].lstrip("\"'“‘«(")
    goes_on = (
        not rest
        or (rest[0].isalnum() and ends_sentence(rest))
        or (len(rest.split()) >= _FEWEST_WORDS_AFTER_DATELINE and not is_title_like(rest, _MOST_WORDS_IN_HEADLINE))
    )
    return found.end() if goes_on and not rest[:1].islower() else 0
