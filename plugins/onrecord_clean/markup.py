"""From HTML, Markdown and front matter to plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onrecord import Cleaner, Draft, decoded

from .metadata import as_date, as_domain, as_language, as_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_WITH_FRONT_MATTER = frozenset({"text/plain", "text/markdown"})


class HtmlText(Cleaner):
    """Takes the article's text out of an HTML page, and what the page says of it where nothing is known."""

    name, version, order = "html_text", "1", 100

    def clean(self, draft: Draft) -> None:
        if draft.document.media_type not in _HTML:
            return
        import trafilatura
        from trafilatura.settings import Document as Extracted

        source = draft.text or decoded(draft.document.content)
        # trafilatura takes only whole pages; a fragment is made one.
        page = trafilatura.load_html(source)
        if page is None:
            page = trafilatura.load_html(f"<html><body>{source}</body></html>")
        if page is None:
            draft.read("")
            return
        language = as_language(page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang"))
        found = trafilatura.bare_extraction(
            page,
            include_comments=False,
            with_metadata=True,
            # Only dates that the page states, not ones found in its text; and the same on any day.
            date_extraction_params={"extensive_search": False, "original_date": True, "max_date": "2100-01-01"},
        )
        if not isinstance(found, Extracted):
            draft.read(trafilatura.html2txt(page))
            draft.language = draft.language or language
            return
        draft.read(found.text or "")
        draft.headline = draft.headline or as_text(found.title)
        draft.byline = draft.byline or as_text(found.author)
        draft.outlet = draft.outlet or as_text(found.sitename)
        draft.outlet_domain = draft.outlet_domain or as_domain(found.url)
        draft.language = draft.language or as_language(found.language) or language
        if draft.published_at is None and (published := as_date(found.date)):
            draft.published_at, draft.published_precision = published
            draft.published_method = "html"


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
