"""Ingest: from the items that an ingestor lists to documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from ..config.settings import RunSettings
from ..errors import PLUGIN_FAILURES, TooLargeError, TransientError
from ..limits import BackgroundCaller, TimeLimitError
from ..model.content import Document, SourceItem
from ..model.identity import canonical_json, content_hash, identify
from ..plugins.components import Fetched, Ingestor, Item
from .builder import ResultBuilder
from .work import Batch, BatchResult

ITEM_SCHEMA = pa.schema(
    [
        ("subject_id", pa.uuid()),
        ("component", pa.string()),
        ("input_hash", pa.string()),
        ("uri", pa.string()),
        ("language", pa.string()),
        ("row_position", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
"""Items as subjects, with the columns that the ledger asks of subjects: input_hash is the item's token."""

_MAX_HUNG = 3
"""Fetches of a batch that may hang before its source counts as out of reach for now."""


def discover(ingestor: Ingestor, seconds: float | None = None) -> pa.Table:
    """List an ingestor's items, as subjects with ITEM_SCHEMA.

    A URI that is listed twice counts once. Raises TimeLimitError when it takes longer than `seconds`.
    """
    if seconds is not None:
        caller = BackgroundCaller(seconds)
        try:
            return caller.call(discover, ingestor)
        finally:
            caller.close()
    items = {item.uri: item for item in ingestor.discover()}
    uris = list(items)
    columns = [
        pa.array([identify("article", uri) for uri in uris], pa.uuid()),
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
    builder, name = ResultBuilder(batch), ingestor.name
    caller, hung = BackgroundCaller(settings.fetch_seconds), 0
    for subject in batch.subjects.to_pylist():
        item = Item(subject["uri"], subject["input_hash"], subject["bytes"], settings.document_bytes)
        try:
            if hung >= _MAX_HUNG:
                raise TransientError(f"not tried, since {hung} fetches before it hung")
            with builder.measure(name):
                document = caller.call(fetch_document, ingestor, item)
        except TimeLimitError as error:
            hung += 1
            late = TransientError(f"the fetch {error}; `fetch_seconds` in [run] says how long it may take")
            builder.fail(name, subject["subject_id"], late)
        except PLUGIN_FAILURES as error:
            builder.fail(name, subject["subject_id"], error)
        else:
            source_item = SourceItem(
                article_id=document.article_id, uri=item.uri, ingestor=name, document_id=document.document_id
            )
            builder.add(name, subject["subject_id"], [document, source_item])
    caller.close()
    result = builder.build()
    # Documents are counted, not the source items beside them.
    result.counters[name].rows = result.counters[name].done
    return result


def fetch_document(ingestor: Ingestor, item: Item) -> Document:
    """Fetch an item as a row. Raises TooLargeError, and what the ingestor raises."""
    if item.size > item.limit:
        raise TooLargeError(item.uri, item.limit, item.size)
    got = ingestor.fetch(item)
    if len(got.content) > item.limit:
        raise TooLargeError(item.uri, item.limit, len(got.content))
    return build_document(got, item, ingestor.name)


def build_document(got: Fetched, item: Item, ingestor: str) -> Document:
    """Build the row of `document` of what was fetched, with its identifiers."""
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
