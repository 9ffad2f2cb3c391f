"""Metadata of a file from its sidecar and front matter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from onrecord import OnrecordError, decode

SIDECAR_ENDING = ".meta.json"

SYNONYMS = {
    "title": "headline",
    "author": "byline",
    "authors": "byline",
    "source": "outlet",
    "site": "outlet",
    "sitename": "outlet",
    "publisher": "outlet",
    "domain": "outlet_domain",
    "date": "published",
    "published_at": "published",
    "lang": "language",
}
"""Alternative names of the keys that cleaners understand."""
_KEYS = frozenset(SYNONYMS.values()) | {"credit"}


class MetadataError(OnrecordError):
    """A sidecar or front matter that cannot be read."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}, line {line}: {reason}")


def sidecar_names(name: str) -> tuple[str, str]:
    """Return the names of a file's sidecar: for `a.txt`, `a.txt.meta.json` or else `a.meta.json`."""
    return name + SIDECAR_ENDING, (name.rpartition(".")[0] or name) + SIDECAR_ENDING


def find_sidecar(path: Path) -> Path | None:
    """Return a file's sidecar, if there is one."""
    candidates = map(path.with_name, sidecar_names(path.name))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def read_sidecar(path: Path) -> dict[str, Any]:
    """Read the JSON object in a sidecar; raises MetadataError if it is none."""
    try:
        value = json.loads(decode(path.read_bytes()))
    except json.JSONDecodeError as error:
        raise MetadataError(path, error.lineno, f"not valid JSON: {error.msg} (column {error.colno})") from None
    except ValueError as error:
        raise MetadataError(path, 1, str(error)) from None
    if not isinstance(value, dict):
        raise MetadataError(path, 1, f"a sidecar is a JSON object, in braces; this is a {type(value).__name__}")
    return value


def read_front_matter(content: bytes, path: Path) -> dict[str, Any]:
    """Read YAML between lines of dashes at the top of a file; empty if there is none.

    Raises MetadataError if it is invalid.
    """
    if not content.removeprefix(b"\xef\xbb\xbf").startswith(b"---"):
        return {}
    import yaml
    from frontmatter.default_handlers import YAMLHandler

    handler = YAMLHandler()
    try:
        text = decode(content).replace("\r\n", "\n")
        if not handler.detect(text):
            return {}
        between, _ = handler.split(text)
    except ValueError:
        return {}
    try:
        value = handler.load(between)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        raise MetadataError(path, mark.line + 1 if mark else 1, f"front matter is not valid YAML: {reason}") from None
    return value if isinstance(value, dict) else {}


def merge_metadata(front_matter: Mapping[Any, Any], sidecar: Mapping[Any, Any]) -> dict[str, Any]:
    """Merge both, with keys renamed as cleaners expect; the sidecar takes precedence."""
    return _rename_keys(front_matter) | _rename_keys(sidecar)


def _rename_keys(given: Mapping[Any, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for key, value in given.items():
        plain = str(key).strip().lower()
        if plain in _KEYS:
            known[plain] = _to_json(value)
        else:
            other[str(key)] = _to_json(value)
    for key in list(other):
        meant = SYNONYMS.get(key.strip().lower())
        if meant and meant not in known:
            known[meant] = other.pop(key)
    return known | other


def _to_json(value: Any) -> Any:
    match value:
        case None | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): _to_json(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_to_json(inner) for inner in value]
        case _:
            return str(value)
