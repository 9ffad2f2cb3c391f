"""The standard tables that annotators and aggregators write."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from .row import References, Row, Span


class Mention(Span, key=("ordinal",)):
    """A name, or a word that stands for one, at a place in an article."""

    ordinal: int
    """Its place among the article's mentions, from 0."""
    kind: Literal["name", "pronoun", "nominal"]
    """A name (John Kerry), a pronoun (he), or a noun phrase (the secretary)."""
    label: Literal["person", "organization", "place", "group", "event", "other"]
    """What kind of thing it names."""


class Claim(Row, key=("ordinal",)):
    """An attributed statement: who is on record saying what, where."""

    claim_id: UUID
    """Identifies the article, the place and the words."""
    ordinal: int
    """Its place among the article's claims, from 0."""
    speaker: str | None = None
    """The source as written; empty where there is none."""
    speaker_mention: int | None = None
    """Ordinal of the mention that names the speaker: in the source, or what a pronoun stands for."""
    speaker_status: Literal["named", "pronoun", "anonymous", "none"]
    """How the source is given."""
    speaker_rule: str | None = None
    """How speaker_mention was found, e.g. in_source, nearest_person."""
    cue: str | None = None
    """The words that attribute, as written: said, according to."""
    cue_lemma: str | None = None
    """The cue in its base form: say."""
    cue_class: str | None = None
    """The kind of speech act: say, claim, deny, demand, promise, accuse, believe, ask, agree, …"""
    content: str
    """What is said, as written; an ellipsis ( … ) stands between separate parts."""
    quote_type: Literal["direct", "indirect", "mixed"]
    """In quotation marks, without, or in part."""
    negated: bool = False
    """Whether the cue is negated: did not say."""
    confidence: float
    """From 0 to 1."""


class ClaimSpan(Span, key=("claim_id", "role", "ordinal")):
    """A part of a claim in the body: its source, cue or (part of its) content."""

    claim_id: Annotated[UUID, References("claim")]
    """The claim."""
    role: Literal["source", "cue", "content"]
    """The part of the claim that it is."""
    ordinal: int
    """Its place among the spans with that role, from 0."""


EntityKind = Literal["person", "organization", "place", "group", "event", "other"]


class Entity(Row, key=("entity_id",)):
    """A person, organization, place or group that mentions refer to, in all articles."""

    entity_id: UUID
    """Identifies the kind and the name."""
    name: str
    """The name to show."""
    kind: EntityKind
    """What it is."""
    mention_count: int
    """Mentions that refer to it."""
    article_count: int
    """Articles with such a mention."""
    first_seen: datetime | None = None
    """When the earliest such article was published, if known."""
    last_seen: datetime | None = None
    """When the latest such article was published, if known."""


class Alias(Row, key=("entity_id", "alias")):
    """A name that an entity goes by."""

    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    alias: str
    """The name as written."""
    kind: Literal["name", "short", "title", "acronym", "spelling", "metonym"]
    """How it relates to the entity's name."""
    rule: str
    """The rule that found it."""
    mention_count: int
    """Mentions by that name."""


class MentionEntity(Row, key=("article_id", "ordinal")):
    """Which entity a mention refers to."""

    article_id: Annotated[UUID, References("article")]
    """The article."""
    ordinal: int
    """The mention's ordinal in it."""
    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    metonym: bool = False
    """Whether the name stands for something else, as Moscow does for a government."""
    rule: str
    """The rule that decided it, e.g. exact, last_name."""
    score: float
    """From 0 to 1."""


class ClaimEntity(Row, key=("claim_id", "entity_id", "role")):
    """An entity that has a part in a claim."""

    claim_id: Annotated[UUID, References("claim")]
    """The claim."""
    entity_id: Annotated[UUID, References("entity")]
    """The entity."""
    role: Literal["speaker", "addressee", "about"]
    """Its part."""
