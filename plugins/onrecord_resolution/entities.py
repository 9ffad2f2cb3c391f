"""Rules that merge names into entities."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from onrecord import Alias, Entity, EntityKind, MentionEntity, identify

from .names import NameMention, display_name, first_names, fold_name, is_respelling, last_name

Rule = Literal["exact", "spelling", "last_name"]
Key = tuple[EntityKind, str]
"""A kind and a folded name. Mentions with equal keys refer to one entity."""

SCORES: Mapping[Rule, float] = {"exact": 1.0, "spelling": 0.8, "last_name": 0.9}
ALIAS_KINDS: Mapping[Rule, Literal["name", "short", "spelling"]] = {
    "exact": "name",
    "spelling": "spelling",
    "last_name": "short",
}


@dataclass(frozen=True, slots=True)
class ResolvedEntity:
    """An entity with everything that refers to it."""

    entity: Entity
    aliases: list[Alias]
    mentions: list[MentionEntity]
    places: list[tuple[UUID, int]]
    """The article and ordinal of each mention."""


def resolve_names(names: Sequence[NameMention]) -> Iterator[ResolvedEntity]:
    """Return the entities that names refer to, independent of the order of the names."""
    keys = _assign_keys(names)
    persons = _choose_spellings(Counter(key for key in keys if key[0] == "person" and " " in key[1]))
    everywhere: dict[str, set[Key]] = defaultdict(set)
    in_article: dict[tuple[UUID, str], set[Key]] = defaultdict(set)
    for named, key in zip(names, keys, strict=True):
        if key in persons:
            last = last_name(key[1])
            everywhere[last].add(persons[key])
            in_article[named.article_id, last].add(persons[key])

    members: dict[Key, list[tuple[NameMention, Rule]]] = defaultdict(list)
    for named, key in zip(names, keys, strict=True):
        if key in persons:
            members[persons[key]].append((named, "exact" if persons[key] == key else "spelling"))
            continue
        bearers: set[Key] = set()
        if key[0] in ("person", "other") and " " not in key[1]:
            last = last_name(key[1])
            bearers = in_article.get((named.article_id, last)) or everywhere.get(last, set())
        if len(bearers) == 1:
            members[next(iter(bearers))].append((named, "last_name"))
        else:
            members[key].append((named, "exact"))
    for key in sorted(members):
        yield _build_entity(key[0], members[key])


def _assign_keys(names: Sequence[NameMention]) -> list[Key]:
    """Return the key of each name.

    A name of unknown kind takes the kind that the same name has most often elsewhere.
    """
    counts: dict[str, Counter[EntityKind]] = defaultdict(Counter)
    for named in names:
        if named.kind != "other":
            counts[fold_name(named.text)][named.kind] += 1
    usual = {name: min(counter, key=lambda kind: (-counter[kind], kind)) for name, counter in counts.items()}
    return [(usual.get(fold_name(n.text), n.kind) if n.kind == "other" else n.kind, fold_name(n.text)) for n in names]


def _choose_spellings(persons: Counter[Key]) -> dict[Key, Key]:
    """Return, for each full name of a person, the most common of its spellings."""
    chosen: dict[Key, Key] = {}
    by_last_name: dict[str, list[Key]] = defaultdict(list)
    for key in sorted(persons, key=lambda key: (-persons[key], -len(key[1]), key)):
        representatives = by_last_name[last_name(key[1])]
        own = first_names(key[1])
        same = (r for r in representatives if first_names(r[1]) == own)
        respelled = (r for r in representatives if is_respelling(first_names(r[1]), own))
        representative = next(same, None) or next(respelled, None)
        if representative is None:
            representatives.append(key)
        chosen[key] = representative or key
    return chosen


def _build_entity(kind: EntityKind, members: Sequence[tuple[NameMention, Rule]]) -> ResolvedEntity:
    as_written = Counter((display_name(named.text), rule) for named, rule in members)
    full = [name for name in as_written if name[1] == "exact"] or list(as_written)
    name = min(full, key=lambda written: (-as_written[written], -len(written[0]), written[0]))[0]
    entity_id = identify("entity", kind, name)
    published = [named.published_at for named, _ in members if named.published_at]
    return ResolvedEntity(
        Entity(
            entity_id=entity_id,
            name=name,
            kind=kind,
            mention_count=len(members),
            article_count=len({named.article_id for named, _ in members}),
            first_seen=min(published, default=None),
            last_seen=max(published, default=None),
        ),
        [
            Alias(entity_id=entity_id, alias=alias, kind=ALIAS_KINDS[rule], rule=rule, mention_count=count)
            for (alias, rule), count in sorted(as_written.items())
        ],
        [
            MentionEntity(
                article_id=named.article_id,
                ordinal=named.ordinal,
                entity_id=entity_id,
                rule=rule,
                score=SCORES[rule],
            )
            for named, rule in members
        ],
        [(named.article_id, named.ordinal) for named, _ in members],
    )
