"""The steps from mentions to entities. Each recomputes only what a change touches.

- `article_names`: the names in each article, with the form in which they are compared.
- `name_matching`: which names are one entity. All decisions across articles are made here, once per name.
- `mention_entities`: the entity of each mention, article by article.
- `claim_entities`: the speakers of claims.
- `resolution`: the entities, with counts, and their aliases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from onrecord import (
    Aggregator,
    Alias,
    Annotator,
    Article,
    ClaimEntity,
    Entity,
    EntityKind,
    Mention,
    MentionEntity,
    Reader,
    Row,
)

from .matching import WrittenName, match_names
from .names import display_name, fold_name, last_name


class ArticleName(Row, key=("text", "label")):
    """A name in an article, however often it is mentioned there."""

    text: str
    """The name as written."""
    label: EntityKind
    """The kind that the mentions have."""
    last_name: str
    """Its last word without case and article: only names that share it may be one entity."""
    mentions: int
    """Mentions in the article."""


class ArticleNames(Annotator):
    """Collect the names of an article."""

    name, version, requires, writes = "article_names", "1", ("entities",), (ArticleName,)

    def annotate(self, article: Article) -> Iterator[Row]:
        """Yield each name of an article."""
        counts = Counter((each.text, each.label) for each in article.rows(Mention) if each.kind == "name")
        for (text, label), mentions in counts.items():
            yield ArticleName(text=text, label=label, last_name=last_name(fold_name(text)), mentions=mentions)


class NameEntity(Row, key=("text", "label")):
    """A name as written anywhere, and the entity that it stands for."""

    text: str
    """The name as written."""
    label: EntityKind
    """The kind that the mentions have."""
    last_name: str
    """Its last word without case and article."""
    alias: str
    """The name for display."""
    form: Literal["full", "last", "other"]
    """The full name of a person; one word that may be the last name of one; any other name."""
    entity_id: UUID
    """The entity. A last name stands for it only where it does not stand for a person."""
    name: str
    """The name of the entity."""
    kind: EntityKind
    """The kind of the entity."""
    rule: Literal["exact", "spelling"]
    """The rule that found the entity."""
    person_id: UUID | None = None
    """For a last name, the only person anywhere who has it."""


class NameMatching(Aggregator):
    """Decide which names are one entity."""

    name, version, requires, writes = "name_matching", "1", ("article_names",), (NameEntity,)
    groups = ("select last_name from article_name",)

    def aggregate(self, warehouse: Reader) -> Iterator[Row]:
        """Yield each name with its entity."""
        names = warehouse.sql(
            """
            -- Which names are there, and how often?
            select last_name, text, label, sum(mentions)::bigint as mentions
            from article_name
            semi join touched using (last_name)
            group by all
            order by all
            """
        ).to_pylist()
        for last, group in groupby(names, key=lambda row: str(row["last_name"])):
            written = [WrittenName(row["text"], row["label"], row["mentions"]) for row in group]
            for matched in match_names(written):
                yield NameEntity(
                    text=matched.written.text,
                    label=matched.written.label,
                    last_name=last,
                    alias=display_name(matched.written.text),
                    form=matched.form,
                    entity_id=matched.entity_id,
                    name=matched.name,
                    kind=matched.kind,
                    rule=matched.rule,
                    person_id=matched.person_id,
                )


MENTION_ENTITIES = """
-- Which entity does each mention refer to?
with named as (
    select article_id, text, label, name_entity.last_name, form, entity_id, person_id, rule
    from article_name
    semi join touched using (article_id)
    join name_entity using (text, label)
),
-- The persons in each article by last name.
person as (
    select article_id, last_name, count(distinct entity_id) as persons, min(entity_id) as person_id
    from named
    where form = 'full'
    group by all
),
decided as (
    select
        named.* exclude (person_id),
        case
            when form <> 'last' then null
            when persons is null then named.person_id
            when persons = 1 then person.person_id
        end as person_id
    from named
    left join person using (article_id, last_name)
)
select
    article_id,
    ordinal,
    coalesce(person_id, entity_id) as entity_id,
    false as metonym,
    if(person_id is null, rule, 'last_name') as rule,
    case when person_id is not null then 0.9 when rule = 'exact' then 1.0 else 0.8 end::double as score
from mention
join decided using (article_id, text, label)
where mention.kind = 'name'
"""


class MentionEntities(Aggregator):
    """Find the entity of each mention."""

    name, version, writes = "mention_entities", "1", (MentionEntity,)
    requires = ("entities", "article_names", "name_matching")
    groups = (
        "select article_id from mention where kind = 'name'",
        "select article_id from article_name join name_entity using (text, label)",
    )
    queries = MappingProxyType({MentionEntity: MENTION_ENTITIES})


class ClaimEntities(Aggregator):
    """Find the entities that have a part in a claim: so far the speaker."""

    name, version, writes = "claim_entities", "1", (ClaimEntity,)
    requires = ("claims", "mention_entities")
    groups = ("select claim_id from claim join mention_entity m using (article_id) where m.ordinal = speaker_mention",)
    queries = MappingProxyType(
        {
            ClaimEntity: """
                -- Which entity is the speaker of each claim?
                select claim_id, entity_id, 'speaker' as role
                from claim
                semi join touched using (claim_id)
                join mention_entity m on m.article_id = claim.article_id and m.ordinal = speaker_mention
            """
        }
    )


ENTITIES = """
-- Which entities are there, and how often are they mentioned?
with named as (select distinct entity_id, name, kind from name_entity semi join touched using (entity_id))
select
    entity_id,
    any_value(named.name) as name,
    any_value(named.kind) as kind,
    count(*) as mention_count,
    count(distinct article_id) as article_count,
    min(published_at) as first_seen,
    max(published_at) as last_seen
from mention_entity
semi join touched using (entity_id)
join article using (article_id)
join named using (entity_id)
group by entity_id
"""

ALIASES = """
-- By which names does each entity go?
select
    mention_entity.entity_id,
    alias,
    case mention_entity.rule when 'exact' then 'name' when 'spelling' then 'spelling' else 'short' end as kind,
    mention_entity.rule,
    count(*) as mention_count
from mention_entity
semi join touched using (entity_id)
join mention using (article_id, ordinal)
join name_entity using (text, label)
group by all
"""


class Resolution(Aggregator):
    """Count the mentions of each entity, and collect its aliases."""

    name, version, writes = "resolution", "3", (Entity, Alias)
    requires = ("entities", "name_matching", "mention_entities", "claim_entities")
    groups = (
        "select m.entity_id from mention_entity m join mention using (article_id, ordinal) "
        "join article using (article_id) join name_entity using (text, label)",
        "select entity_id from name_entity",
    )
    queries = MappingProxyType({Entity: ENTITIES, Alias: ALIASES})
