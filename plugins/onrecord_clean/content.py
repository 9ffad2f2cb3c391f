"""Which blocks of a page are the article, and what the others are.

A library says where the article's text is. Its answer is then put right, block by block, by what can be seen of the
page's structure: paragraphs that it missed among those that it found come back; captions, links to other stories,
invitations and the like that it took along go.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml import html

from onrecord.records import SegmentKind

from .alignment import found_words
from .page import Block
from .paragraphs import ends_sentence, words

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_WITHIN_TEXT = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "q",
        "pre",
        "dl",
        "dt",
        "dd",
        "center",
        "font",
        "span",
        "b",
        "strong",
        "em",
        "i",
    ]
)
_CUT_TAGS: dict[str, tuple[SegmentKind, str]] = {
    "figcaption": ("caption", "the caption of a figure"),
    "caption": ("caption", "the caption of a table"),
    "nav": ("boilerplate", "in the page's navigation"),
    "footer": ("boilerplate", "in a footer"),
    "form": ("boilerplate", "in a form"),
    "button": ("boilerplate", "a button"),
    "select": ("boilerplate", "a list to choose from"),
    "textarea": ("boilerplate", "a field to fill in"),
    "label": ("boilerplate", "the label of a field"),
    "dialog": ("boilerplate", "in a dialogue"),
    "title": ("metadata", "the page's title"),
}
_NAMED: tuple[tuple[SegmentKind, str, str], ...] = (
    (
        "comment",
        "readers' comments",
        r"comments?|commentlist|disqus\w*|livefyre|respond|replies|fbcomments|spotim|coral|viafoura",
    ),
    (
        "caption",
        "the caption or credit of a picture",
        r"captions?|figcaption|credits?|imagecredit|photocredit|photographer|slideshow|gallery",
    ),
    (
        "byline",
        "the names of the authors, or what is said of them",
        r"byline\w*|authors?|authorbio|bio|writers?|contributors?|vcard",
    ),
    (
        "teaser",
        "links to other stories",
        r"related\w*|recirc\w*|recommend\w*|teasers?|trending|popular|mostread|readmore|readnext|upnext|outbrain|taboola"
        r"|zergnet|revcontent|morefrom|similar|alsoread|seealso|yarpp|jp-relatedposts|crosslinks?|inlinelink|promos?",
    ),
    (
        "boilerplate",
        "the page's furniture",
        r"newsletters?|subscri\w+|signup|optin|paywall|adverts?|advertisements?|ads?|adsense|adslot|dfp|sponsor\w*|shar(?:e|es|ing)"
        r"|sharedaddy|social\w*|addthis|breadcrumbs?|tags?|taglist|topics|tagcloud|keywords|cookies?|gdpr|consent|copyright"
        r"|footers?|footnav|nav|navbar|navigation|menus?|toolbar|pagination|pager|disclaimers?|disclosure|timestamps?|dateline"
        r"|pubdate|datetime|postmeta|entrymeta|widgets?|donat\w+|feedback|print|email|popups?|popover|modal|tooltip|hovercard|rollover\w*|sr-only|sronly|screenreader|visuallyhidden|assistivetext",
    ),
)
_NAME_RULES = [(kind, what, re.compile(pattern)) for kind, what, pattern in _NAMED]
_LEAD = re.compile(r"summary|intro|lead|lede|standfirst|perex|sapo|chapo")
_RELATED = re.compile(
    r"[\[(]?(?:(?:related|read(?: more| next| also| this)?|see(?: more| also)?|also(?: read| see| on \S+)?|more(?: on this)?"
    r"|watch(?: now| next| more| this)?|must.?read|don.t miss|recommended|you (?:may|might) also like|further reading"
    r"|listen(?: now)?|click here)\b(?: (?:stories|articles|story|article|post|posts|links?|video|content|coverage))?)"
    r"(?P<mark>\s*[:>|»–-])?",
    re.IGNORECASE,
)
_RELATED_HEADING = re.compile(
    r"(?:related|recommended|more|popular|top|latest|trending|editor.?s picks?)\b[\w ’']{0,40}"
    r"|you (?:may|might) (?:also )?(?:like|enjoy|be interested in)|read (?:more|next|also)|see also|also read|further reading|don['’]?t miss",
    re.IGNORECASE,
)
_INVITATION = re.compile(
    r"\b(?:newsletters?|inbox|subscrib\w+|unsubscribe|delivered (?:to|through) your|daily brief|push alerts?"
    r"|like this story|share (?:this|it with)|tell us what|let us know|in the comments|letters to the editor|our mobile app"
    r"|join the conversation|follow (?:us|\S+ on|\S+ full coverage|.{1,60} on (?:twitter|facebook|instagram))|on (?:twitter|facebook) (?:at|@)"
    r"|e-?mail (?:\S+ ){1,4}at|reach (?:the |him|her|them|our)|can be reached at|contact the (?:author|reporter)s?"
    r"|moderating (?:all )?comments|affiliate links|may (?:earn|receive) (?:a |an )?(?:\w+ )?commission)\b",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"[\[(—–*-]*\s*(?:.{0,120}\b(?:contributed to this (?:report|story|article)|contributed (?:reporting|from \w+))\b"
    r"|(?:associated press |ap )?writers? .{1,200}contributed\b"
    r"|(?:additional )?(?:reporting|editing|writing|compiled|translation) (?:by|from)\b"
    r"|.{0,60}\bis (?:(?:a|the) .{0,80}\b(?:reporter|editor|correspondent|columnist|writer|curator) (?:for|at|with)\b"
    r"|(?:\S+ ){1,3}?\S*['’]s? .{0,60}\b(?:reporter|editor|correspondent|columnist|writer|curator)\b))",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(r"about (?:the (?:author|writer|company)|us|[A-Z].{1,60})[:.]?$", re.IGNORECASE)
_UPDATED = re.compile(
    r"(?:first )?(?:published|updated|posted|last (?:updated|modified))\b.{0,60}\d.{0,30}$", re.IGNORECASE
)
_DATE_LINE = re.compile(
    r"(?:published|updated|posted|last (?:updated|modified)|created)?\b.{0,40}\b(?:(?:19|20)\d\d|\d{1,2}:\d\d)\b.{0,40}$",
    re.IGNORECASE,
)
_TAGS_LINE = re.compile(
    r"(?:tags?|topics?|keywords?|filed under|categor(?:y|ies)|posted in|labels?)\s*:?\s", re.IGNORECASE
)

_MOST_WORDS_IN_LINE = 60
_TAIL = 6
"""Blocks at the end of the article among which sign-offs and invitations stand."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a block is, and why."""

    kind: SegmentKind
    reason: str | None = None

    @property
    def kept(self) -> bool:
        """Whether the block is in the body."""
        return self.kind in ("body", "subheading")


def is_running_text(block: Block) -> bool:
    """Whether it reads like a paragraph: a few words, few of them links, a full stop somewhere."""
    return (
        len(block.tokens) >= 8
        and block.linked * 2 < block.length
        and re.search(r"[.!?…][\"'”’»)]?(?:\s|$)", block.text) is not None
    )


def verdicts_on(blocks: Sequence[Block], extracted: str, headlines: Sequence[str]) -> list[Verdict]:
    """A verdict on every block, given the text that a library extracted and what metadata says the headline is."""
    return _Judge(blocks, extracted, headlines).verdicts()


class _Judge:
    def __init__(self, blocks: Sequence[Block], extracted: str, headlines: Sequence[str]) -> None:
        self.blocks = blocks
        self.headlines = {tuple(words(text)) for text in headlines if text}
        self.kept = _covered(blocks, extracted) if extracted else [False] * len(blocks)
        self.cut: dict[int, Verdict] = {}
        self.weights = Counter[html.HtmlElement]()
        self.total = 0
        self.furniture: dict[html.HtmlElement, Verdict | None] = {}
        self.link_lists: dict[html.HtmlElement, bool] = {}
        self.blocks_in = Counter(block.element.getparent() for block in blocks)
        if not any(self.kept):
            self._take_plain_text()
            self.furniture.clear()
        text = [block for block in blocks if self.kept[block.number] and is_running_text(block)]
        if not text:
            text = [block for block in blocks if self.kept[block.number]]
        self.weights = Counter[html.HtmlElement]()
        for block in text:
            for element in block.ancestors:
                self.weights[element] += len(block.tokens)
        self.total = sum(len(block.tokens) for block in text)
        self.homes = {_home(block) for block in text}
        self.signatures = Counter(_signature(_home(block)) for block in text)
        self.first = text[0].number if text else len(blocks)
        self.last = text[-1].number if text else -1

    def verdicts(self) -> list[Verdict]:
        if self.total:
            self._take_back()
            self._cut()
        return [self._verdict(block) for block in self.blocks]

    def _take_plain_text(self) -> None:
        """Where no library finds an article: all running text outside furniture, or else all text outside it."""
        plain = [block for block in self.blocks if self._furniture(block) is None and not self._is_headline(block)]
        text = [block for block in plain if is_running_text(block)]
        for block in text or [block for block in plain if block.linked * 2 < block.length]:
            self.kept[block.number] = True

    # ── What the library missed ──────────────────────────────────────────────────────────────────

    def _take_back(self) -> None:
        scope = self._scope()
        headline = self._headline_before_text()
        for block in self.blocks:
            if self.kept[block.number] or scope not in block.ancestors or self._furniture(block):
                continue
            home = _home(block)
            if self.first < block.number < self.last:
                # A line among paragraphs of the same element belongs to them, whatever it looks like.
                self.kept[block.number] = home in self.homes or (
                    is_running_text(block) and self.signatures[_signature(home)] > 0
                )
            elif block.number > self.last:
                self.kept[block.number] = is_running_text(block) and (
                    self.signatures[_signature(home)] > 1 or (home in self.homes and home.tag != "body")
                )
            elif headline is not None and headline < block.number:
                named = any(_LEAD.search(name) for element in block.ancestors[:3] for name in _names(element))
                self.kept[block.number] = (
                    is_running_text(block) and block.element.tag not in _HEADINGS and (named or home in self.homes)
                )
        kept = [block.number for block in self.blocks if self.kept[block.number] and is_running_text(block)]
        self.first, self.last = min(kept, default=self.first), max(kept, default=self.last)

    def _scope(self) -> html.HtmlElement:
        """The element within which the article is: the smallest with all its text, or a little more around it."""
        first = self.blocks[self.first]
        smallest = next(
            (element for element in first.ancestors if self.weights[element] >= 0.9 * self.total), first.ancestors[-1]
        )
        around = smallest
        for _ in range(2):
            parent = around.getparent()
            if parent is None or parent.tag in ("body", "html"):
                break
            around = parent
        return around

    def _headline_before_text(self) -> int | None:
        before = [block.number for block in self.blocks[: self.first] if self._is_headline(block)]
        return before[-1] if before else None

    def _is_headline(self, block: Block) -> bool:
        return block.element.tag == "h1" or tuple(words(block.text)) in self.headlines

    # ── What the library took along ──────────────────────────────────────────────────────────────

    def _cut(self) -> None:
        after_related = False
        kept = [block for block in self.blocks if self.kept[block.number]]
        tail = {block.number for block in kept[-_TAIL:]}
        for block in kept:
            verdict = self._furniture(block) or self._heading_above(block) or self._line(block, block.number in tail)
            linked = block.linked >= 0.8 * block.length
            related_heading = _RELATED_HEADING.fullmatch(block.text.rstrip(":")) is not None
            if verdict is None and (linked or related_heading) and not is_running_text(block):
                if after_related or block.number > self.last or related_heading:
                    verdict = Verdict("teaser", "links to other stories")
            after_related = (verdict is not None and verdict.kind == "teaser") or (after_related and linked)
            if verdict is not None:
                self._drop(block, verdict)
        self._cut_about()
        self._cut_hanging()

    def _drop(self, block: Block, verdict: Verdict) -> None:
        self.kept[block.number] = False
        self.cut[block.number] = verdict

    def _furniture(self, block: Block) -> Verdict | None:
        """What the elements around it are called, those aside that have much of the article's text in them."""
        if block.element not in self.furniture:
            climbed = []
            verdict = None
            for element in block.ancestors:
                if element in self.furniture:
                    verdict = self.furniture[element]
                    break
                climbed.append(element)
                if self.total and self.weights[element] > 0.3 * self.total:
                    break
                if verdict := _called(element):
                    break
            self.furniture.update(dict.fromkeys(climbed, verdict))
        if verdict := self.furniture[block.element]:
            return verdict
        alone = self.blocks_in[block.element.getparent()] == 1
        return Verdict("caption", "a line under a picture") if _is_caption(block, alone) else None

    def _heading_above(self, block: Block) -> Verdict | None:
        if self._is_headline(block) and (block.number <= self.first or tuple(words(block.text)) in self.headlines):
            return Verdict("headline", "the headline, above the text")
        if block.number < self.first:
            if block.element.tag in ("h1", "h2") or (block.element.tag in _HEADINGS and _home(block) not in self.homes):
                return Verdict("headline", "a heading between the headline and the text")
            if len(block.tokens) <= 15 and _DATE_LINE.match(block.text):
                return Verdict("boilerplate", "when it was published")
        elif block.number == self.first and block.element.tag in ("h1", "h2"):
            return Verdict("headline", "a heading between the headline and the text")
        return None

    def _line(self, block: Block, in_tail: bool) -> Verdict | None:
        text = block.text
        if len(block.tokens) > _MOST_WORDS_IN_LINE:
            return None
        if text.startswith(("©", "(c)")):
            return Verdict("caption", "the credit of a picture")
        linked = block.linked / (block.length or 1)
        if (related := _RELATED.match(text)) and (
            linked > 0.6 or (related["mark"] and (linked > 0.3 or not ends_sentence(text)))
        ):
            return Verdict("teaser", "a link to another story")
        if block.element.tag == "p" and linked > 0.9 and len(block.tokens) >= 4 and not ends_sentence(text):
            return Verdict("teaser", "a paragraph that is nothing but a link")
        if block.element.tag == "li" and self._in_list_of_links(block):
            return Verdict("teaser", "in a list of nothing but links")
        if _TAGS_LINE.match(text) and block.linked * 2 >= block.length:
            return Verdict("boilerplate", "keywords")
        if in_tail:
            if _UPDATED.fullmatch(text):
                return Verdict("boilerplate", "when it was published or changed")
            if _SIGN_OFF.match(text):
                return Verdict("byline", "names who reported or edited the story")
            if _INVITATION.search(text):
                return Verdict("boilerplate", "an invitation to the reader")
        return None

    def _in_list_of_links(self, block: Block) -> bool:
        around = block.element.getparent()
        if around not in self.link_lists:
            self.link_lists[around] = _is_list_of_links(around)
        return self.link_lists[around]

    def _cut_about(self) -> None:
        """What a press release says of the company below its text."""
        texts = [block.number for block in self.blocks if self.kept[block.number] and is_running_text(block)]
        middle = texts[len(texts) // 2] if texts else 0
        for block in self.blocks[middle + 1 : self.last]:
            if (
                len(block.tokens) <= 8
                and _ABOUT.fullmatch(block.text)
                and (block.bold or block.element.tag in _HEADINGS)
            ):
                for rest in self.blocks[block.number :]:
                    if self.kept[rest.number]:
                        self._drop(rest, Verdict("boilerplate", f"below “{block.text}”: about who published it"))
                return

    def _cut_hanging(self) -> None:
        """A heading with nothing of the article below it."""
        for block in reversed(self.blocks):
            if not self.kept[block.number]:
                continue
            if block.element.tag not in _HEADINGS:
                return
            self._drop(block, Verdict("teaser", "a heading with no text below it"))

    # ── What a block is ──────────────────────────────────────────────────────────────────────────

    def _verdict(self, block: Block) -> Verdict:
        if block.number in self.cut:
            return self.cut[block.number]
        if self.kept[block.number]:
            if block.element.tag in _HEADINGS:
                return Verdict("subheading", "a heading within the text")
            return Verdict("body")
        if verdict := self._furniture(block):
            return verdict
        if self._is_headline(block):
            return Verdict("headline", "the page's heading")
        if block.linked >= 0.8 * block.length and len(block.tokens) >= 4:
            return Verdict("teaser", "a link outside the article's text")
        return Verdict("boilerplate", "outside the article's text")


def _covered(blocks: Sequence[Block], extracted: str) -> list[bool]:
    """For each block, whether most of it was extracted."""
    found = iter(found_words([word for block in blocks for word in block.tokens], re.findall(r"\w+", extracted)))
    covered = []
    for block in blocks:
        hits = sum(next(found) for _ in block.tokens)
        covered.append(hits * 2 > len(block.tokens))
    return covered


def _home(block: Block) -> html.HtmlElement:
    """The element that holds the paragraphs among which a block stands."""
    for element in block.ancestors[1:] if block.element.tag in _WITHIN_TEXT else block.ancestors:
        if element.tag not in _WITHIN_TEXT:
            return element
    return block.ancestors[-1]


def _signature(element: html.HtmlElement) -> tuple[str, ...]:
    return (element.tag, *sorted(_names(element)))


def _names(element: html.HtmlElement) -> tuple[str, ...]:
    return _split(f"{element.get('class') or ''} {element.get('id') or ''}"[:500])


@lru_cache(4096)
def _split(names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.split()))


@lru_cache(4096)
def _parts(name: str) -> tuple[str, ...]:
    """The words of a class name, and neighbouring words run together: read-more, readMore → read, more, readmore."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    return (*parts, *(a + b for a, b in itertools.pairwise(parts)))


@lru_cache(4096)
def _named_as(names: tuple[str, ...]) -> Verdict | None:
    for kind, what, pattern in _NAME_RULES:
        for name in names:
            if any(pattern.fullmatch(part) for part in _parts(name)):
                return Verdict(kind, f"{what}: in an element called “{name[:60]}”")
    return None


def _called(element: html.HtmlElement) -> Verdict | None:
    if verdict := _CUT_TAGS.get(element.tag):
        return Verdict(*verdict)
    if (
        re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", element.get("style") or "")
        or element.get("hidden") is not None
    ):
        return Verdict("boilerplate", "hidden on the page")
    return _named_as(_names(element))


def _is_caption(block: Block, alone: bool) -> bool:
    """Whether it is a short text in a figure, or one that shares its element with a picture and nothing else."""
    if len(block.tokens) > _MOST_WORDS_IN_LINE or block.element.tag in _HEADINGS:
        return False
    if any(element.tag == "figure" for element in block.ancestors[:4]):
        return True
    around = block.element.getparent()
    if not alone or around is None or around.tag in ("body", "html") or next(around.iter("img"), None) is None:
        return False
    return len("".join(around.itertext()).split()) <= len(block.text.split()) + 5


def _is_list_of_links(element: html.HtmlElement) -> bool:
    items = element.findall("li")
    return len(items) > 1 and all(
        len(words) >= 4 and sum(len("".join(link.itertext()).split()) for link in item.iter("a")) >= 0.9 * len(words)
        for item in items
        for words in ["".join(item.itertext()).split()]
    )
