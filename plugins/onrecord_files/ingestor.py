"""The ingestor `files`, which lists and reads files."""

from __future__ import annotations

import gzip
import mimetypes
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes, urlsplit
from urllib.request import url2pathname

from pydantic import Field

from onrecord import Config, ConfiguredPath, Fetched, Ingestor, Item, OnrecordError, TooLargeError

from .listing import MissingPathError, list_files
from .metadata import find_sidecar, merge_metadata, read_front_matter, read_sidecar

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
    """Ingest one document per file."""

    name, version = "files", "2"
    schemes = ("file",)
    complete = True

    class Config(Config):
        """Folders and patterns."""

        # They decide which files are read and not how, so a change makes no document stale.
        paths: list[ConfiguredPath] = Field(default=[], exclude=True)
        """Files, or folders that are searched with all subfolders."""
        patterns: list[str] = Field(default=["*.txt", "*.md", "*.html", "*.htm"], exclude=True)
        """Names of the files that are read in those folders, with * and ? as in a shell, regardless of case. A name
        with `.gz` appended matches too, and the file is unpacked."""

    config: Config = Config()

    def discover(self) -> Iterator[Item]:
        """Yield all files, sorted by path.

        Raises MissingPathError if a configured path or a link's target does not exist.
        """
        patterns = [*self.config.patterns, *(pattern + _PACKED for pattern in self.config.patterns)]
        found: dict[str, tuple[str, str, int]] = {}
        for path in self.config.paths:
            if not path.exists():
                raise MissingPathError(
                    f"{path} does not exist, but `paths` in [plugins.{self.name}] names it. Correct that key, "
                    "or mount the folder: its articles would otherwise count as deleted"
                )
            found.update((file[0], file) for file in list_files(path.resolve(), patterns))
        for name, token, size in sorted(found.values()):
            # The address that `Path.as_uri` gives, without the cost of a Path.
            yield Item("file://" + quote_from_bytes(os.fsencode(name)), token, size)

    def fetch(self, item: Item) -> Fetched:
        path = Path(url2pathname(urlsplit(item.uri).path))
        content = unpack(path, item.limit) if path.suffix.lower() == _PACKED else path.read_bytes()
        kind = guess_media_type(path)
        sidecar = find_sidecar(path)
        return Fetched(
            content,
            kind,
            merge_metadata(
                read_front_matter(content, path) if kind in _WITH_FRONT_MATTER else {},
                read_sidecar(sidecar) if sidecar else {},
            ),
        )


def unpack(path: Path, limit: int) -> bytes:
    """Unpack a gzip file.

    Raises TooLargeError if it has more than `limit` bytes, and PackedError if it is damaged.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(limit + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PackedError(f"{path} cannot be unpacked: {error}; pack it again, or remove the ending .gz") from error
    if len(content) > limit:
        raise TooLargeError(path.as_uri(), limit)
    return content


def guess_media_type(path: Path) -> str:
    """Return the media type for a file name, the same on every machine.

    For a packed file it is the type of its content.
    """
    if path.suffix.lower() == _PACKED:
        path = path.with_suffix("")
    # A new instance has only Python's table; the system's differs between machines.
    guessed, _ = mimetypes.MimeTypes().guess_type(path.name)
    return _MEDIA_TYPES.get(path.suffix.lower()) or guessed or "application/octet-stream"
