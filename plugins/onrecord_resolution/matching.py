"""Rules that decide which names are one entity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from onrecord import EntityKind, identify

from .names import display_name, first_names, fold_name, is_respelling

Key = tuple[EntityKind, str]
"""A kind and a folded name. Names with equal keys are one entity."""


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A name as written, with the kind that its mentions have, and their number."""

    text: str
    label: EntityKind
    mentions: int


@dataclass(frozen=True, slots=True)
class MatchedName:
    """A name with its entity: see `NameEntity`."""

    written: WrittenName
    form: Literal["full", "last", "other"]
    entity_id: UUID
    name: str
    kind: EntityKind
    rule: Literal["exact", "spelling"]
    person_id: UUID | None


def match_names(names: Sequence[WrittenName]) -> Iterator[MatchedName]:
    """Return the entity of each name, independent of their order.

    `names` are all that have the same last word: no other name can be the same entity.
    """
    keys = _assign_keys(names)
    persons: Counter[Key] = Counter()
    for written, key in zip(names, keys, strict=True):
        if _form_of(key) == "full":
            persons[key] += written.mentions
    chosen = _choose_spellings(persons)
    shown: dict[Key, Counter[str]] = defaultdict(Counter)
    for written, key in zip(names, keys, strict=True):
        shown[key][display_name(written.text)] += written.mentions
    label = {key: min(own, key=lambda name: (-own[name], -len(name), name)) for key, own in shown.items()}
    bearers = {identify("entity", kind, label[kind, name]) for kind, name in chosen.values()}
    only = next(iter(bearers)) if len(bearers) == 1 else None
    for written, key in zip(names, keys, strict=True):
        representative, form = chosen.get(key, key), _form_of(key)
        yield MatchedName(
            written,
            form,
            identify("entity", representative[0], label[representative]),
            label[representative],
            representative[0],
            "exact" if representative == key else "spelling",
            only if form == "last" else None,
        )


def _form_of(key: Key) -> Literal["full", "last", "other"]:
    kind, folded = key
    if " " in folded:
        return "full" if kind == "person" else "other"
    return "last" if kind in ("person", "other") else "other"


def _assign_keys(names: Sequence[WrittenName]) -> list[Key]:
    """Return the key of each name.

    A name of unknown kind takes the kind that the same name has most often elsewhere.
    """
    counts: dict[str, Counter[EntityKind]] = defaultdict(Counter)
    for each in names:
        if each.label != "other":
            counts[fold_name(each.text)][each.label] += each.mentions
    usual: Mapping[str, EntityKind] = {
        name: min(counter, key=lambda kind: (-counter[kind], kind)) for name, counter in counts.items()
    }
    folded = [(each.label, fold_name(each.text)) for each in names]
    return [(usual.get(name, kind) if kind == "other" else kind, name) for kind, name in folded]


def _choose_spellings(persons: Counter[Key]) -> dict[Key, Key]:
    """Return, for each full name of a person, the most common of its spellings."""
    chosen: dict[Key, Key] = {}
    representatives: list[Key] = []
    for key in sorted(persons, key=lambda key: (-persons[key], -len(key[1]), key)):
        own = first_names(key[1])
        same = (r for r in representatives if first_names(r[1]) == own)
        respelled = (r for r in representatives if is_respelling(first_names(r[1]), own))
        representative = next(same, None) or next(respelled, None)
        if representative is None:
            representatives.append(key)
        chosen[key] = representative or key
    return chosen
