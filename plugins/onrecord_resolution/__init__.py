"""The aggregator `resolution`: entities that mentions across articles refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from onrecord import Aggregator, Alias, ClaimEntity, Entity, MentionEntity, Reader, Row, hookimpl

from .entities import resolve_names
from .names import NameMention

ONRECORD_API = 1

MENTIONS = """
-- Which names are there, and when were their articles published?
select
    mention.article_id,
    mention.ordinal,
    mention.text,
    mention.label as kind,
    article.published_at
from mention
inner join article using (article_id)
where mention.kind = 'name'
order by article_id, mention.ordinal
"""

SPEAKERS = """
-- Which mention names the speaker of each claim?
select
    claim_id,
    article_id,
    speaker_mention as ordinal
from claim
where speaker_mention is not null
order by article_id, claim.ordinal
"""


class Resolution(Aggregator):
    """Make one entity for each name and kind.

    Last names, initials and small differences in spelling are resolved.
    """

    name, version = "resolution", "2"
    requires = ("entities", "claims")
    writes = (Entity, Alias, MentionEntity, ClaimEntity)

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        """Yield each entity with its aliases and mentions, then the speakers of claims."""
        entity_of: dict[tuple[UUID, int], UUID] = {}
        for resolved in resolve_names([NameMention(**row) for row in warehouse.sql(MENTIONS).to_pylist()]):
            yield resolved.entity
            yield from resolved.aliases
            yield from resolved.mentions
            entity_of.update(dict.fromkeys(resolved.places, resolved.entity.entity_id))
        for speaker in warehouse.sql(SPEAKERS).to_pylist():
            entity_id = entity_of.get((speaker["article_id"], speaker["ordinal"]))
            if entity_id:
                yield ClaimEntity(claim_id=speaker["claim_id"], entity_id=entity_id, role="speaker")


@hookimpl
def register_aggregators(register: Callable[[Aggregator], None]) -> None:
    """Register the aggregator `resolution`."""
    register(Resolution())
