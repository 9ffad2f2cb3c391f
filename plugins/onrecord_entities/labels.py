"""Whether a name is a person's, an organization's, a place's or a group's."""

from __future__ import annotations

from collections.abc import Sequence

from .gazetteer import Label
from .lists import (
    GIVEN_NAMES,
    NAME_PARTICLES,
    ORGANIZATION_HEADS,
    PLACE_HEADS,
    PLACE_NOUNS,
    REPORTING_FORMS,
    ROLE_NOUNS,
)
from .names import Name
from .words import Words


def labelled(words: Words, names: Sequence[Name]) -> list[tuple[Name, Label]]:
    """The names with their labels: each by itself where it can be, else like the same name elsewhere in the article."""
    own = [_own_label(words, name) for name in names]
    persons = {_key(words, name)[-1] for name, label in zip(names, own, strict=True) if label == "person"}
    elsewhere: dict[tuple[str, ...], Label] = {}
    for name, label in zip(names, own, strict=True):
        if label:
            elsewhere.setdefault(_key(words, name), label)
    chosen: list[tuple[Name, Label]] = []
    for name, label in zip(names, own, strict=True):
        key = _key(words, name)
        surname: Label | None = "person" if len(key) == 1 and key[0] in persons and not name.known else None
        chosen.append((name, label or surname or elsewhere.get(key) or _by_context(words, name) or "other"))
    return chosen


def _key(words: Words, name: Name) -> tuple[str, ...]:
    """The name's words; those of a compound such as al-Assad count as one."""
    parts: list[str] = []
    for i in range(name.first, name.last + 1):
        if parts and words.glued(i):
            parts[-1] += words.texts[i]
        else:
            parts.append(words.texts[i])
    if "-" in parts[-1] and parts[-1].split("-")[0].lower() in NAME_PARTICLES:
        parts[-1] = parts[-1].split("-", 1)[1] or parts[-1]
    return tuple(parts)


def _own_label(words: Words, name: Name) -> Label | None:
    texts = words.texts[name.first : name.last + 1]
    before = words.texts[name.first - 1] if name.first else ""
    if name.titled:
        return "person"
    if name.known:
        return name.known
    if texts[-1] in PLACE_HEADS:
        return "place"
    if texts[-1] in ORGANIZATION_HEADS:
        return "organization"
    if words.texts[name.last + 1 : name.last + 2] and words.texts[name.last + 1] in PLACE_NOUNS:
        return "place"
    if before in ROLE_NOUNS:
        return "person"
    if len(texts) > 1 and (
        texts[0] in GIVEN_NAMES
        or any(len(text) == 2 and text[1] == "." for text in texts)
        or any(text in ("al", "bin", "ibn", "van", "von") for text in texts[1:])
    ):
        return "person"
    return None


def _by_context(words: Words, name: Name) -> Label | None:
    before = words.texts[name.first - 1] if name.first else ""
    after = words.texts[name.last + 1] if name.last + 1 < len(words.texts) else ""
    if before == "in":
        return "place"
    if name.last - name.first <= 3 and (after in REPORTING_FORMS or before in REPORTING_FORMS):
        return "person"
    return None
