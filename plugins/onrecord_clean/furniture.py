"""What a page has around and between the article's text."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from onrecord import Cleaner, Draft

from .paragraphs import (
    NEWS_AGENCIES,
    PICTURE_AGENCIES,
    Paragraph,
    blank_line_between,
    ends_sentence,
    is_title_like,
    paragraphs,
)

_COMMENTS = re.compile(
    r"(?:no|\d+|view|show|all|read|see)?\s*comments?(?: are closed| \d+|\s*\(\d+\))?"
    r"|(?:leave|post|add|write|submit) (?:a|your) (?:comment|reply)|join the (?:conversation|discussion)",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"share|share (?:this|on|via|with)(?: \w+){0,3}|tweet|e-?mail(?: this)?|print(?: this)?|save|like|copy link"
    r"|advertisements?|ad|sponsored(?: content)?|(?:story|article) continues below(?: this)?(?: ad(?:vertisement)?)?"
    r"|continue reading(?: the main story| below)?|read more|show more|load more|more|see also|loading"
    r"|more (?:from|in|on|like) \w+(?: \w+){0,3}"
    r"|(?:most|recently) (?:read|viewed|popular|shared|emailed|commented)(?: stories| articles)?|trending(?: now)?"
    r"|(?:related|recommended|top|latest|popular)(?: (?:stories|articles|content|posts|news|topics|links|videos?))"
    r"|read the (?:rest|full (?:story|article))(?: here)?|click here(?: \w+){0,6}|skip to (?:main )?content"
    r"|(?:subscribe|sign up|sign in|log in|register)(?: (?:now|here|today|for free))?"
    r"|(?:subscribe to|sign up (?:for|to)) (?:our|the) (?:\w+ ){0,3}newsletter|follow us on \w+(?: \w+){0,4}"
    r"|(?:©|\(c\)|copyright)\b.{0,80}|.{0,60}\ball rights reserved",
    re.IGNORECASE,
)
_AGENCIES = f"{NEWS_AGENCIES}|{PICTURE_AGENCIES}"
_PICTURE = r"(?:file|photos?|photographs?|images?|pictures?|handout|courtesy)\b"
_SIGNED_CAPTION = re.compile(
    rf"[^.]*[\[(](?:{_AGENCIES})\b[^\])]*[\])]\.?"
    rf"|.*[\[(](?:(?:{_AGENCIES})[\s/]+)?{_PICTURE}[^\])]*[\])]\.?"
    r"|.*[\[(]Getty\b[^\])]*[\])]\.?",
    re.IGNORECASE,
)
_NAMED_CAPTION = re.compile(rf"{_PICTURE}(?: (?:by|credit))?\s*:|(?:{PICTURE_AGENCIES})\.?$", re.IGNORECASE)
_LONGEST_PHRASE = 120
_LONGEST_CAPTION = 500
_MOST_WORDS_IN_SUBHEADING = 6
_MOST_WORDS_IN_TITLE = 25
_MOST_TEASERS = 10


class Boilerplate(Cleaner):
    """Cuts lines that are nothing but a page's standing phrases: buttons, advertisement marks, comment boxes."""

    name, version, order = "boilerplate", "1", 200

    def clean(self, draft: Draft) -> None:
        goes_on = False
        for stretch in reversed(list(draft.body())):
            line = draft.words(stretch)
            phrase = " ".join(re.findall(r"[\w'’@()©-]+", line)) if len(line) <= _LONGEST_PHRASE else ""
            if not any(map(str.isalnum, line)):
                draft.mark(stretch, "boilerplate", "a line without words")
            elif not goes_on and _COMMENTS.fullmatch(phrase):
                draft.mark(stretch, "comment", f"“{phrase}” belongs to the readers' comments")
            elif not goes_on and _BOILERPLATE.fullmatch(phrase):
                draft.mark(stretch, "boilerplate", f"“{phrase}” is a standing phrase of web pages")
            else:
                # Before a line that begins in the middle of a sentence, "Share" is the first word of it.
                goes_on = line[0].islower()


class Captions(Cleaner):
    """Cuts captions that are signed by a picture agency or call themselves one."""

    name, version, order = "captions", "1", 210

    def clean(self, draft: Draft) -> None:
        for stretch in list(draft.body()):
            line = draft.words(stretch)
            if len(line) > _LONGEST_CAPTION:
                continue
            signed = line.rstrip(".").endswith((")", "]")) and _SIGNED_CAPTION.fullmatch(line)
            if signed or _NAMED_CAPTION.match(line):
                draft.mark(stretch, "caption", "a caption: it names where a picture comes from")


class SideBoxes(Cleaner):
    """Marks side boxes: a heading and lines below it without the empty lines that part paragraphs elsewhere.

    Their text stays in the body.
    """

    name, version, order = "side_boxes", "1", 600

    def clean(self, draft: Draft) -> None:
        parts = paragraphs(draft)
        tight = [not blank_line_between(draft, a.stretches[-1], b.stretches[0]) for a, b in pairwise(parts)]
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


class Teasers(Cleaner):
    """Cuts headlines of other stories: title-like lines between or after paragraphs that end with a full stop.

    A short one with text below it is taken as a subheading and stays in the body.
    """

    name, version, order = "teasers", "1", 610

    def clean(self, draft: Draft) -> None:
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
        part.stretches[0].kind == "body"
        and is_title_like(part.text, _MOST_WORDS_IN_TITLE)
        and not ends_sentence(part.text)
    )
