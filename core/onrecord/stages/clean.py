"""Clean: from documents to articles, with a verdict on every stretch of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import PLUGIN_FAILURES, OnrecordError
from ..model.bookkeeping import CLEAN
from ..model.content import Article, Document, Segment
from ..model.draft import FIELDS, Draft
from ..model.identity import canonical_json, content_hash
from ..model.tables import STANDARD_TABLES
from ..plugins.components import Cleaner
from ..plugins.decoding import decode
from .builder import ResultBuilder
from .work import Batch, BatchResult


class UnreadableError(OnrecordError):
    """A document of a kind that no cleaner can read."""


def clean(batch: Batch, cleaners: Sequence[Cleaner], default_language: str) -> BatchResult:
    """Pass the batch's documents through all cleaners, in order.

    `batch.subjects` has the columns of `document` beside subject_id (the article's) and input_hash. A document
    on which a cleaner fails is quarantined; the article as read from an earlier version of it stays.
    """
    builder = ResultBuilder(batch)
    documents = STANDARD_TABLES["document"].rows(batch.subjects)
    for subject_id, document in zip(batch.subjects["subject_id"].to_pylist(), documents, strict=True):
        assert isinstance(document, Document)
        try:
            with builder.measure(CLEAN):
                article, segments = clean_document(document, cleaners, default_language)
        except PLUGIN_FAILURES as error:
            builder.fail(CLEAN, subject_id, error)
        else:
            builder.add(CLEAN, subject_id, [article, *segments])
    return builder.build()


def clean_document(
    document: Document, cleaners: Sequence[Cleaner], default_language: str
) -> tuple[Article, list[Segment]]:
    """Pass one document through all cleaners.

    Raises what a cleaner raises, with its name, ValueError for what is no text in any encoding, and UnreadableError.
    """
    draft = Draft(document)
    for _ in run_cleaners(draft, cleaners):
        pass
    return build_article(draft, default_language)


def run_cleaners(draft: Draft, cleaners: Sequence[Cleaner]) -> Iterator[Cleaner | None]:
    """Pass a draft through all cleaners; yields before the first and after each.

    Raises as `clean_document` does.
    """
    draft.cleaners = cleaners
    document = draft.document
    if document.media_type.startswith("text/") and document.media_type != "text/html":
        # What is between tags is text, but not in lines: that is for a cleaner that reads HTML.
        draft.read(decode(document.content, document.media_type))
    yield None
    for cleaner in cleaners:
        draft.cleaner = cleaner.name
        try:
            cleaner.clean(draft)
        except PLUGIN_FAILURES as error:
            error.add_note(f"raised by the cleaner {cleaner.name} {cleaner.version}")
            raise
        yield cleaner
    if not draft.is_read:
        raise UnreadableError(
            f"no cleaner reads {document.media_type}: {document.uri}, {len(document.content)} bytes; "
            "add a cleaner that does, or leave it out at its source"
        )


def build_article(draft: Draft, default_language: str) -> tuple[Article, list[Segment]]:
    """Build a draft's article; without a body its kind is empty, if not a worse one."""
    body, segments = draft.assemble()
    if not body.strip() and draft.kind in ("article", "stub"):
        kinds = sorted({segment.kind for segment in segments})
        draft.kind = "empty"
        draft.kind_reason = f"no running text is left; its stretches were: {', '.join(kinds) or 'none'}"
    identified = draft.language is not None and draft.language_confidence is not None
    fields = {name: getattr(draft, name) for name in FIELDS} | {
        "language": draft.language or default_language,
        "language_method": "identified" if identified else "stated" if draft.language else "default",
    }
    article = Article(
        article_id=draft.document.article_id,
        document_id=draft.document.document_id,
        body=body,
        body_hash=content_hash(body),
        content_hash=content_hash(body, canonical_json(fields)),
        word_count=len(body.split()),
        **fields,
    )
    return article, segments
