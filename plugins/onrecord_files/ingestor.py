"""The ingestor `files`: lists files and reads them."""

from __future__ import annotations

import gzip
import mimetypes
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import Field

from onrecord import Config, ConfiguredPath, Fetched, Ingestor, Item, OnrecordError, TooLargeError

from .listing import MissingPathError, files_under
from .metadata import merged, read_front_matter, read_sidecar, sidecar_of

_MEDIA_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
}
_PACKED = ".gz"
_WITH_FRONT_MATTER = frozenset({"text/plain", "text/markdown"})


class PackedError(OnrecordError):
    """A packed file that cannot be unpacked."""


class Files(Ingestor):
    """One document per file."""

    name, version = "files", "2"
    schemes = ("file",)
    complete = True

    class Config(Config):
        """Where to look, and for what."""

        # Neither changes what is read from a file: another folder makes no document of the first one stale.
        paths: list[ConfiguredPath] = Field(default=[], exclude=True)
        """Files, or folders that are searched with all their subfolders."""
        patterns: list[str] = Field(default=["*.txt", "*.md", "*.html", "*.htm"], exclude=True)
        """Names of the files in those folders that are read; * and ? as in a shell, capitals or not. With `.gz`
        behind it a name counts too, and the file is unpacked."""

    config: Config = Config()

    def discover(self) -> Iterator[Item]:
        """All files, sorted by path. Raises MissingPathError when a configured path or a link's target is gone."""
        patterns = [*self.config.patterns, *(pattern + _PACKED for pattern in self.config.patterns)]
        found: set[Path] = set()
        for path in self.config.paths:
            if not path.exists():
                raise MissingPathError(
                    f"{path} does not exist, but `paths` in [plugins.{self.name}] names it. Correct that key, "
                    "or mount the folder: its articles would otherwise count as deleted"
                )
            found.update(files_under(path.resolve(), patterns))
        for path in sorted(found):
            yield Item(path.as_uri(), token(path), path.stat().st_size)

    def fetch(self, item: Item) -> Fetched:
        path = Path(url2pathname(urlsplit(item.uri).path))
        content = unpacked(path, item.limit) if path.suffix.lower() == _PACKED else path.read_bytes()
        kind = media_type(path)
        sidecar = sidecar_of(path)
        return Fetched(
            content,
            kind,
            merged(
                read_front_matter(content, path) if kind in _WITH_FRONT_MATTER else {},
                read_sidecar(sidecar) if sidecar else {},
            ),
        )


def token(path: Path) -> str:
    """Changes when the file or its sidecar is written, and when a sidecar comes or goes."""
    status = path.stat()
    parts = f"{status.st_mtime_ns}-{status.st_size}"
    if sidecar := sidecar_of(path):
        status = sidecar.stat()
        parts += f" {sidecar.name} {status.st_mtime_ns}-{status.st_size}"
    return parts


def unpacked(path: Path, limit: int) -> bytes:
    """What is in a gzip file. Raises TooLargeError above so many bytes, and PackedError for one that is damaged."""
    try:
        with gzip.open(path) as file:
            content = file.read(limit + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PackedError(f"{path} cannot be unpacked: {error}; pack it anew, or take the ending .gz away") from error
    if len(content) > limit:
        raise TooLargeError(path.as_uri(), limit)
    return content


def media_type(path: Path) -> str:
    """By the file name's ending, the same on every machine; of a packed file, of what is in it."""
    if path.suffix.lower() == _PACKED:
        path = path.with_suffix("")
    # An instance of its own knows only Python's table: the system's differs from machine to machine.
    guessed, _ = mimetypes.MimeTypes().guess_type(path.name)
    return _MEDIA_TYPES.get(path.suffix.lower()) or guessed or "application/octet-stream"
