"""A warehouse of two short articles, and an annotator that measures them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onrecord import (
    Annotator,
    Article,
    Mention,
    Row,
)
from onrecord.testing import Sandbox
from onrecord.warehouse import Warehouse

# ── The lock ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def process(script: str, *arguments: Any) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def says(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def tell(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


# ── A warehouse with something in it ─────────────────────────────────────────────────────────────


class Length(Row):
    words: int


class Lengths(Annotator):
    name, version, writes = "lengths", "1", [Length, Mention]
    checks = {"no article is empty": "select * from length where words = 0"}

    def annotate(self, article: Article) -> Iterator[Row]:
        yield Length(words=len(article.body.split()))
        word = article.body.split()[0]
        start = article.body.index(word)
        yield Mention(ordinal=0, start_char=start, end_char=start + len(word), text=word, kind="name", label="person")


DOCUMENTS = {"a": "Anna spoke.", "b": "Bert did not."}


def live(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    with Warehouse(sandbox.directory).reading() as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        return found
