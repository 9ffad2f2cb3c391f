"""A project to call commands in."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from onrecord.config.loading import load_settings
from onrecord.plugins.registry import Plugins
from onrecord.testing import run_plugins

COMPONENT = '''
"""Documents from a folder, and how long they are; a document with the word bad in it cannot be measured."""

from pathlib import Path
from urllib.parse import urlsplit

from onrecord import Annotator, Config, ConfiguredPath, Fetched, Ingestor, Item, Row, hookimpl

ONRECORD_API = 1
__version__ = "0.7"


class Folder(Ingestor):
    name, version, schemes = "folder", "1", ("file",)

    class Config(Config):
        path: ConfiguredPath = Path("inbox")

    def discover(self):
        for file in sorted(self.config.path.iterdir()):
            yield Item(file.as_uri(), file.read_text())

    def fetch(self, item):
        return Fetched(Path(urlsplit(item.uri).path).read_bytes(), "text/plain")


class Length(Row):
    """How long each article is."""

    words: int
    """How many words it has."""
    note: str


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length]

    def annotate(self, article):
        if "bad" in article.body:
            raise ValueError("cannot measure [/this] [one]")
        yield Length(words=len(article.body.split()), note=article.body)


class Twice(Row):
    words: int


class Doubles(Annotator):
    name, version, requires, writes = "doubles", "1", ["lengths"], [Twice]

    def annotate(self, article):
        yield Twice(words=2 * article.rows(Length)[0].words)


@hookimpl
def register_ingestors(register):
    register(Folder())


@hookimpl
def register_annotators(register):
    register(Lengths())
    register(Doubles())
'''

CONFIG = """
warehouse = "warehouse"
disable = ["claims", "clean", "entities", "files", "language", "resolution", "tally"]
plugins_dir = "plugins"

[workers]
processes = 0
"""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """All that it printed, whatever the line breaks and the columns."""
        return " ".join((self.out + self.err).split())


def run_again(project: Path) -> None:
    run_plugins(Plugins(load_settings(project / "onrecord.toml")))


# ── plan ─────────────────────────────────────────────────────────────────────────────────────────


def row_of(ended: Ended, *begins: str) -> list[str]:
    """The cells of the line of a table that begins with these."""
    (row,) = (line.split() for line in ended.out.splitlines() if tuple(line.split()[: len(begins)]) == begins)
    return row[len(begins) :]
