"""The public corpora that quality is measured on: location, source and content.

Each is expected, xz-compressed, in one folder; none is part of this project. All are dev parts, on which the network
and the rules were selected: scores on a held-out test part would be slightly lower.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord_language.training.corpora import certain_names, read_iob, read_lines

from .measures import Attribution, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


@dataclass(frozen=True)
class Corpus:
    """A file in the folder of corpora."""

    title: str
    file: str
    home: str

    def path(self, folder: Path) -> Path | None:
        """Return the file, or None if it does not exist."""
        path = folder / self.file
        return path if path.exists() else None


POLNEAR = Corpus("PolNeAR dev", "polnear-dev.jsonl.xz", "https://github.com/networkdynamics/PolNeAR")
CONLL = Corpus("CoNLL-2003 dev", "ner-conll2003-dev.iob.xz", "https://github.com/zliucr/CrossNER")
POLITICS = Corpus("CrossNER politics dev", "ner-crossner-politics-dev.iob.xz", "https://github.com/zliucr/CrossNER")
UNER = Corpus("UNER EWT dev", "ner-uner-ewt-dev.iob2.xz", "https://github.com/UniversalNER/UNER_English-EWT")
EWT = Corpus("UD EWT dev", "ud-ewt-dev.conllu.xz", "https://github.com/UniversalDependencies/UD_English-EWT")
GUM = Corpus("UD GUM dev", "ud-gum-dev.conllu.xz", "https://github.com/UniversalDependencies/UD_English-GUM")
PAGES = Corpus(
    "article extraction benchmark dev",
    "article-html-dev.jsonl.xz",
    "https://github.com/scrapinghub/article-extraction-benchmark",
)
CORPORA = (POLNEAR, CONLL, POLITICS, UNER, EWT, GUM, PAGES)


@dataclass(frozen=True)
class Page:
    """A news page and the article's text in it, as a person marked it."""

    url: str
    html: str
    body: str


def pages(path: Path) -> Iterator[Page]:
    """Read the pages of the article extraction benchmark."""
    for line in read_lines(path):
        page = json.loads(line)
        yield Page(page["url"], page["html"], page["article_body"])


def read_attributions(path: Path) -> Iterator[tuple[str, list[Attribution]]]:
    """Read PolNeAR: each article's text and its gold attributions."""
    for line in read_lines(path):
        article = json.loads(line)
        text: str = article["text"]
        yield (
            text,
            [
                Attribution(*(_strip_spans(text, found[role]) for role in ("source", "cue", "content")))
                for found in article["attributions"]
            ],
        )


def _strip_spans(text: str, spans: list[list[int]]) -> frozenset[Span]:
    """Strip white space from the edges of spans, which a few have."""
    return frozenset(
        (end - len(text[start:end].lstrip()), start + len(text[start:end].rstrip())) for start, end in spans
    )


def read_name_docs(path: Path, vocabulary: Vocab) -> Iterator[tuple[Doc, list[tuple[Span, str]]]]:
    """Read a corpus of names: Docs of twelve sentences, and the names in them.

    Docs have the corpus's own words. Labels are those of our pipeline. The corpus's "misc" is split by its words:
    peoples, supporters of parties and religions are NORP, events in CoNLL are EVENT, and the rest is MISC.
    """
    from spacy.tokens import Doc

    for text in read_iob(path):
        doc = Doc(vocabulary, text.words, text.spaced)
        spans = ((doc[first:last], label) for first, last, label in certain_names(text))
        yield doc, [((span.start_char, span.end_char), label) for span, label in spans]


def sentences(path: Path) -> Iterator[tuple[str, set[int]]]:
    """Read a treebank: each document's text and its sentence starts.

    Empty lines separate the paragraphs.
    """
    text, starts, glued = "", set[int](), False
    for line in [*read_lines(path), "# newdoc"]:
        if line.startswith("# newdoc"):
            if text:
                yield text, starts
            text, starts, glued = "", set(), True
        elif line.startswith("# newpar"):
            text, glued = (text and text.rstrip() + "\n\n"), True
        elif line.startswith("# text = "):
            text += "" if glued else " "
            starts.add(len(text))
            text += line.removeprefix("# text = ").strip()
        elif line and line[0].isdigit():
            glued = "SpaceAfter=No" in line.rpartition("\t")[2]
