"""Listing of files in folders, fast enough for hundreds of thousands of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from pathlib import Path

from .metadata import SIDECAR_ENDING, find_sidecar, sidecar_names


class MissingPathError(FileNotFoundError):
    """A path or link target does not exist; the message tells how to fix it."""


def list_files(path: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield path, token and size of the files below a folder, or of `path` if it is a file.

    The paths are resolved. A token changes with the file and its sidecar, also when a sidecar appears or disappears.
    Hidden files and folders and sidecars are left out; a file that is named itself need not match a pattern. Links are
    followed; each folder is entered once. Raises MissingPathError for a broken link.
    """
    if not path.is_dir():
        yield _describe_file(path)
        return
    matches = re.compile("|".join(translate(pattern.lower()) for pattern in patterns) or "(?!)").match
    waiting, entered = [os.fspath(path)], {os.fspath(path)}
    while waiting:
        with os.scandir(waiting.pop()) as found:
            entries = list(found)
        sidecars = {entry.name: entry for entry in entries if entry.name.endswith(SIDECAR_ENDING) and entry.is_file()}
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            place = _resolve_link(entry.path) if entry.is_symlink() else entry.path
            if entry.is_dir():
                if place not in entered:
                    entered.add(place)
                    waiting.append(place)
            elif not (lower := name.lower()).endswith(SIDECAR_ENDING) and matches(lower):
                if place == entry.path:
                    own = (sidecars[each] for each in sidecar_names(name) if each in sidecars) if sidecars else ()
                    yield _describe(place, entry.stat(), next(iter(own), None))
                else:
                    yield _describe_file(Path(place))


def _resolve_link(link: str) -> str:
    target = Path(link)
    if not target.exists():
        raise MissingPathError(f"the link {link} has no target: remove it, or mount its target")
    return os.fspath(target.resolve())


def _describe_file(path: Path) -> tuple[str, str, int]:
    return _describe(os.fspath(path), path.stat(), find_sidecar(path))


def _describe(path: str, status: os.stat_result, sidecar: Path | os.DirEntry[str] | None) -> tuple[str, str, int]:
    token = f"{status.st_mtime_ns}-{status.st_size}"
    if sidecar:
        beside = sidecar.stat()
        token += f" {sidecar.name} {beside.st_mtime_ns}-{beside.st_size}"
    return path, token, status.st_size
