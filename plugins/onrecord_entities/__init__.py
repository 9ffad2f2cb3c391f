"""The annotator `entities`: the names that the spaCy pipeline finds, made consistent within each article."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from onrecord import Annotator, Article, Mention, hookimpl

from .agreement import agreed
from .kinds import KINDS
from .missed import missed
from .name import Name
from .trimming import trimmed

if TYPE_CHECKING:
    from spacy.tokens import Doc

ONRECORD_API = 1


def found_in(doc: Doc) -> list[Name]:
    """The names among the spans that a pipeline has found, just as it found them."""
    return [
        Name(span.start_char, span.end_char, span.text, KINDS[span.label_]) for span in doc.ents if span.label_ in KINDS
    ]


def names_in(body: str, found: list[Name]) -> list[Name]:
    """An article's names, in the order of the text and without overlaps, from what a pipeline found in its body."""
    names = agreed([part for name in found for part in trimmed(body, name)])
    return sorted([*names, *missed(body, names)], key=lambda name: name.start)


class Entities(Annotator):
    """Names of persons, organizations, places, groups and events, as the pipeline's `doc.ents` has them."""

    name, version, writes = "entities", "2", (Mention,)
    uses_doc = True

    def annotate(self, article: Article) -> Iterator[Mention]:
        """The names in the order of the text."""
        for ordinal, name in enumerate(names_in(article.body, found_in(article.doc))):
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
