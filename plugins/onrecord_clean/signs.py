"""Signs of what a text on a page is: names of elements, and standing phrases.

Sites name their elements freely; these are words that many of them use.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import html

from onrecord import SegmentKind


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a text, and the reason."""

    kind: SegmentKind
    reason: str | None = None

    @property
    def kept(self) -> bool:
        """Whether the text is in the body."""
        return self.kind in ("body", "subheading")


_TAGS = {
    "figcaption": Verdict("caption", "the caption of a figure"),
    "caption": Verdict("caption", "the caption of a table"),
    "nav": Verdict("boilerplate", "in the page's navigation"),
    "footer": Verdict("boilerplate", "in a footer"),
    "form": Verdict("boilerplate", "in a form"),
    "button": Verdict("boilerplate", "a button"),
    "select": Verdict("boilerplate", "a list to choose from"),
    "textarea": Verdict("boilerplate", "a field to fill in"),
    "label": Verdict("boilerplate", "the label of a field"),
    "dialog": Verdict("boilerplate", "in a dialog"),
    "title": Verdict("metadata", "the page's title"),
}

_NAMES: tuple[tuple[SegmentKind, str, str], ...] = (
    (
        "comment",
        "readers' comments",
        "comments? commentlist disqus livefyre respond replies fbcomments spotim viafoura",
    ),
    (
        "caption",
        "the caption or credit of a picture",
        "captions? figcaption credits? imagecredit photocredit photographer slideshow gallery",
    ),
    (
        "byline",
        "the authors' names or biographies",
        r"byline\w* authors? authorbio bio writers? contributors? vcard",
    ),
    (
        "teaser",
        "links to other stories",
        r"related\w* recirc\w* recommend\w* teasers? trending popular mostread readmore readnext upnext outbrain"
        " taboola zergnet revcontent morefrom similar alsoread seealso yarpp crosslinks? inlinelink promos?",
    ),
    (
        "boilerplate",
        "boilerplate of the page",
        r"newsletters? subscri\w+ signup optin paywall adverts? advertisements? ads? adsense adslot dfp sponsor\w*"
        r" shar(?:e|es|ing) sharedaddy social\w* addthis breadcrumbs? tags? taglist topics tagcloud keywords"
        " cookies? gdpr consent copyright footers? footnav nav navbar navigation menus? toolbar pagination pager"
        r" disclaimers? disclosure timestamps? dateline pubdate datetime postmeta entrymeta widgets? donat\w+"
        r" feedback print email popups? popover modal tooltip hovercard rollover\w*"
        " sronly screenreader visuallyhidden assistivetext",
    ),
)
_NAMED = [(kind, what, re.compile(names.replace(" ", "|"))) for kind, what, names in _NAMES]
_LEAD = re.compile(r"summary|intro|lead|lede|standfirst|perex|sapo|chapo")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LONGEST_NAMES = 500

_RELATED = re.compile(
    r"[\[(]?(?:(?:related|read(?: more| next| also| this)?|see(?: more| also)?|also(?: read| see| on \S+)?"
    r"|more(?: on this)?|watch(?: now| next| more| this)?|must.?read|don.t miss|recommended"
    r"|you (?:may|might) also like|further reading|listen(?: now)?|click here)\b"
    r"(?: (?:stories|articles|story|article|post|posts|links?|video|content|coverage))?)(?P<mark>\s*[:>|»–-])?",
    re.IGNORECASE,
)
_RELATED_HEADING = re.compile(
    r"(?:related|recommended|more|popular|top|latest|trending|editor.?s picks?)\b[\w ’']{0,40}"
    r"|you (?:may|might) (?:also )?(?:like|enjoy|be interested in)|read (?:more|next|also)|see also|also read"
    r"|further reading|don['’]?t miss",
    re.IGNORECASE,
)
_INVITATION = re.compile(
    r"\b(?:(?:our|the|this|your) (?:[\w-]+ ){0,4}newsletters?|newsletter sign.?ups?"
    r"|(?:to|in|through) your (?:inbox|letterbox)"
    r"|(?:un)?subscribe (?:to|now|today|here|for)|push alerts?|like this story|share (?:this (?:story|article)|it with)"
    r"|tell us what|let us know|in the comments(?: below| section|\W*$)|letters to the editor|our mobile app"
    r"|join the conversation|follow (?:us|\S+ on|\S+ full coverage|.{1,60} on (?:twitter|facebook|instagram))"
    r"|on (?:twitter|facebook) (?:at|@)|e-?mail (?:\S+ ){1,4}at|reach (?:the reporters?|him|her|them|us) (?:at|on|by)"
    r"|can be reached at|contact the (?:author|reporter)s?|moderating (?:all )?comments|affiliate links"
    r"|may (?:earn|receive) (?:a |an )?(?:\w+ )?commission)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“”\"«»„]")
_STAFF = r"\b(?:reporter|editor|correspondent|columnist|writer|curator)"
_SIGN_OFF = re.compile(
    r"[\[(—–*-]*\s*(?:.{0,120}\b(?:contributed to this (?:report|story|article)|contributed (?:reporting|from \w+))\b"
    r"|(?:associated press |ap )?writers? .{1,200}contributed\b"
    r"|(?:additional )?(?:reporting|editing|writing|compiled|translation) (?:by|from)\b"
    rf"|.{{0,60}}\bis (?:(?:a|the) .{{0,80}}{_STAFF} (?:for|at|with)\b"
    rf"|(?:\S+ ){{1,3}}?\S*['’]s? .{{0,60}}{_STAFF}\b))",
    re.IGNORECASE | re.DOTALL,
)
_CHANGED = r"(?:first )?(?:published|updated|posted|created|last (?:updated|modified))"
_WHEN = r"(?:(?:19|20)\d\d|\d{1,2}:\d\d)"
_UPDATED = re.compile(rf"{_CHANGED}\b.{{0,60}}\b{_WHEN}\b.{{0,30}}", re.IGNORECASE)
_DATE_LINE = re.compile(
    r"(?=.*(?:\d[/.:-]\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))"
    rf"(?:{_CHANGED})?.{{0,40}}\b{_WHEN}\b.{{0,40}}$",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(
    r"(?:tags?|topics?|keywords?|filed under|categor(?:y|ies)|posted in|labels?)\s*:?\s", re.IGNORECASE
)
_RIGHTS = re.compile(r"(?:©|\(c\)|copyright)\s*(?:\W*(?:19|20)\d\d|.*rights reserved)", re.IGNORECASE)


def judge_element(element: html.HtmlElement) -> Verdict | None:
    """Judge text by the tag, names or style of an element; None if they say nothing."""
    if verdict := _TAGS.get(element.tag):
        return verdict
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return Verdict("boilerplate", "hidden on the page")
    return _judge_names(names_of(element))


def names_of(element: html.HtmlElement) -> tuple[str, ...]:
    """Return an element's classes and id."""
    return _split_names(f"{element.get('class') or ''} {element.get('id') or ''}"[:_LONGEST_NAMES])


def is_called_lead(element: html.HtmlElement) -> bool:
    """Whether an element's names say that it holds the first lines of an article."""
    return any(_LEAD.search(name) for name in names_of(element))


def is_other_story(text: str, linked: float, *, ends: bool) -> bool:
    """Whether a line points to another story.

    `linked` is the share of the line that is a link, `ends` whether it ends like a sentence.
    """
    found = _RELATED.match(text)
    return found is not None and (linked > 0.6 or (found["mark"] is not None and (linked > 0.3 or not ends)))


def is_list_heading(text: str) -> bool:
    """Whether a heading introduces links to other stories."""
    return _RELATED_HEADING.fullmatch(text.rstrip(":")) is not None


def judge_small_print(text: str) -> Verdict | None:
    """Judge sign-offs, invitations and the like below an article."""
    if _UPDATED.fullmatch(text):
        return Verdict("boilerplate", "publication or update date")
    if _SIGN_OFF.match(text):
        return Verdict("byline", "names who reported or edited the story")
    # A quotation may use the same words.
    if _INVITATION.search(text) and not _QUOTED.search(text):
        return Verdict("boilerplate", "an invitation to the reader")
    return None


def is_date_line(text: str) -> bool:
    """Whether a short line contains a year or a time of day."""
    return _DATE_LINE.match(text) is not None


def is_list_of_keywords(text: str) -> bool:
    """Whether a line begins like a list of keywords."""
    return _KEYWORDS.match(text) is not None


def is_copyright_line(text: str) -> bool:
    """Whether a line says who owns the text, not who owns the picture above it."""
    return _RIGHTS.match(text) is not None


@lru_cache(4096)
def _split_names(names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.split()))


@lru_cache(4096)
def _split_name(name: str) -> tuple[str, ...]:
    """Split a name into words, and join neighbors: readMore → read, more, readmore."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    return (*parts, *(a + b for a, b in itertools.pairwise(parts)))


@lru_cache(4096)
def _judge_names(names: tuple[str, ...]) -> Verdict | None:
    for kind, what, pattern in _NAMED:
        for name in names:
            if any(pattern.fullmatch(part) for part in _split_name(name)):
                return Verdict(kind, f"{what}: in an element called “{name[:60]}”")
    return None
