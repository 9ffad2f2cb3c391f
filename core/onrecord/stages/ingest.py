"""Ingest: from items that an ingestor listed to documents."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

import pyarrow as pa

from ..config.settings import RunSettings
from ..errors import PLUGIN_FAILURES, TooLargeError, TransientError
from ..limits import BackgroundCaller, TimeLimitError
from ..model.content import Document, SourceItem
from ..model.identity import canonical_json, content_hash, identify
from ..plugins.components import Fetched, Ingestor, Item
from .work import Batch, BatchResult, Book, Counters, Made

ITEM_SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("component", pa.string()),
        ("input_hash", pa.string()),
        ("uri", pa.string()),
        ("language", pa.string()),
        ("place", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
"""Items as subjects, with the columns that the ledger asks of subjects: input_hash is the item's token."""


_MOST_HUNG = 3
"""After so many fetches of a batch that hang, their source is thought to be out of reach for now."""


def discover(ingestor: Ingestor, seconds: float | None = None) -> pa.Table:
    """What an ingestor lists, as subjects with ITEM_SCHEMA; a URI that is listed twice counts once.

    Raises HungError when it takes longer than `seconds`.
    """
    if seconds is not None:
        aside = BackgroundCaller(seconds)
        try:
            return aside.call(discover, ingestor)
        finally:
            aside.close()
    items = {item.uri: item for item in ingestor.discover()}
    uris = list(items)
    columns = [
        pa.array([str(identify("article", uri)) for uri in uris], pa.string()),
        pa.array([ingestor.name] * len(uris), pa.string()),
        pa.array([items[uri].token for uri in uris], pa.string()),
        pa.array(uris, pa.string()),
        pa.nulls(len(uris), pa.string()),
        pa.array(range(len(uris)), pa.int64()),
        pa.array([items[uri].size for uri in uris], pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=ITEM_SCHEMA)


def ingest(batch: Batch, ingestor: Ingestor, settings: RunSettings) -> BatchResult:
    """Fetch the batch's items, each within the limits of bytes and seconds.

    `batch.subjects` has the columns of ITEM_SCHEMA. An item that is too large or cannot be fetched is quarantined and
    leaves what was fetched of it before in place.
    """
    book, counters = Book(batch), Counters(subjects=len(batch))
    made: dict[str, Made] = {}
    aside, hung = BackgroundCaller(settings.fetch_seconds), 0
    for subject in batch.subjects.to_pylist():
        item = Item(subject["uri"], subject["input_hash"], subject["bytes"], settings.document_bytes)
        begun = perf_counter()
        try:
            if hung >= _MOST_HUNG:
                raise TransientError(f"not tried, since {hung} fetches before it hung")
            document = aside.call(fetch_document, ingestor, item)
        except TimeLimitError as error:
            hung += 1
            late = TransientError(f"the fetch {error}; `fetch_seconds` in [run] says how long it may take")
            book.failed(ingestor.name, ingestor.version, subject["subject_id"], late)
        except PLUGIN_FAILURES as error:
            book.failed(ingestor.name, ingestor.version, subject["subject_id"], error)
        else:
            listing = SourceItem(
                article_id=document.article_id,
                uri=item.uri,
                ingestor=ingestor.name,
                document_id=document.document_id,
            )
            made[subject["subject_id"]] = {"document": [document], "source_item": [listing]}
        finally:
            counters.seconds += perf_counter() - begun
    aside.close()
    tables = book.stored(ingestor.name, ingestor.version, made)
    counters.done = counters.rows = len(made)
    counters.failed = len(batch) - len(made)
    return BatchResult(
        batch.stage,
        batch.number,
        tables=tables,
        replaced={ingestor.name: list(made)},
        counters={ingestor.name: counters},
    )


def fetch_document(ingestor: Ingestor, item: Item) -> Document:
    """Fetch one item as a document row. Raises TooLargeError, and what the ingestor raises."""
    if item.size > item.limit:
        raise TooLargeError(item.uri, item.limit, item.size)
    got = ingestor.fetch(item)
    if len(got.content) > item.limit:
        raise TooLargeError(item.uri, item.limit, len(got.content))
    return build_document(got, item, ingestor.name)


def build_document(got: Fetched, item: Item, ingestor: str) -> Document:
    """What was fetched, with its identifiers, as a row of `document`."""
    digest = content_hash(got.content, got.media_type, canonical_json(got.metadata))
    return Document(
        document_id=identify("document", item.uri, digest),
        article_id=identify("article", item.uri),
        uri=item.uri,
        ingestor=ingestor,
        fetched_at=datetime.now(UTC),
        media_type=got.media_type,
        content_hash=digest,
        content=got.content,
        metadata=dict(got.metadata),
    )
