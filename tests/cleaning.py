"""Documents cleaned by the built-in cleaners, as the clean stage does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from onrecord import Article, Cleaner, Document, Segment, identify
from onrecord.stages.clean import clean_document
from onrecord_clean import register_cleaners


@dataclass
class Cleaned:
    """An article and the segments of its document."""

    article: Article
    segments: list[Segment]

    @property
    def paragraphs(self) -> list[str]:
        return self.article.body.split("\n\n")

    def text(self, segment: Segment) -> str:
        if segment.text is not None:
            return segment.text
        return self.article.body[segment.body_start : segment.body_end]

    def of_kind(self, kind: str) -> list[str]:
        return [self.text(segment) for segment in self.segments if segment.kind == kind]


def cleaners() -> list[Cleaner]:
    """Return the cleaners in order."""
    registered: list[Cleaner] = []
    register_cleaners(registered.append)
    return sorted(registered, key=lambda cleaner: (cleaner.order, cleaner.name))


CLEANERS = cleaners()


def document(content: str | bytes, metadata: dict[str, Any] | None = None, media_type: str = "text/plain") -> Document:
    """Make a document like an ingestor's."""
    content = content.encode() if isinstance(content, str) else content
    return Document(
        document_id=identify("document", repr(content)),
        article_id=identify("article", repr(content)),
        uri="file:///article",
        ingestor="test",
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
        media_type=media_type,
        content_hash="",
        content=content,
        metadata=metadata or {},
    )


def clean(content: str | bytes, metadata: dict[str, Any] | None = None, media_type: str = "text/plain") -> Cleaned:
    """Clean a document with all cleaners."""
    return Cleaned(*clean_document(document(content, metadata, media_type), CLEANERS, "en"))


def clean_again(once: Cleaned) -> Cleaned:
    """Clean the cleaned body with the known fields of the article."""
    known = {key: getattr(once.article, key) for key in ("headline", "byline", "credit")}
    return clean(once.article.body, {key: value for key, value in known.items() if value})
