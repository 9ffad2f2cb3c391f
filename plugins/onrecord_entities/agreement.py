"""The same name in one article names the same kind of thing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from onrecord import EntityKind

from .name import Name, surname

OTHER_COUNTS = 0.5
"""The weight of a vote for "other", which is what a pipeline says when it knows least."""
CLEAR = 2 / 3
"""The share of the votes that decides. With less, a name may well be two: Jordan and Jordan."""
YIELDING = frozenset({"organization", "event", "other"})
"""What a pipeline says of a surname by mistake (Clinton in "Clinton supporters"). Places and peoples are surnames too
(Washington, Jordan, French), so that these count for what they are."""


def agreed(names: Sequence[Name]) -> list[Name]:
    """The names, each of the kind that two thirds of its mentions in the article have, if there is such a kind.

    A name after a courtesy title is a person's, and has no say about others. A name of one word that is the last of a
    person's full name in the article, or stands after a courtesy title there, is a person's too where the pipeline
    took it for an organization, an event or something else.
    """
    surnames = _surnames(names)
    kinds = [_kind(name, surnames) for name in names]
    votes: dict[str, Counter[EntityKind]] = defaultdict(Counter)
    for name, kind in zip(names, kinds, strict=True):
        if not name.titled:
            votes[name.key][kind] += OTHER_COUNTS if kind == "other" else 1  # type: ignore[assignment]
    return [
        replace(name, kind=kind if name.titled else _decided(votes[name.key]) or kind)
        for name, kind in zip(names, kinds, strict=True)
    ]


def _surnames(names: Iterable[Name]) -> set[str]:
    return {surname(name.key) for name in names if name.titled or (name.kind == "person" and " " in name.key)}


def _kind(name: Name, surnames: set[str]) -> EntityKind:
    is_surname = " " not in name.key and surname(name.key) in surnames
    return "person" if name.titled or (is_surname and name.kind in YIELDING) else name.kind


def _decided(votes: Counter[EntityKind]) -> EntityKind | None:
    kind, most = max(votes.items(), key=lambda vote: vote[1])
    return kind if most >= CLEAR * votes.total() else None
