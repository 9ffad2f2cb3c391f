"""Agreement: equal names in one article have the same kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from onrecord import EntityKind

from .name import Name, surname

OTHER_COUNTS = 0.5
"""Weight of a vote for "other", which pipelines give when they are least certain."""
CLEAR = 2 / 3
"""Share of the votes that decides. Below it, the name may denote two things: Jordan and Jordan."""
YIELDING = frozenset({"organization", "event", "other"})
"""Labels that pipelines wrongly give to surnames (Clinton in "Clinton supporters"). Places and peoples are not among
them, since they are surnames too (Washington, Jordan, French)."""


def unify_kinds(names: Sequence[Name]) -> list[Name]:
    """Give each name the kind that two thirds of its mentions in the article have.

    A name after a courtesy title is a person's and has no vote. A name of one word becomes a person's if the article
    has a person's full name that ends with it, or has it after a courtesy title, and the pipeline took it for an
    organization, an event or something else.
    """
    surnames = _find_surnames(names)
    kinds = [_correct_kind(name, surnames) for name in names]
    votes: dict[str, Counter[EntityKind]] = defaultdict(Counter)
    for name, kind in zip(names, kinds, strict=True):
        if not name.titled:
            votes[name.key][kind] += OTHER_COUNTS if kind == "other" else 1  # type: ignore[assignment]
    return [
        replace(name, kind=kind if name.titled else _decide(votes[name.key]) or kind)
        for name, kind in zip(names, kinds, strict=True)
    ]


def _find_surnames(names: Iterable[Name]) -> set[str]:
    return {surname(name.key) for name in names if name.titled or (name.kind == "person" and " " in name.key)}


def _correct_kind(name: Name, surnames: set[str]) -> EntityKind:
    is_surname = " " not in name.key and surname(name.key) in surnames
    return "person" if name.titled or (is_surname and name.kind in YIELDING) else name.kind


def _decide(votes: Counter[EntityKind]) -> EntityKind | None:
    kind, most = max(votes.items(), key=lambda vote: vote[1])
    return kind if most >= CLEAR * votes.total() else None
