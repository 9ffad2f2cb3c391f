"""Listing of files in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from .metadata import SIDECAR_ENDING


class MissingPathError(FileNotFoundError):
    """A path or link target does not exist; the message tells how to fix it."""


def list_files(path: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """Return resolved paths of the files below a folder, or `path` if it is a file.

    Hidden files and folders and sidecars are left out; a file that is named itself need not match a pattern. Links are
    followed; each folder is entered once. Raises MissingPathError for a broken link.
    """
    if not path.is_dir():
        yield path
        return
    wanted = [pattern.lower() for pattern in patterns]
    waiting, entered = [path], {path}
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                place = Path(entry.path)
                if entry.is_symlink():
                    if not place.exists():
                        raise MissingPathError(f"the link {place} has no target: remove it, or mount its target")
                    place = place.resolve()
                if entry.is_dir():
                    if place not in entered:
                        entered.add(place)
                        waiting.append(place)
                elif _is_article(entry.name.lower(), wanted):
                    yield place


def _is_article(name: str, patterns: Sequence[str]) -> bool:
    return not name.endswith(SIDECAR_ENDING) and any(fnmatchcase(name, pattern) for pattern in patterns)
