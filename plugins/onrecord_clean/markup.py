"""Plain text from HTML, Markdown and front matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onrecord import Cleaner, Draft, decode

from .content import judge_blocks
from .extraction import extract_text
from .kinds import LITTLE_PROSE
from .metadata import as_domain
from .page import Block, read_page
from .pagedata import PageData, read_page_data
from .paragraphs import ends_sentence
from .signs import Verdict

if TYPE_CHECKING:
    from markdown_it.token import Token

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TITLE = 3
"""In words. The shortest part of a page title that can be the whole headline."""
_TITLE_OF_OTHER, _MANY_TITLES = 5, 15
"""Words that make a link a story's title and not a menu entry, and number of such links that make a list."""
_WORDS_ON_EACH = 30
"""Most words per story on a list that mixes titles with text."""
_WITH_FRONT_MATTER = frozenset({"text/plain", "text/markdown"})


class HtmlText(Cleaner):
    """Read the visible text of an HTML page, find the article, and read its metadata.

    Every stretch of the text gets a verdict; outside the article, the reason names the element around it.
    """

    name, version, order = "html_text", "4", 100

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type not in HTML_TYPES:
            return
        source = draft.text or decode(draft.document.content, draft.document.media_type)
        draft.read("")
        page = read_page(source)
        if page is None:
            return
        address = next(filter(as_domain, (draft.url, draft.document.uri)), None)
        data = read_page_data(page.root, address)
        headlines = [text for text in (draft.headline, *data.headlines) if text]
        verdicts = judge_blocks(page.blocks, extract_text(page), headlines)
        draft.read("\n\n".join("\n".join(line.text for line in block.lines) for block in page.blocks))
        stretches = iter(draft.stretches)
        for block, verdict in zip(page.blocks, verdicts, strict=True):
            for line in block.lines:
                stretch = next(stretches)
                stretch.continues = line.joins
                if verdict.reason:
                    draft.mark(stretch, verdict.kind, verdict.reason)
        _fill(draft, data, page.blocks, verdicts)
        if not data.is_article and (reason := _explain_list(page.blocks, verdicts)):
            draft.kind, draft.kind_reason = "index", reason


def _fill(draft: Draft, data: PageData, blocks: Sequence[Block], verdicts: Sequence[Verdict]) -> None:
    """Fill the fields that the source left empty from the page's metadata."""
    headings = [block.text for block, verdict in zip(blocks, verdicts, strict=True) if verdict.kind == "headline"]
    headline = data.headline or next(iter(headings), None)
    # "Ferries sail again | Islands | The Daily": the heading above the text is the headline without the rest.
    shorter = (text for text in headings if headline and headline.startswith(text) and len(text.split()) >= _TITLE)
    draft.headline = draft.headline or next(shorter, headline)
    draft.byline = draft.byline or data.byline
    draft.outlet = draft.outlet or data.outlet
    draft.credit = draft.credit or data.credit
    draft.section = draft.section or data.section
    draft.url = data.url or draft.url
    draft.outlet_domain = draft.outlet_domain or as_domain(draft.url)
    draft.language = draft.language or data.language
    if draft.published_at is None and data.published:
        draft.published_at, draft.published_precision, draft.published_method = data.published
    if draft.modified_at is None and data.modified:
        draft.modified_at = data.modified.at


def _explain_list(blocks: Sequence[Block], verdicts: Sequence[Verdict]) -> str | None:
    """Return why a page is a list of others: many linked titles, little text.

    For pages that do not declare themselves articles. None if it is no list.
    """
    links = {block.number for block in blocks if block.linked == block.length and len(block.tokens) >= _TITLE_OF_OTHER}
    within = ("body", "subheading")
    kept = [block for block, verdict in zip(blocks, verdicts, strict=True) if verdict.kind in within]
    among = sum(block.number in links for block in kept)
    prose = sum(len(block.tokens) for block in kept if 2 * block.linked < block.length and ends_sentence(block.text))
    if len(links) < _MANY_TITLES or prose >= max(LITTLE_PROSE, _WORDS_ON_EACH * among):
        return None
    return f"links to {len(links)} other pages by title, and {prose} words of running text"


class MarkdownText(Cleaner):
    """Replace Markdown by its text, a line per paragraph, heading or item.

    Headings are marked as subheadings.
    """

    name, version, order = "markdown_text", "1", 110

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type != "text/markdown":
            return
        from markdown_it import MarkdownIt

        begin = find_front_matter_end(draft.text)
        blocks = list(_read_blocks(MarkdownIt("commonmark").parse(draft.text[begin:])))
        draft.read(draft.text[:begin] + "\n\n" + "\n\n".join(text for text, _ in blocks))
        for stretch, (text, level) in zip(reversed(draft.stretches), reversed(blocks), strict=False):
            if level == 1 and draft.headline is None:
                draft.headline = text
            elif level > 1:
                draft.mark(stretch, "subheading", "a heading in Markdown")


class FrontMatter(Cleaner):
    """Cut YAML front matter, which the ingestor has read."""

    name, version, order = "front_matter", "2", 120

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type not in _WITH_FRONT_MATTER:
            return
        end = find_front_matter_end(draft.text)
        for stretch in draft.stretches:
            if stretch.end <= end:
                draft.mark(stretch, "metadata", "front matter: metadata, not text")


def find_front_matter_end(text: str) -> int:
    """Return where YAML front matter ends; 0 without any."""
    if not text.startswith("---"):
        return 0
    import yaml
    from frontmatter.default_handlers import YAMLHandler

    handler = YAMLHandler()
    try:
        if not handler.detect(text):
            return 0
        between, rest = handler.split(text)
        return len(text) - len(rest) if isinstance(handler.load(between), dict) else 0
    except (ValueError, yaml.YAMLError):
        return 0


def _read_blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Yield the text and heading level of each block; level 0 for other blocks."""
    level = 0
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag.removeprefix("h"))
        elif token.type == "heading_close":
            level = 0
        lines = (
            _read_inline(token.children or ())
            if token.type == "inline"
            else token.content.splitlines()
            if token.type in ("fence", "code_block")
            else ()
        )
        for line in lines:
            if text := " ".join(line.split()):
                yield text, level


def _read_inline(tokens: Sequence[Token]) -> list[str]:
    """Return the lines of a block without emphasis, links and images.

    Only a hard line break ends a line.
    """
    breaks = {"softbreak": " ", "hardbreak": "\n"}
    kept = ("text", "code_inline", "text_special")
    return "".join(breaks.get(token.type) or (token.content if token.type in kept else "") for token in tokens).split(
        "\n"
    )
