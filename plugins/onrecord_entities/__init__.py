"""The annotator `entities`: names by their shape and a small gazetteer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onrecord import Annotator, Article, Mention, hookimpl

from .labels import labelled
from .names import names_in
from .words import words_of

ONRECORD_API = 1


class Entities(Annotator):
    """Finds names of persons, organizations, places and groups. Titles are no part of a name."""

    name, version, writes = "entities", "1", (Mention,)
    uses_doc = True

    def annotate(self, article: Article) -> Iterator[Mention]:
        """The names in the order of the text."""
        words = words_of(article.doc)
        for ordinal, (name, label) in enumerate(labelled(words, names_in(words))):
            start, end = words.starts[name.first], words.ends[name.last]
            yield Mention(
                ordinal=ordinal, start_char=start, end_char=end, text=article.body[start:end], kind="name", label=label
            )


@hookimpl
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register the annotator `entities`."""
    register(Entities())
