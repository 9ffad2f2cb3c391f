"""From HTML, Markdown and front matter to plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onrecord import Cleaner, Draft, decode

from .content import verdicts_on
from .extraction import extracted
from .kinds import LITTLE_PROSE
from .metadata import as_domain
from .page import Block, read_page
from .pagedata import PageData, page_data
from .paragraphs import ends_sentence
from .signs import Verdict

if TYPE_CHECKING:
    from markdown_it.token import Token

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TITLE = 3
"""Words from which on the beginning of a page's title can be the whole headline."""
_TITLE_OF_OTHER, _MANY_TITLES = 5, 15
"""Words from which on a link is the title of another story rather than a place in a menu; so many make a list."""
_WORDS_ON_EACH = 30
"""What a list says of each story at most, where titles stand among the text."""
_WITH_FRONT_MATTER = frozenset({"text/plain", "text/markdown"})


class HtmlText(Cleaner):
    """Reads an HTML page: its visible text in order, what of it is the article, and what the page says of itself.

    Every stretch of the page's text has a verdict; those outside the article are named by what they stand in.
    """

    name, version, order = "html_text", "3", 100

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type not in HTML_TYPES:
            return
        source = draft.text or decode(draft.document.content, draft.document.media_type)
        draft.read("")
        page = read_page(source)
        if page is None:
            return
        address = next(filter(as_domain, (draft.url, draft.document.uri)), None)
        data = page_data(page.root, address)
        headlines = [text for text in (draft.headline, *data.headlines) if text]
        verdicts = verdicts_on(page.blocks, extracted(page), headlines)
        draft.read("\n\n".join("\n".join(line.text for line in block.lines) for block in page.blocks))
        stretches = iter(draft.stretches)
        for block, verdict in zip(page.blocks, verdicts, strict=True):
            for line in block.lines:
                stretch = next(stretches)
                stretch.continues = line.joins
                if verdict.reason:
                    draft.mark(stretch, verdict.kind, verdict.reason)
        _fill(draft, data, page.blocks, verdicts)
        if not data.is_article and (reason := _lists_others(page.blocks, verdicts)):
            draft.kind, draft.kind_reason = "index", reason


def _fill(draft: Draft, data: PageData, blocks: Sequence[Block], verdicts: Sequence[Verdict]) -> None:
    """Take over what the page says, where the source said nothing."""
    headings = [block.text for block, verdict in zip(blocks, verdicts, strict=True) if verdict.kind == "headline"]
    headline = data.headline or next(iter(headings), None)
    # "Ferries sail again | Islands | The Daily": what stands above the text is the headline without the rest.
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


def _lists_others(blocks: Sequence[Block], verdicts: Sequence[Verdict]) -> str | None:
    """Why a page that does not say it is an article is a list of others: many titles with links, little else."""
    links = {block.number for block in blocks if block.linked == block.length and len(block.tokens) >= _TITLE_OF_OTHER}
    within = ("body", "subheading")
    kept = [block for block, verdict in zip(blocks, verdicts, strict=True) if verdict.kind in within]
    among = sum(block.number in links for block in kept)
    prose = sum(len(block.tokens) for block in kept if 2 * block.linked < block.length and ends_sentence(block.text))
    if len(links) < _MANY_TITLES or prose >= max(LITTLE_PROSE, _WORDS_ON_EACH * among):
        return None
    return f"links to {len(links)} other pages by title, and {prose} words of running text"


class MarkdownText(Cleaner):
    """Replaces Markdown by its text, a line for each paragraph, heading or item; its headings are marked."""

    name, version, order = "markdown_text", "1", 110

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type != "text/markdown":
            return
        from markdown_it import MarkdownIt

        begin = front_matter_end(draft.text)
        blocks = list(_blocks(MarkdownIt("commonmark").parse(draft.text[begin:])))
        draft.read(draft.text[:begin] + "\n\n" + "\n\n".join(text for text, _ in blocks))
        for stretch, (text, level) in zip(reversed(draft.stretches), reversed(blocks), strict=False):
            if level == 1 and draft.headline is None:
                draft.headline = text
            elif level > 1:
                draft.mark(stretch, "subheading", "a heading in Markdown")


class FrontMatter(Cleaner):
    """Cuts YAML front matter; it is the ingestor that reads it."""

    name, version, order = "front_matter", "1", 120

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type not in _WITH_FRONT_MATTER:
            return
        end = front_matter_end(draft.text)
        for stretch in draft.stretches:
            if stretch.end <= end:
                draft.mark(stretch, "metadata", "front matter: what is known of the article, not part of it")


def front_matter_end(text: str) -> int:
    """Where the YAML front matter at the head of a text ends; 0 where there is none."""
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


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Text of each block and, for a heading, its level; 0 for other blocks."""
    level = 0
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag.removeprefix("h"))
        elif token.type == "heading_close":
            level = 0
        lines = (
            _inline(token.children or ())
            if token.type == "inline"
            else token.content.splitlines()
            if token.type in ("fence", "code_block")
            else ()
        )
        for line in lines:
            if text := " ".join(line.split()):
                yield text, level


def _inline(tokens: Sequence[Token]) -> list[str]:
    """The lines of a block: text without emphasis, links and images; only a forced line break ends a line."""
    breaks = {"softbreak": " ", "hardbreak": "\n"}
    kept = ("text", "code_inline", "text_special")
    return "".join(breaks.get(token.type) or (token.content if token.type in kept else "") for token in tokens).split(
        "\n"
    )
