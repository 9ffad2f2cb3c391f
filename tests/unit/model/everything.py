"""A table with a column of every type."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from onrecord import Row, Span
from onrecord.model.table import derive_table

RUN = UUID(int=2)


class Mood(enum.Enum):
    CALM = "calm"
    ANGRY = "angry"


class Everything(Row, key=("ordinal",)):
    """One column of each type.

    This paragraph is for readers of the code.
    """

    ordinal: int
    """Its place."""
    text: str
    whole: int
    real: float
    truth: bool
    raw: bytes
    day: date
    moment: datetime
    identifier: UUID
    choice: Literal["yes", "no"]
    """What was chosen."""
    mood: Mood
    words: list[str]
    moments: list[datetime]
    identifiers: list[UUID]
    moods: list[Mood]
    notes: dict[str, Any]
    maybe_text: str | None = None
    maybe_whole: int | None = None
    maybe_moment: datetime | None = None
    maybe_identifier: UUID | None = None
    maybe_mood: Mood | None = None
    maybe_words: list[str] | None = None
    maybe_notes: dict[str, Any] | None = None


EVERYTHING = derive_table(Everything, per_article=True)


# ── Spans ────────────────────────────────────────────────────────────────────────────────────────


class Word(Span, key=("start_char",)):
    """A word."""


WORDS = derive_table(Word, per_article=True)
