"""Deterministic identifiers and hashes: the same input gives the same ones on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("6f6e7265-636f-5264-a000-000000000001")


def identify(kind: str, *parts: object) -> UUID:
    """The UUIDv5 of a thing: its kind ("article", "claim", …) and the parts that tell it from others.

    >>> identify("article", "file:///a.txt") == identify("article", "file:///a.txt")
    True
    """
    return uuid5(NAMESPACE, canonical_json([kind, *map(str, parts)]))


def content_hash(*parts: bytes | str) -> str:
    """32 hexadecimal digits of BLAKE2b over the parts, each with its length so that they cannot run together."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_jsonable)


def _jsonable(value: Any) -> Any:
    # A set of strings has another order in every process.
    return sorted(map(canonical_json, value)) if isinstance(value, set | frozenset) else str(value)
