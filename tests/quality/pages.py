"""Quality of article extraction from news pages: precision and recall."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from onrecord import Cleaner
from onrecord.testing import clean_text

from .corpora import Page, pages
from .tables import Table

SHINGLE = 4
"""Words in a shingle; a text is a bag of shingles."""


class Score(NamedTuple):
    """Scores as the benchmark defines them."""

    f1: float
    precision: float
    recall: float


class Reading(NamedTuple):
    """Texts that a reader extracted, and its speed."""

    texts: list[str]
    pages_per_second: float
    """Per second of processor time, which depends little on other load."""


def tables(path: Path) -> Iterator[Table]:
    """Read all pages with trafilatura alone and with our cleaners."""
    import trafilatura

    corpus = list(pages(path))
    registered = cleaners()

    def bare(page: Page, **options: bool) -> str:
        return trafilatura.extract(page.html, include_comments=False, **options) or ""

    def html_text(page: Page) -> str:
        return body(page, registered[:1])

    readers: dict[str, Callable[[Page], str]] = {
        "trafilatura": bare,
        "trafilatura, favor_precision": lambda page: bare(page, favor_precision=True),
        "html_text": html_text,
        "all cleaners": lambda page: body(page, registered),
    }
    rows = []
    for name, reader in readers.items():
        found = read(reader, corpus)
        score = score_texts((page.body, text) for page, text in zip(corpus, found.texts, strict=True))
        rows.append([name, *(f"{figure:.3f}" for figure in score), f"{found.pages_per_second:.1f}"])
    yield Table(
        "Article bodies in HTML pages",
        ("", "F1", "precision", "recall", "pages a second"),
        rows,
        (
            f"{len(corpus)} pages. Bags of {SHINGLE}-word shingles per page; precision and recall are means over pages."
            " Bodies without the headline, as in the benchmark. The benchmark counts datelines, sign-offs and copies "
            "as text, and the cleaners cut them. trafilatura runs without comments.",
        ),
    )


def cleaners() -> list[Cleaner]:
    """Return the built-in cleaners in order, beginning with the one that reads HTML."""
    import onrecord_clean

    found: list[Cleaner] = []
    onrecord_clean.register_cleaners(found.append)
    found.sort(key=lambda cleaner: (cleaner.order, cleaner.name))
    return found[[cleaner.name for cleaner in found].index("html_text") :]


def body(page: Page, chosen: Sequence[Cleaner]) -> str:
    """Return the article's body after these cleaners; empty if nothing remains."""
    return clean_text(page.html, *chosen, media_type="text/html", metadata={"url": page.url})[0].body


def read(reader: Callable[[Page], str], corpus: Sequence[Page]) -> Reading:
    """Read the pages, after a first page that loads everything."""
    reader(corpus[0])
    begun = time.process_time()
    texts = [reader(page) for page in corpus]
    return Reading(texts, len(corpus) / max(time.process_time() - begun, 1e-9))


def score_texts(texts: Iterable[tuple[str, str]]) -> Score:
    """Score pairs of gold and found text as the article extraction benchmark does.

    Precision is the mean over pages with a found text, recall that over pages with a gold text, F1 that of the two.
    """
    precisions, recalls = [], []
    for true, found in texts:
        gold, ours = shingles(true), shingles(found)
        common = (gold & ours).total()
        if ours:
            precisions.append(common / ours.total())
        if gold:
            recalls.append(common / gold.total())
    precision = sum(precisions) / len(precisions) if precisions else 0.0
    recall = sum(recalls) / len(recalls) if recalls else 0.0
    return Score(2 * precision * recall / ((precision + recall) or 1), precision, recall)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the bag of a text's shingles; a text with fewer words is one shingle.

    >>> shingles("To be, or not to be")[("or", "not", "to", "be")]
    1
    """
    words = re.findall(r"\w+", text)
    if len(words) <= SHINGLE:
        return Counter([tuple(words)] if words else [])
    return Counter(zip(*(words[start:] for start in range(SHINGLE)), strict=False))
