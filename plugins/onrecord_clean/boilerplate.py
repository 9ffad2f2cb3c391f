"""Boilerplate around the article's paragraphs: buttons, captions, links."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from onrecord import Cleaner, Draft, Stretch

from .fixpoint import TextCleaner
from .markup import HTML_TYPES
from .paragraphs import (
    NEWS_AGENCIES,
    PICTURE_AGENCIES,
    Paragraph,
    ends_sentence,
    has_blank_line_between,
    is_prose,
    is_title_like,
    lines,
    paragraphs,
)
from .phrases import TEASER_LABELS, WEAK_TEASER_LABELS, classify_phrase

_AGENCIES = f"(?i:{NEWS_AGENCIES}|{PICTURE_AGENCIES})"
_PICTURE = r"(?i:file|photos?|photographs?|photography|images?|pictures?|handout|courtesy|illustration)\b"
_NAMED = r"[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*){1,3}"
_IN_BRACKETS = re.compile(
    # "[EPA]", "(Reuters)", "(AP Photo/Ann Lee)", "[File: Ann Lee/AFP]", "(Photo by Ann Lee/Getty Images)"
    rf"[\[(](?:{_AGENCIES}\b[^\])]*|(?:{_AGENCIES}[\s/]+)?{_PICTURE}[^\])]*|(?i:getty)\b[^\])]*"
    rf"|{_NAMED}\s?/\s?[A-Z][^\])]*|[^\])]* (?:via|for) {_AGENCIES})[\])]\.?$"
)
_ENDS_SIGNED = re.compile(
    # "REUTERS/Ann Lee", "Ann Lee/AFP via Getty Images", "— AFP pic", "Photo by Ann Lee", "Photo: Ann Lee", "EPA"
    rf"(?:(?<=[.!?”\"] )|^){_AGENCIES}(?i: photo)?\s?/\s?{_NAMED}(?:/[\w. ]+)?$"
    rf"|(?:(?<=[.!?”\"] )|^){_NAMED}\s?/\s?{_AGENCIES}(?: via {_AGENCIES}|/{_AGENCIES})?\.?$"
    rf"|[—–-] ?{_AGENCIES} (?i:pics?|photos?|file pic)$"
    rf"|(?:[.|] ?|^){_PICTURE}(?i: by| credit| courtesy of| courtesy)?:? {_NAMED}(?:\s?[/,|]\s?[\w. ]+)?\.?$"
)
_MENTIONS_PICTURE = re.compile(r"/|(?i:photo|imag|pic|courtesy|handout|illustration)")
_PICTURE_WORDS = frozenset({"pic", "pics", "photo", "photos"})
_CAPTION_STARTS = frozenset("FPIHCAVSU")
_BEGINS_AS_CAPTION = re.compile(
    rf"(?:file )?{_PICTURE}(?: (?:by|credits?|copyright|source|caption))?\s*(?::|…|\.\.\.)"
    rf"|(?:pictured|above|caption|seen here|in this (?:file )?(?:photo|picture|image)[^:.]{{0,40}})\s*:"
    r"|(?:credits?|photo)\s*(?:…|\.\.\.)\s*[A-Z]|credits?\s*: .{3,40} for .{3,40}$"
    r"|(?:handout|file|undated|courtesy) (?:photo|image|picture)s? (?:from|of|by|provided|shows|released)\b.{0,80}[^.]$"
    r"|view image in \w+|image (?:source|caption|credit),",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r"[“”\"]|\b(?:said|says|told|added|according to)\b")
_LABEL_ENDS = re.compile(r"[:|»>→–—-]")
_LONGEST_LABEL = 40
_LONGEST_LINK = 200
_LONGEST_CAPTION = 400
_LONGEST_SIGNATURE = 120
_MOST_WORDS_IN_DOUBLED_CAPTION = 40
_MOST_WORDS_IN_SUBHEADING = 6
_MOST_WORDS_IN_TITLE = 25
_FEWEST_WORDS_IN_LISTED_TITLE = 5
_MOST_TEASERS = 10


class Boilerplate(TextCleaner):
    """Cut lines that are only standing phrases: buttons, ad labels, comment boxes."""

    name, version, order = "boilerplate", "3", 200

    def clean(self, draft: Draft) -> None:
        goes_on = False
        for stretch, line in reversed(lines(draft)):
            # Before a line that begins in mid-sentence, "Share" is the first word of that sentence.
            what = None if goes_on else classify_phrase(line)
            if what:
                _mark_phrase(draft, [stretch], line, what)
            elif not any(map(str.isalnum, line)):
                draft.mark(stretch, "boilerplate", "a line without words")
            else:
                goes_on = line[0].islower()


def _mark_phrase(draft: Draft, stretches: Sequence[Stretch], text: str, what: str) -> None:
    shown = text if len(text) <= 60 else f"{text[:57].rstrip()} …"
    for stretch in stretches:
        if what == "comment":
            draft.mark(stretch, "comment", f"“{shown}” belongs to the readers' comments")
        elif what == "call":
            draft.mark(stretch, "boilerplate", "the page addresses its readers")
        else:
            draft.mark(stretch, "boilerplate", f"“{shown}” is a standing phrase of web pages")


class LinkedStories(TextCleaner):
    """Cut labeled links to other stories, such as "Read more: Storm closes harbour"."""

    name, version, order = "linked_stories", "2", 202

    def clean(self, draft: Draft) -> None:
        seen_text = False
        for stretch, line in lines(draft):
            if (
                len(line) <= _LONGEST_LINK
                and _LABEL_ENDS.search(line, 0, _LONGEST_LABEL)
                and (
                    TEASER_LABELS.match(line)
                    or (seen_text and WEAK_TEASER_LABELS.match(line) and not ends_sentence(line))
                )
            ):
                if seen_text or not ends_sentence(line):
                    draft.mark(stretch, "teaser", "labeled as a link to another story")
            elif not seen_text:
                seen_text = is_prose(line)


class Captions(TextCleaner):
    """Cut captions: lines credited to a picture agency or labeled as captions.

    Also cuts short lines that are printed twice in a row.
    """

    name, version, order = "captions", "3", 210

    def clean(self, draft: Draft) -> None:
        others = []
        for stretch, line in lines(draft):
            if is_caption(line):
                draft.mark(stretch, "caption", "a caption: it credits a picture")
            else:
                others.append((stretch, line))
        doubled = [(a, b, line) for (a, line), (b, other) in pairwise(others) if line == other]
        # Where every line is printed twice, repetition is no sign of a caption.
        if doubled and 4 * len(doubled) <= len(others) + 4:
            for *pair, line in doubled:
                if 4 <= len(line.split()) <= _MOST_WORDS_IN_DOUBLED_CAPTION and not _SPOKEN.search(line):
                    for stretch in pair:
                        draft.mark(stretch, "caption", "a caption: the same line twice in a row")


def is_caption(line: str) -> bool:
    """Whether a line credits a picture as captions do and sentences do not."""
    if len(line) > _LONGEST_CAPTION:
        return False
    if line[0] in _CAPTION_STARTS and _BEGINS_AS_CAPTION.match(line):
        return True
    begin = max(0, len(line) - _LONGEST_SIGNATURE)
    if line.endswith((")", "]", ").", "].")):
        return _IN_BRACKETS.match(line, max(begin, line.rfind("("), line.rfind("["))) is not None
    last = line.rpartition(" ")[2]
    if not last[0].isupper() and last not in _PICTURE_WORDS:
        return False
    return _MENTIONS_PICTURE.search(line, begin) is not None and _ENDS_SIGNED.search(line, begin) is not None


class WrappedBoilerplate(Cleaner):
    """Cut boilerplate and captions that were wrapped over several lines."""

    name, version, order = "wrapped_boilerplate", "2", 302

    def clean(self, draft: Draft) -> None:
        if not any(stretch.continues for stretch in draft.stretches):
            return
        for part in paragraphs(draft):
            if len(part.stretches) == 1 or part.stretches[0].kind != "body":
                continue
            if what := classify_phrase(part.text):
                _mark_phrase(draft, part.stretches, part.text, what)
            elif is_caption(part.text):
                for stretch in part.stretches:
                    draft.mark(stretch, "caption", "a caption: it credits a picture")
            elif len(part.text) <= _LONGEST_LINK and TEASER_LABELS.match(part.text):
                for stretch in part.stretches:
                    draft.mark(stretch, "teaser", "labeled as a link to another story")


class ListedStories(TextCleaner):
    """Cut headlines of other stories below a heading such as "Most read"."""

    name, version, order = "listed_stories", "1", 304

    def clean(self, draft: Draft) -> None:
        headings = [
            stretch.start
            for stretch in draft.stretches
            if stretch.kind == "boilerplate" and classify_phrase(draft.words(stretch)) == "heading"
        ]
        if not headings:
            return
        parts = paragraphs(draft)
        starts = [part.stretches[0].start for part in parts]
        text_begins = next((at for at, part in enumerate(parts) if is_prose(part.text)), len(parts))
        for at in dict.fromkeys(bisect_left(starts, heading) for heading in headings):
            if at <= text_begins:
                continue
            end = at
            while end < len(parts) and _is_title(parts[end]):
                end += 1
            if end < len(parts) and end > at and len(parts[end - 1].text.split()) < _FEWEST_WORDS_IN_LISTED_TITLE:
                end -= 1  # A short title above running text is its heading.
            for part in parts[at:end]:
                _mark(draft, part, "teaser", "in a list of other stories")


class SideBoxes(TextCleaner):
    """Mark side boxes: a heading and lines with no empty lines between them.

    Applies where empty lines separate the paragraphs elsewhere. Side boxes stay in the body.
    """

    name, version, order = "side_boxes", "2", 600

    def clean(self, draft: Draft) -> None:
        if not any(_is_subheading(text) for _, text in lines(draft) if not ends_sentence(text) or text[-1] == "?"):
            return
        parts = paragraphs(draft)
        tight = [not has_blank_line_between(draft, a.stretches[-1], b.stretches[0]) for a, b in pairwise(parts)]
        if 2 * sum(tight) > len(tight):
            return
        block = parts[:1]
        for part, joins in zip(parts[1:], tight, strict=True):
            if joins:
                block.append(part)
            else:
                _mark_box(draft, block, parts[0])
                block = [part]
        _mark_box(draft, block, parts[0] if parts else None)


def _mark_box(draft: Draft, block: list[Paragraph], first: Paragraph | None) -> None:
    if len(block) < 3 or block[0] is first or not _is_subheading(block[0].text):
        return
    if not any(ends_sentence(part.text) and len(part.text.split()) >= 8 for part in block):
        return
    for part in block:
        for stretch in part.stretches:
            if _is_subheading(part.text):
                draft.mark(stretch, "subheading", "a heading in a side box")
                stretch.boxed = True
            else:
                draft.mark(stretch, "sidebar", f"in the side box “{block[0].text}”")


class Teasers(TextCleaner):
    """Cut headlines of other stories between and after the paragraphs.

    These are lines like titles next to paragraphs that end with a full stop. A short one above text is a subheading and
    stays in the body. HTML pages are left to `html_text`, which knows links and elements.
    """

    name, version, order = "teasers", "2", 610

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type in HTML_TYPES:
            return
        parts = paragraphs(draft)
        tail = len(parts)
        while tail and _is_title(parts[tail - 1]):
            tail -= 1
        run = parts[tail:]
        after_text = tail > 0 and ends_sentence(parts[tail - 1].text)
        if after_text and len(run) <= _MOST_TEASERS and any(len(part.text.split()) >= 3 for part in run):
            for part in run:
                _mark(draft, part, "teaser", "a heading with no text below it: of another story")
        for before, part, after in zip(parts, parts[1:tail], parts[2:], strict=False):
            if _is_title(part) and ends_sentence(before.text) and ends_sentence(after.text):
                if _is_subheading(part.text):
                    _mark(draft, part, "subheading", "a short line like a title, with text below it")
                else:
                    _mark(draft, part, "teaser", "a line like a headline within the text: of another story")


def _mark(draft: Draft, part: Paragraph, kind: Literal["teaser", "subheading"], reason: str) -> None:
    for stretch in part.stretches:
        draft.mark(stretch, kind, reason)


def _is_subheading(text: str) -> bool:
    return is_title_like(text, _MOST_WORDS_IN_SUBHEADING)


def _is_title(part: Paragraph) -> bool:
    return (
        not ends_sentence(part.text)
        # "($1 = 0.94 euros)" is a note on the text above.
        and part.text[0] not in "(["
        and part.stretches[0].kind == "body"
        and is_title_like(part.text, _MOST_WORDS_IN_TITLE)
    )
