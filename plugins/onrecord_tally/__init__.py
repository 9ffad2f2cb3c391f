"""The aggregator `tally`: claims per speaker and outlet, in one SQL query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from onrecord import Aggregator, References, Row, hookimpl

ONRECORD_API = 1


class ClaimsPerSpeaker(Row, key=("entity_id", "outlet")):
    """Number of claims per speaker and outlet."""

    entity_id: Annotated[UUID, References("entity")]
    """The speaker's entity."""
    speaker: str
    """The speaker's name."""
    kind: str
    """The speaker's kind: person, organization, place, …"""
    outlet: str
    """The outlet; `unknown` if the article's outlet is unknown."""
    claims: int
    """Number of claims of the speaker in the outlet."""
    direct: int
    """Number of these claims that are quoted word for word."""
    articles: int
    """Number of articles with such a claim."""
    first_date: datetime | None = None
    """Publication date of the earliest of these articles, if known."""
    last_date: datetime | None = None
    """Publication date of the latest of these articles, if known."""


GROUPS = """
-- Which speakers are there?
select entity_id
from claim
inner join claim_entity using (claim_id)
inner join entity using (entity_id)
inner join article using (article_id)
where claim_entity.role = 'speaker'
"""

CLAIMS_PER_SPEAKER = """
-- How many claims does each speaker make in each outlet?
select
    entity.entity_id,
    any_value(entity.name) as speaker,
    any_value(entity.kind) as kind,
    coalesce(article.outlet, 'unknown') as outlet,
    count(*) as claims,
    count(*) filter (where claim.quote_type = 'direct') as direct,
    count(distinct claim.article_id) as articles,
    min(article.published_at) as first_date,
    max(article.published_at) as last_date
from claim
inner join claim_entity using (claim_id)
inner join entity using (entity_id)
inner join article using (article_id)
semi join touched on touched.entity_id = claim_entity.entity_id
where claim_entity.role = 'speaker'
group by entity.entity_id, coalesce(article.outlet, 'unknown')
"""


class Tally(Aggregator):
    """Count claims by speaker and outlet."""

    name, version, writes = "tally", "2", (ClaimsPerSpeaker,)
    requires = ("claims", "resolution")
    groups = (GROUPS,)
    queries = MappingProxyType({ClaimsPerSpeaker: CLAIMS_PER_SPEAKER})


@hookimpl
def register_aggregators(register: Callable[[Aggregator], None]) -> None:
    """Register the aggregator `tally`."""
    register(Tally())
