"""Verdicts on the blocks of a page: article, caption, link, boilerplate.

A library extracts the article's text. Its answer is then corrected block by block from the structure of the page:
paragraphs that it missed between others are restored; captions, links to other stories and invitations that it included
are cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from lxml import html

from .alignment import match_words
from .page import Block
from .paragraphs import ends_sentence, words
from .signs import (
    Verdict,
    is_called_lead,
    is_copyright_line,
    is_date_line,
    is_list_heading,
    is_list_of_keywords,
    is_other_story,
    judge_element,
    judge_small_print,
    names_of,
)

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TITLES = ("h1", "h2")
_WITHIN_TEXT = frozenset(
    (
        *_HEADINGS, "p", "ul", "ol", "li", "blockquote", "q", "pre", "dl", "dt", "dd", "center", "font", "span", "b",
        "strong", "em", "i",
    )
)  # fmt: skip
"""Elements that are or wrap single paragraphs, below the element that holds the article's text."""
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]?(?:\s|$)")
_ABOUT = re.compile(r"about (?:the (?:author|writer|company)|us|[A-Z].{1,60})[:.]?", re.IGNORECASE)
_FEWEST_WORDS_IN_TEXT = 8
_MOST_WORDS_IN_LINE = 60
_MOST_WORDS_IN_DATE_LINE = 15
_MOST_WORDS_IN_HEADING = 8
_TAIL = 6
"""Blocks at the end of the article that may be sign-offs and invitations."""
_MOST_OF_IT = 0.9
_MUCH_OF_IT = 0.3
"""Share of the article's text. The name of an element that holds more than this says nothing."""
_ALL_LINK = 0.9


def is_running_text(block: Block) -> bool:
    """Whether a block looks like a paragraph: some words, few links, a full stop."""
    return (
        len(block.tokens) >= _FEWEST_WORDS_IN_TEXT
        and block.linked * 2 < block.length
        and _SENTENCE_END.search(block.text) is not None
    )


def judge_blocks(blocks: Sequence[Block], extracted: str, headlines: Sequence[str]) -> list[Verdict]:
    """Return a verdict on every block of a page.

    `extracted` is the text that the library extracted, `headlines` are the headlines known from metadata.
    """
    return _PageJudge(blocks, extracted, headlines).verdicts()


class _PageJudge:
    def __init__(self, blocks: Sequence[Block], extracted: str, headlines: Sequence[str]) -> None:
        self.blocks = blocks
        self.headlines = {tuple(words(text)) for text in headlines if text}
        self.kept = _find_extracted(blocks, extracted) if extracted else [False] * len(blocks)
        self.cut: dict[int, Verdict] = {}
        self.weights = Counter[html.HtmlElement]()
        self.total = 0
        self.verdicts_by_element: dict[html.HtmlElement, Verdict | None] = {}
        self.pardoned: set[Verdict] = set()
        self.link_lists: dict[html.HtmlElement, bool] = {}
        self.blocks_in = Counter(block.element.getparent() for block in blocks)
        if not any(self.kept):
            self._keep_plain_text()
            self.verdicts_by_element.clear()
        text = [block for block in blocks if self.kept[block.number] and is_running_text(block)]
        if not text:
            text = [block for block in blocks if self.kept[block.number]]
        self.weights = Counter[html.HtmlElement]()
        for block in text:
            for element in block.ancestors:
                self.weights[element] += len(block.tokens)
        self.total = sum(len(block.tokens) for block in text)
        self.homes = {_find_home(block) for block in text}
        self.signatures = Counter(_signature(_find_home(block)) for block in text)
        self.first = text[0].number if text else len(blocks)
        self.last = text[-1].number if text else -1

    def verdicts(self) -> list[Verdict]:
        if self.total:
            self._pardon()
            self._restore_missed()
            self._cut()
        return [self._judge(block) for block in self.blocks]

    def _keep_plain_text(self) -> None:
        """Keep the running text outside boilerplate, or else all text outside it.

        Used where the library finds no article.
        """
        plain = [
            block for block in self.blocks if self._judge_surroundings(block) is None and not self._is_headline(block)
        ]
        text = [block for block in plain if is_running_text(block)]
        for block in text or [block for block in plain if block.linked * 2 < block.length]:
            self.kept[block.number] = True

    def _pardon(self) -> None:
        """Collect names that suggest boilerplate but hold much of the article."""
        named = Counter[Verdict]()
        for block in self.blocks:
            if self.kept[block.number] and is_running_text(block) and (verdict := self._judge_surroundings(block)):
                named[verdict] += len(block.tokens)
        self.pardoned = {verdict for verdict, count in named.items() if count > _MUCH_OF_IT * self.total}
        self.verdicts_by_element.clear()

    # ── Restore what the library missed ───────────────────────────────────────────────────────────

    def _restore_missed(self) -> None:
        scope = self._find_scope()
        headline = self._find_headline()
        for block in self.blocks:
            if self.kept[block.number] or scope not in block.ancestors or self._judge_surroundings(block):
                continue
            home = _find_home(block)
            if self.first < block.number < self.last:
                # A line between two paragraphs of the same element belongs to the article, however short it is.
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

    def _find_scope(self) -> html.HtmlElement:
        """Return the smallest element that holds the article, or one slightly larger."""
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

    def _find_headline(self) -> int | None:
        before = [block.number for block in self.blocks[: self.first] if self._is_headline(block)]
        return before[-1] if before else None

    def _is_headline(self, block: Block) -> bool:
        return block.element.tag == "h1" or tuple(words(block.text)) in self.headlines

    # ── Cut what the library wrongly included ─────────────────────────────────────────────────────

    def _cut(self) -> None:
        below_related = False
        kept = [block for block in self.blocks if self.kept[block.number]]
        tail = {block.number for block in kept[-_TAIL:]}
        for block in kept:
            verdict = (
                self._judge_surroundings(block)
                or self._judge_above_text(block)
                or self._judge_line(block, block.number in tail)
            )
            linked = block.linked >= 0.8 * block.length
            heading = is_list_heading(block.text)
            listed = below_related and (linked or block.element.tag == "li")
            if verdict is None and (
                heading or listed or (linked and block.number > self.last and not is_running_text(block))
            ):
                verdict = Verdict("teaser", "links to other stories")
            below_related = listed or (verdict is not None and verdict.kind == "teaser")
            if verdict is not None:
                self._drop(block, verdict)
        self._cut_company_description()
        self._cut_trailing_headings()

    def _drop(self, block: Block, verdict: Verdict) -> None:
        self.kept[block.number] = False
        self.cut[block.number] = verdict

    def _judge_surroundings(self, block: Block) -> Verdict | None:
        """Judge a block by the names of the elements around it.

        Elements that hold much of the article are skipped.
        """
        if block.element not in self.verdicts_by_element:
            climbed = []
            verdict = None
            for element in block.ancestors:
                if element in self.verdicts_by_element:
                    verdict = self.verdicts_by_element[element]
                    break
                climbed.append(element)
                if self.total and self.weights[element] > _MUCH_OF_IT * self.total:
                    break
                if (verdict := judge_element(element)) and verdict not in self.pardoned:
                    break
                verdict = None
            self.verdicts_by_element.update(dict.fromkeys(climbed, verdict))
        if verdict := self.verdicts_by_element[block.element]:
            return verdict
        alone = self.blocks_in[block.element.getparent()] == 1
        return Verdict("caption", "a line under a picture") if _is_caption(block, alone) else None

    def _judge_above_text(self, block: Block) -> Verdict | None:
        heading = block.element.tag in _HEADINGS
        if self._is_headline(block) and (block.number <= self.first or tuple(words(block.text)) in self.headlines):
            return Verdict("headline", "the headline, above the text")
        if block.number <= self.first and block.element.tag in _TITLES:
            return Verdict("headline", "a heading between the headline and the text")
        if block.number >= self.first:
            return None
        if heading and _find_home(block) not in self.homes:
            return Verdict("headline", "a heading between the headline and the text")
        if not heading and len(block.tokens) <= _MOST_WORDS_IN_DATE_LINE and is_date_line(block.text):
            return Verdict("boilerplate", "publication date")
        return None

    def _judge_line(self, block: Block, in_tail: bool) -> Verdict | None:
        text = block.text
        if len(block.tokens) > _MOST_WORDS_IN_LINE:
            return None
        if is_copyright_line(text):
            return Verdict("boilerplate", "copyright notice")
        if text.startswith("©"):
            return Verdict("caption", "the credit of a picture")
        linked, ends = block.linked / block.length, ends_sentence(text)
        if is_other_story(text, linked, ends=ends):
            return Verdict("teaser", "a link to another story")
        if block.element.tag == "p" and linked > _ALL_LINK and len(block.tokens) >= 4 and not ends:
            return Verdict("teaser", "a paragraph that is only a link")
        if block.element.tag == "li" and self._is_in_list_of_links(block):
            return Verdict("teaser", "in a list of links")
        if is_list_of_keywords(text) and block.linked * 2 >= block.length:
            return Verdict("boilerplate", "keywords")
        return judge_small_print(text) if in_tail else None

    def _is_in_list_of_links(self, block: Block) -> bool:
        around = block.element.getparent()
        if around not in self.link_lists:
            self.link_lists[around] = _is_list_of_links(around)
        return self.link_lists[around]

    def _cut_company_description(self) -> None:
        """Cut the company description below a press release."""
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
                        self._drop(rest, Verdict("boilerplate", f"below “{block.text}”: about the publisher"))
                return

    def _cut_trailing_headings(self) -> None:
        """Cut headings at the end that no text of the article follows."""
        for block in reversed(self.blocks):
            if not self.kept[block.number]:
                continue
            if block.element.tag not in _HEADINGS:
                return
            self._drop(block, Verdict("teaser", "a heading with no text below it"))

    # ── Judge a block ─────────────────────────────────────────────────────────────────────────────

    def _judge(self, block: Block) -> Verdict:
        if block.number in self.cut:
            return self.cut[block.number]
        if self.kept[block.number]:
            if block.element.tag in _HEADINGS:
                return Verdict("subheading", "a heading within the text")
            return Verdict("body")
        if verdict := self._judge_surroundings(block):
            return verdict
        if self._is_headline(block):
            return Verdict("headline", "the page's heading")
        if block.linked >= 0.8 * block.length and len(block.tokens) >= 4:
            return Verdict("teaser", "a link outside the article's text")
        return Verdict("boilerplate", "outside the article's text")


def _find_extracted(blocks: Sequence[Block], extracted: str) -> list[bool]:
    """Return for each block whether most of it was extracted."""
    found = iter(match_words([word for block in blocks for word in block.tokens], re.findall(r"\w+", extracted)))
    covered = []
    for block in blocks:
        hits = sum(next(found) for _ in block.tokens)
        covered.append(hits * 2 > len(block.tokens))
    return covered


def _find_home(block: Block) -> html.HtmlElement:
    """Return the element that holds the paragraphs next to a block."""
    for element in block.ancestors[1:] if block.element.tag in _WITHIN_TEXT else block.ancestors:
        if element.tag not in _WITHIN_TEXT:
            return element
    return block.ancestors[-1]


def _signature(element: html.HtmlElement) -> tuple[str, ...]:
    """Return the tag and names that elements of one kind share."""
    return (element.tag, *sorted(names_of(element)))


def _is_caption(block: Block, alone: bool) -> bool:
    """Whether a block is a short text in a figure or the only text next to a picture."""
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
