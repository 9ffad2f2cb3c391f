"""The standard tables, by their writers."""

from __future__ import annotations

from .annotations import Alias, Claim, ClaimEntity, ClaimSpan, Entity, Mention, MentionEntity
from .bookkeeping import ComponentVersion, Ledger, Quarantine, Run, Step
from .content import Article, Document, Segment, SourceItem
from .table import Table, derive_table

INGEST_TABLES = (derive_table(Document, per_article=False), derive_table(SourceItem, per_article=False))


CLEAN_TABLES = (derive_table(Article, per_article=True), derive_table(Segment, per_article=True))


ANNOTATION_TABLES = tuple(derive_table(row, per_article=True) for row in (Mention, Claim, ClaimSpan))


AGGREGATE_TABLES = tuple(derive_table(row, per_article=False) for row in (Entity, Alias, MentionEntity, ClaimEntity))


BOOKKEEPING_TABLES = tuple(
    derive_table(row, per_article=False) for row in (Ledger, Quarantine, ComponentVersion, Run, Step)
)


STANDARD_TABLES: dict[str, Table] = {
    table.name: table
    for table in INGEST_TABLES + CLEAN_TABLES + ANNOTATION_TABLES + AGGREGATE_TABLES + BOOKKEEPING_TABLES
}


MIGRATION_TABLE = "migration"
"""The table of applied migrations. It is created before any other and has no row class, which could itself migrate."""


TOUCHED_TABLE = "touched"
"""The table in which an incremental aggregator finds the groups to fill; it exists only while one runs."""
