"""HTML pages as a reader sees them: blocks of text in order, with their elements."""

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
"""Elements whose text browsers do not display. `<head>` is not one of them: if a page omits `<body>`, the parser puts
unknown elements such as `<article>` into the head."""
_INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "basefont", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
        "font", "i", "img", "input", "ins", "kbd", "label", "mark", "meter", "nobr", "output", "picture", "progress",
        "q", "rb", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
        "var", "wbr",
    )
)  # fmt: skip
"""Elements that do not end a line. Custom elements (`x-y`) do not either."""
_EMPHASIS = frozenset({"b", "strong", "em", "i"})
_LINE_BREAK = "\n"
_ANCESTORS = 60
_DEEPEST = 2_000
"""Depth at which libxml2 stops reading, less a margin of 48 elements."""
_WRAPPERS = re.compile(
    r"</?(?:div|span|section|article|main|center|font|table|tbody|tr|td|ul|ol|blockquote|b|i|em|strong|u|small)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
"""Tags that can be removed while the paragraphs stay readable."""
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_LARGEST = 20_000_000
"""In characters of source. Larger pages are refused."""
_INSET = re.compile(
    r"(?:^|\s)(?:\S*(?:popup|pop-up|popover|tooltip|hover-?card|rollover\S*block)\S*"
    r"|sr-only|screen-?reader\S*|visually-?hidden\S*|assistive-text)(?:\s|$)",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\xad\u200b-\u200d\u2060\ufeff\ud800-\udfff]+")
"""Control characters, soft hyphens, zero-width marks and surrogates."""
_XML_DECLARATION = re.compile(r"\s*\ufeff?<\?xml\b[^>]*>", re.IGNORECASE)


@dataclass(slots=True)
class Line:
    """A line of a block: up to the next `<br>`, or in `<pre>` the next line end."""

    text: str
    joins: bool = False
    """Whether it continues the paragraph of the previous line."""


@dataclass
class Block:
    """A separate stretch of text: paragraph, heading, item, cell, or loose text."""

    number: int
    """Position in the page, from 0."""
    element: html.HtmlElement
    """The innermost block element around it."""
    lines: list[Line]
    linked: int = 0
    """Characters in links."""
    length: int = 0
    """Characters without white space."""
    bold: int = 0
    """Characters in bold or emphasized elements."""

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
        """The element and its ancestors, innermost first.

        Limited in number, so that deep nesting does not exhaust memory.
        """
        return [self.element, *islice(self.element.iterancestors(), _ANCESTORS)]


@dataclass
class Page:
    """A parsed page."""

    root: html.HtmlElement
    blocks: list[Block]
    depth: int
    """Depth of nesting."""
    elements: int
    """Number of elements."""


def read_page(source: str) -> Page | None:
    """Read a page with any kind of markup; returns None if it is empty.

    Raises ValueError if it is too large or too deeply nested.
    """
    if len(source) > _LARGEST:
        raise ValueError(
            f"the page has {len(source):,} characters, more than the limit of {_LARGEST:,}: if it is one article, "
            "remove embedded pictures and data, or convert it to plain text"
        )
    source = _XML_DECLARATION.sub("", source.replace("\0", ""), count=1)
    if not source.strip():
        return None
    page = _parse(source)
    if page and page.depth >= _DEEPEST:
        page = _parse(_WRAPPERS.sub(" ", source))
        if page and page.depth >= _DEEPEST:
            raise ValueError(
                f"elements of the page are nested {_DEEPEST:,} deep or deeper, where the parser stops: "
                "the page is broken; convert it to plain text"
            )
    return page


def _parse(source: str) -> Page | None:
    parser = html.HTMLParser(encoding="utf-8", remove_pis=True, remove_comments=True, huge_tree=True)
    try:
        root = html.document_fromstring(source.encode("utf-8", "ignore"), parser=parser, ensure_head_body=True)
    except etree.ParserError:
        return None
    reader = _Reader(root)
    return Page(root, list(reader.blocks()), reader.depth, reader.elements)


class _Reader:
    """Walk a tree without recursion and collect text between block boundaries."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.root = root
        self.title = root.find(".//head/title")
        self.count = self.depth = self.elements = 0
        self.last: html.HtmlElement | None = None
        """The element of the block before an inset, until its text continues."""
        self._clear()

    def _clear(self) -> None:
        self.pieces: list[str] = []
        self.linked = self.length = self.bold = 0

    def blocks(self) -> Iterator[Block]:
        yield from self._read_title()
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
                        yield from self._finish_block(around[-1])
                    around.append(element)
                elif around and _is_inset(element):
                    yield from self._finish_block(around[-1])
                    self.last = None
                    around.append(element)
                    insets.append(element)
                links += tag == "a"
                bolds += tag in _EMPHASIS
                pres += tag == "pre"
                self._add_text(element.text, links, bolds, pres)
                continue
            depth -= 1
            if not unseen:
                links -= tag == "a"
                bolds -= tag in _EMPHASIS
                pres -= tag == "pre"
                if tag != "br" and not inline:
                    yield from self._finish_block(around.pop())
                elif insets and insets[-1] is element:
                    yield from self._finish_block(around.pop())
                    insets.pop()
                    self.last = around[-1]
            if element is not self.root:
                self._add_text(element.tail, links, bolds, pres)

    def _read_title(self) -> Iterator[Block]:
        """Yield the page's title, which browsers show above the page."""
        if self.title is not None and self.title.text:
            self._add_text(self.title.text, 0, 0, 0)
            yield from self._finish_block(self.title)

    def _add_text(self, text: str | None, links: int, bolds: int, pres: int) -> None:
        if not text:
            return
        self.pieces.append(text if pres else text.replace("\n", " "))
        if seen := len(text) if links or bolds else 0:
            self.linked += seen if links else 0
            self.bold += seen if bolds else 0
        self.length += len(text) if not text.isspace() else 0

    def _finish_block(self, element: html.HtmlElement) -> Iterator[Block]:
        if not self.pieces:
            return
        # Two line breaks make an empty line, which separates paragraphs.
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
    """Whether an element opens above the text or is for screen readers, by its name."""
    names = element.get("class")
    return bool(names) and _INSET.search(names[:500]) is not None
