"""The standard tables, by who writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .table import Table, table_of

if TYPE_CHECKING:
    pass
from .annotations import Alias, Claim, ClaimEntity, ClaimSpan, Entity, Mention, MentionEntity
from .bookkeeping import Ledger, Plugin, Quarantine, Run, Step
from .content import Article, Document, Listing, Segment

INGEST_TABLES = (table_of(Document, per_article=False), table_of(Listing, per_article=False))


CLEAN_TABLES = (table_of(Article, per_article=True), table_of(Segment, per_article=True))


ANNOTATION_TABLES = tuple(table_of(row, per_article=True) for row in (Mention, Claim, ClaimSpan))


AGGREGATE_TABLES = tuple(table_of(row, per_article=False) for row in (Entity, Alias, MentionEntity, ClaimEntity))


BOOKKEEPING_TABLES = tuple(table_of(row, per_article=False) for row in (Ledger, Quarantine, Plugin, Run, Step))


STANDARD_TABLES: dict[str, Table] = {
    table.name: table
    for table in INGEST_TABLES + CLEAN_TABLES + ANNOTATION_TABLES + AGGREGATE_TABLES + BOOKKEEPING_TABLES
}
