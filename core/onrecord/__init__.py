"""onrecord reads news and works out who is on record saying what.

This page is the whole of what plugins use. `onrecord.testing` runs them without a scheduler.
"""

from .components import Aggregator, Annotator, Cleaner, Config, Fetched, Ingestor, Item
from .config import ConfiguredPath
from .draft import Draft, Stretch, decoded
from .errors import OnrecordError, TooLargeError, TransientError
from .hookspecs import API_VERSION, hookimpl
from .identity import identify
from .language import Pipeline
from .records import (
    Alias,
    Article,
    Claim,
    ClaimEntity,
    ClaimSpan,
    Document,
    Entity,
    EntityKind,
    Mention,
    MentionEntity,
    Segment,
)
from .report import RunReport
from .rows import References, Row, Span
from .warehouse.reader import Reader

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
    "Span",
    "Stretch",
    "TooLargeError",
    "TransientError",
    "decoded",
    "hookimpl",
    "identify",
]
