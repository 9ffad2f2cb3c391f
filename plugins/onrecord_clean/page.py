"""An HTML page as a reader sees it: blocks of text, in order, each with the elements that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

from lxml import etree, html

_UNSEEN = frozenset(
    (
        "audio", "base", "canvas", "datalist", "embed", "frame", "frameset", "iframe", "link", "map", "math", "meta",
        "noembed", "noframes", "noscript", "object", "param", "rp", "script", "style", "svg", "template", "video",
    )
)  # fmt: skip
"""Elements whose text no browser shows as text. The head as such is not among them: where a page leaves out `<body>`,
the parser takes elements that it does not know, such as `<article>`, for parts of the head."""
_INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "basefont", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
        "font", "i", "img", "input", "ins", "kbd", "label", "mark", "meter", "nobr", "output", "picture", "progress",
        "q", "rb", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
        "var", "wbr",
    )
)  # fmt: skip
"""Elements that do not end the line that they stand in; so does not any with a name of its own (`x-y`)."""
_EMPHASIS = frozenset({"b", "strong", "em", "i"})
_LINE_BREAK = "\n"
_ANCESTORS = 60
_DEEPEST = 2_000
"""Where libxml2 stops reading, 48 elements aside."""
_WRAPPERS = re.compile(
    r"</?(?:div|span|section|article|main|center|font|table|tbody|tr|td|ul|ol|blockquote|b|i|em|strong|u|small)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
"""Tags that a page can lose and still be read as paragraphs."""
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_LARGEST = 20_000_000
"""Characters of source from which on a page is refused."""
_INSET = re.compile(
    r"(?:^|\s)(?:\S*(?:popup|pop-up|popover|tooltip|hover-?card|rollover\S*block)\S*"
    r"|sr-only|screen-?reader\S*|visually-?hidden\S*|assistive-text)(?:\s|$)",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\xad\u200b-\u200d\u2060\ufeff\ud800-\udfff]+")
"""Control characters, hyphenation hints, zero-width marks, and halves of characters."""
_XML_DECLARATION = re.compile(r"\s*\ufeff?<\?xml\b[^>]*>", re.IGNORECASE)


@dataclass(slots=True)
class Line:
    """A line of a block: as far as the next `<br>`, or in `<pre>` the next line end."""

    text: str
    joins: bool = False
    """Whether it goes on with the paragraph of the line before it."""


@dataclass
class Block:
    """A stretch of text that stands by itself: a paragraph, a heading, an item, a cell, or loose text between them."""

    number: int
    """Its place in the page, from 0."""
    element: html.HtmlElement
    """The innermost block element around it."""
    lines: list[Line]
    linked: int = 0
    """Characters that are links."""
    length: int = 0
    """Characters in all, white space apart."""
    bold: int = 0
    """Characters in bold or emphasised elements."""

    @cached_property
    def text(self) -> str:
        """The text on one line."""
        return " ".join(line.text for line in self.lines)

    @cached_property
    def tokens(self) -> list[str]:
        """The words."""
        return re.findall(r"\w+", self.text)

    @cached_property
    def ancestors(self) -> list[html.HtmlElement]:
        """The element and those around it, innermost first; only so many, lest deep nesting take all memory."""
        return [self.element, *islice(self.element.iterancestors(), _ANCESTORS)]


@dataclass
class Page:
    """A parsed page."""

    root: html.HtmlElement
    blocks: list[Block]
    depth: int
    """How deep elements are nested."""
    elements: int
    """How many there are."""


def read_page(source: str) -> Page | None:
    """Read a page, whatever its markup is worth; None if there is nothing in it.

    Raises ValueError for one that is too large to be a news page.
    """
    if len(source) > _LARGEST:
        raise ValueError(
            f"the page has {len(source):,} characters, more than the {_LARGEST:,} that are read: if it is one "
            "article, take out what is not text (embedded pictures, data), or give it as plain text"
        )
    source = _XML_DECLARATION.sub("", source.replace("\0", ""), count=1)
    if not source.strip():
        return None
    page = _parsed(source)
    if page and page.depth >= _DEEPEST:
        page = _parsed(_WRAPPERS.sub(" ", source))
        if page and page.depth >= _DEEPEST:
            raise ValueError(
                f"elements of the page are nested {_DEEPEST:,} deep and more, beyond which a parser reads nothing: "
                "the page is broken; take the markup out and give it as plain text"
            )
    return page


def _parsed(source: str) -> Page | None:
    parser = html.HTMLParser(encoding="utf-8", remove_pis=True, remove_comments=True, huge_tree=True)
    try:
        root = html.document_fromstring(source.encode("utf-8", "ignore"), parser=parser, ensure_head_body=True)
    except etree.ParserError:
        return None
    reader = _Reader(root)
    return Page(root, list(reader.blocks()), reader.depth, reader.elements)


class _Reader:
    """Walks a tree, without recursion, and collects text until a block element begins or ends."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.root = root
        self.title = root.find(".//head/title")
        self.count = self.depth = self.elements = 0
        self.last: html.HtmlElement | None = None
        """The element of the block before an inset, until the text around it goes on."""
        self._clear()

    def _clear(self) -> None:
        self.pieces: list[str] = []
        self.linked = self.length = self.bold = 0

    def blocks(self) -> Iterator[Block]:
        yield from self._title()
        around: list[html.HtmlElement] = []
        insets: list[html.HtmlElement] = []
        links = bolds = pres = depth = 0
        walk = etree.iterwalk(self.root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag if isinstance(element.tag, str) else ""
            unseen = tag in _UNSEEN or not tag or element is self.title
            inline = tag in _INLINE or "-" in tag
            if event == "start":
                self.elements += 1
                depth += 1
                self.depth = max(self.depth, depth)
                if unseen:
                    walk.skip_subtree()
                    continue
                if tag == "br":
                    self.pieces.append(_LINE_BREAK)
                elif not inline:
                    if around:
                        yield from self._block(around[-1])
                    around.append(element)
                elif around and _is_inset(element):
                    yield from self._block(around[-1])
                    self.last = None
                    around.append(element)
                    insets.append(element)
                links += tag == "a"
                bolds += tag in _EMPHASIS
                pres += tag == "pre"
                self._text(element.text, links, bolds, pres)
                continue
            depth -= 1
            if not unseen:
                links -= tag == "a"
                bolds -= tag in _EMPHASIS
                pres -= tag == "pre"
                if tag != "br" and not inline:
                    yield from self._block(around.pop())
                elif insets and insets[-1] is element:
                    yield from self._block(around.pop())
                    insets.pop()
                    self.last = around[-1]
            if element is not self.root:
                self._text(element.tail, links, bolds, pres)

    def _title(self) -> Iterator[Block]:
        """The page's title, which a browser shows above the page."""
        if self.title is not None and self.title.text:
            self._text(self.title.text, 0, 0, 0)
            yield from self._block(self.title)

    def _text(self, text: str | None, links: int, bolds: int, pres: int) -> None:
        if not text:
            return
        self.pieces.append(text if pres else text.replace("\n", " "))
        if seen := len(text) if links or bolds else 0:
            self.linked += seen if links else 0
            self.bold += seen if bolds else 0
        self.length += len(text) if not text.isspace() else 0

    def _block(self, element: html.HtmlElement) -> Iterator[Block]:
        if not self.pieces:
            return
        # An empty line, as two line breaks make one, parts paragraphs.
        text = "".join(self.pieces)
        if not text.isascii() or not text.isprintable():
            text = _INVISIBLE.sub("", text)
        runs = _EMPTY_LINE.split(text)
        linked, length, bold = self.linked, self.length, self.bold
        self._clear()
        for run in runs:
            lines = [Line(text) for line in run.split("\n") if (text := " ".join(line.split()))]
            for before, line in pairwise(lines):
                line.joins = line.text[:1].islower() and before.text[-1] not in ".!?:"
            if lines:
                lines[0].joins, self.last = self.last is element and run is runs[0], None
                share = min(sum(len(line.text) for line in lines) / (length or 1), 1) if len(runs) > 1 else 1
                yield Block(
                    self.count, element, lines, round(linked * share), round(length * share) or 1, round(bold * share)
                )
                self.count += 1


def _is_inset(element: html.HtmlElement) -> bool:
    """Whether it opens above the text, or is for those who hear the page: by its name."""
    names = element.get("class")
    return bool(names) and _INSET.search(names[:500]) is not None
