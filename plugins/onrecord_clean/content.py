"""Which blocks of a page are the article, and what the others are.

A library says where the article's text is. Its answer is then put right, block by block, by what can be seen of the
page's structure: paragraphs that it missed among those that it found come back; captions, links to other stories,
invitations and the like that it took along go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from lxml import html

from .alignment import found_words
from .page import Block
from .paragraphs import ends_sentence, words
from .signs import (
    Verdict,
    by_element,
    heads_other_stories,
    in_small_print,
    is_called_lead,
    is_copyright_line,
    is_date_line,
    is_list_of_keywords,
    names_of,
    of_other_story,
)

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TITLES = ("h1", "h2")
_WITHIN_TEXT = frozenset(
    (
        *_HEADINGS, "p", "ul", "ol", "li", "blockquote", "q", "pre", "dl", "dt", "dd", "center", "font", "span", "b",
        "strong", "em", "i",
    )
)  # fmt: skip
"""Elements that paragraphs are, or are in, within whatever holds an article's text."""
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]?(?:\s|$)")
_ABOUT = re.compile(r"about (?:the (?:author|writer|company)|us|[A-Z].{1,60})[:.]?", re.IGNORECASE)
_FEWEST_WORDS_IN_TEXT = 8
_MOST_WORDS_IN_LINE = 60
_MOST_WORDS_IN_DATE_LINE = 15
_MOST_WORDS_IN_HEADING = 8
_TAIL = 6
"""Blocks at the end of the article among which sign-offs and invitations stand."""
_MOST_OF_IT = 0.9
_MUCH_OF_IT = 0.3
"""Shares of the article's text: an element with so much of it is not called what it is for nothing."""
_ALL_LINK = 0.9


def is_running_text(block: Block) -> bool:
    """Whether it reads like a paragraph: a few words, few of them links, a full stop somewhere."""
    return (
        len(block.tokens) >= _FEWEST_WORDS_IN_TEXT
        and block.linked * 2 < block.length
        and _SENTENCE_END.search(block.text) is not None
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
        self.pardoned: set[Verdict] = set()
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
            self._pardon()
            self._take_back()
            self._cut()
        return [self._verdict(block) for block in self.blocks]

    def _take_plain_text(self) -> None:
        """Where no library finds an article: all running text outside furniture, or else all text outside it."""
        plain = [block for block in self.blocks if self._furniture(block) is None and not self._is_headline(block)]
        text = [block for block in plain if is_running_text(block)]
        for block in text or [block for block in plain if block.linked * 2 < block.length]:
            self.kept[block.number] = True

    def _pardon(self) -> None:
        """Names that say "furniture" and have much of the article are this site's names for something else."""
        named = Counter[Verdict]()
        for block in self.blocks:
            if self.kept[block.number] and is_running_text(block) and (verdict := self._furniture(block)):
                named[verdict] += len(block.tokens)
        self.pardoned = {verdict for verdict, count in named.items() if count > _MUCH_OF_IT * self.total}
        self.furniture.clear()

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
                named = any(map(is_called_lead, block.ancestors[:3]))
                self.kept[block.number] = (
                    is_running_text(block) and block.element.tag not in _HEADINGS and (named or home in self.homes)
                )
        kept = [block.number for block in self.blocks if self.kept[block.number] and is_running_text(block)]
        self.first, self.last = min(kept, default=self.first), max(kept, default=self.last)

    def _scope(self) -> html.HtmlElement:
        """The element within which the article is: the smallest with all its text, or a little more around it."""
        first = self.blocks[self.first]
        smallest = next(
            (element for element in first.ancestors if self.weights[element] >= _MOST_OF_IT * self.total),
            first.ancestors[-1],
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
        below_related = False
        kept = [block for block in self.blocks if self.kept[block.number]]
        tail = {block.number for block in kept[-_TAIL:]}
        for block in kept:
            verdict = self._furniture(block) or self._above_text(block) or self._line(block, block.number in tail)
            linked = block.linked >= 0.8 * block.length
            heading = heads_other_stories(block.text)
            listed = below_related and (linked or block.element.tag == "li")
            if verdict is None and (
                heading or listed or (linked and block.number > self.last and not is_running_text(block))
            ):
                verdict = Verdict("teaser", "links to other stories")
            below_related = listed or (verdict is not None and verdict.kind == "teaser")
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
                if self.total and self.weights[element] > _MUCH_OF_IT * self.total:
                    break
                if (verdict := by_element(element)) and verdict not in self.pardoned:
                    break
                verdict = None
            self.furniture.update(dict.fromkeys(climbed, verdict))
        if verdict := self.furniture[block.element]:
            return verdict
        alone = self.blocks_in[block.element.getparent()] == 1
        return Verdict("caption", "a line under a picture") if _is_caption(block, alone) else None

    def _above_text(self, block: Block) -> Verdict | None:
        heading = block.element.tag in _HEADINGS
        if self._is_headline(block) and (block.number <= self.first or tuple(words(block.text)) in self.headlines):
            return Verdict("headline", "the headline, above the text")
        if block.number <= self.first and block.element.tag in _TITLES:
            return Verdict("headline", "a heading between the headline and the text")
        if block.number >= self.first:
            return None
        if heading and _home(block) not in self.homes:
            return Verdict("headline", "a heading between the headline and the text")
        if not heading and len(block.tokens) <= _MOST_WORDS_IN_DATE_LINE and is_date_line(block.text):
            return Verdict("boilerplate", "when it was published")
        return None

    def _line(self, block: Block, in_tail: bool) -> Verdict | None:
        text = block.text
        if len(block.tokens) > _MOST_WORDS_IN_LINE:
            return None
        if is_copyright_line(text):
            return Verdict("boilerplate", "whose the text is")
        if text.startswith("©"):
            return Verdict("caption", "the credit of a picture")
        linked, ends = block.linked / block.length, ends_sentence(text)
        if of_other_story(text, linked, ends=ends):
            return Verdict("teaser", "a link to another story")
        if block.element.tag == "p" and linked > _ALL_LINK and len(block.tokens) >= 4 and not ends:
            return Verdict("teaser", "a paragraph that is nothing but a link")
        if block.element.tag == "li" and self._in_list_of_links(block):
            return Verdict("teaser", "in a list of nothing but links")
        if is_list_of_keywords(text) and block.linked * 2 >= block.length:
            return Verdict("boilerplate", "keywords")
        return in_small_print(text) if in_tail else None

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
    """What elements of one kind have in common."""
    return (element.tag, *sorted(names_of(element)))


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
