"""Clean: from documents to articles, with a verdict on every stretch of their text."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from ..components import Cleaner
from ..draft import Draft, decoded
from ..errors import OnrecordError
from ..identity import canonical_json, content_hash
from ..records import STANDARD_TABLES, Article, Document, Segment
from .batch import CLEAN, Batch, Book, Outcome, Tally


class NothingLeft(OnrecordError):
    """A document that has no running text after cleaning."""


def clean(batch: Batch, cleaners: Sequence[Cleaner], default_language: str) -> Outcome:
    """Pass the batch's documents through all cleaners, in order.

    `batch.subjects` has the columns of `document` beside subject_id (the article's) and input_hash. A document
    on which a cleaner fails is quarantined; the article as read from an earlier version of it stays.
    """
    book, tally = Book(batch), Tally(subjects=len(batch))
    articles: list[tuple[str, Article]] = []
    segments: list[tuple[str, Segment]] = []
    documents = STANDARD_TABLES["document"].rows(batch.subjects)
    for subject_id, document in zip(batch.subjects["subject_id"].to_pylist(), documents, strict=True):
        begun = perf_counter()
        assert isinstance(document, Document)
        try:
            article, verdicts = cleaned(document, cleaners, default_language)
        except (Exception, SystemExit) as error:
            book.failed(CLEAN, ", ".join(f"{c.name} {c.version}" for c in cleaners), subject_id, error)
            tally.failed += 1
        else:
            articles.append((subject_id, article))
            segments.extend((subject_id, segment) for segment in verdicts)
            book.done(CLEAN, subject_id)
            tally.done += 1
        finally:
            tally.seconds += perf_counter() - begun
    tally.rows = len(articles) + len(segments)
    return Outcome(
        batch.stage,
        batch.number,
        tables={
            "article": STANDARD_TABLES["article"].arrow(articles),
            "segment": STANDARD_TABLES["segment"].arrow(segments),
            **book.tables(),
        },
        replaced={CLEAN: [article_id for article_id, _ in articles]},
        tallies={CLEAN: tally},
    )


def cleaned(document: Document, cleaners: Sequence[Cleaner], default_language: str) -> tuple[Article, list[Segment]]:
    """Pass one document through all cleaners. Raises what a cleaner raises, with its name, and NothingLeft."""
    draft = Draft(document)
    if document.media_type.startswith("text/"):
        draft.read(decoded(document.content))
    for cleaner in cleaners:
        draft.cleaner = cleaner.name
        try:
            cleaner.clean(draft)
        except (Exception, SystemExit) as error:
            error.add_note(f"raised by the cleaner {cleaner.name} {cleaner.version}")
            raise
    return finished(draft, default_language)


def finished(draft: Draft, default_language: str) -> tuple[Article, list[Segment]]:
    """The article that a draft has become. Raises NothingLeft for one without a body."""
    body, segments = draft.assemble()
    if not body.strip():
        kinds = sorted({segment.kind for segment in segments})
        raise NothingLeft(
            f"no running text is left of {draft.document.uri} ({draft.document.media_type}, "
            f"{len(draft.document.content)} bytes); its stretches were: {', '.join(kinds) or 'none'}"
        )
    fields = {
        "headline": draft.headline,
        "outlet": draft.outlet,
        "outlet_domain": draft.outlet_domain,
        "byline": draft.byline,
        "credit": draft.credit,
        "dateline": draft.dateline,
        "published_at": draft.published_at,
        "published_precision": draft.published_precision,
        "published_method": draft.published_method,
        "language": draft.language or default_language,
    }
    article = Article(
        article_id=draft.document.article_id,
        document_id=draft.document.document_id,
        body=body,
        body_hash=content_hash(body),
        content_hash=content_hash(body, canonical_json(fields)),
        word_count=len(body.split()),
        **fields,  # type: ignore[arg-type]
    )
    return article, segments
