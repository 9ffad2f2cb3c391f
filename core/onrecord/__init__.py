"""onrecord reads news and works out who is on record saying what.

This module has all names that plugins use. `onrecord.testing` runs plugins without a scheduler.
"""

from .config.settings import ConfiguredPath
from .errors import OnrecordError, TooLargeError, TransientError
from .model.annotations import Alias, Claim, ClaimEntity, ClaimSpan, Entity, EntityKind, Mention, MentionEntity
from .model.content import Article, Document, Segment, SegmentKind
from .model.draft import Draft, Stretch
from .model.identity import identify
from .model.report import RunReport
from .model.row import References, Row, Span
from .plugins.components import Aggregator, Annotator, Cleaner, Config, Fetched, Ingestor, Item
from .plugins.decoding import decode
from .plugins.hookspecs import API_VERSION, hookimpl
from .plugins.pipelines import Pipeline
from .plugins.reader import Reader

__all__ = [
    "API_VERSION",
    "Aggregator",
    "Alias",
    "Annotator",
    "Article",
    "Claim",
    "ClaimEntity",
    "ClaimSpan",
    "Cleaner",
    "Config",
    "ConfiguredPath",
    "Document",
    "Draft",
    "Entity",
    "EntityKind",
    "Fetched",
    "Ingestor",
    "Item",
    "Mention",
    "MentionEntity",
    "OnrecordError",
    "Pipeline",
    "Reader",
    "References",
    "Row",
    "RunReport",
    "Segment",
    "SegmentKind",
    "Span",
    "Stretch",
    "TooLargeError",
    "TransientError",
    "decode",
    "hookimpl",
    "identify",
]
