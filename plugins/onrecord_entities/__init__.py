"""The annotator `entities`: names that the spaCy pipeline finds, made consistent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from onrecord import Annotator, Article, Mention, hookimpl

from .agreement import unify_kinds
from .kinds import KINDS
from .missed import find_missed
from .name import Name
from .trimming import trim_name

if TYPE_CHECKING:
    from spacy.tokens import Doc

ONRECORD_API = 1


def read_names(doc: Doc) -> list[Name]:
    """Return the names among a pipeline's spans, unchanged."""
    return [
        Name(span.start_char, span.end_char, span.text, KINDS[span.label_]) for span in doc.ents if span.label_ in KINDS
    ]


def refine_names(body: str, found: list[Name]) -> list[Name]:
    """Return an article's names in text order, without overlaps.

    `found` are the names that a pipeline found in its body.
    """
    names = unify_kinds([part for name in found for part in trim_name(body, name)])
    return sorted([*names, *find_missed(body, names)], key=lambda name: name.start)


class Entities(Annotator):
    """Names of persons, organizations, places, groups and events, from `doc.ents`."""

    name, version, writes = "entities", "2", (Mention,)
    uses_doc = True

    def annotate(self, article: Article) -> Iterator[Mention]:
        """Yield the names in text order."""
        for ordinal, name in enumerate(refine_names(article.body, read_names(article.doc))):
            yield Mention(
                ordinal=ordinal,
                start_char=name.start,
                end_char=name.end,
                text=name.text,
                kind="name",
                label=name.kind,
            )


@hookimpl
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register the annotator `entities`."""
    register(Entities())
