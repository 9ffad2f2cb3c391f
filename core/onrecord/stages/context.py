"""What a batch's articles share: docs, and the rows of earlier annotators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from ..errors import PluginError
from ..model.content import Article
from ..model.row import Row
from ..plugins.components import Annotator
from ..plugins.pipelines import Pipeline, load_pipeline

if TYPE_CHECKING:
    from spacy.tokens import Doc

AnyRow = TypeVar("AnyRow", bound=Row)


class BatchContext:
    """The docs of a batch, parsed when the first annotator asks, and rows so far."""

    def __init__(self, articles: Sequence[Article], pipeline: Pipeline | None) -> None:
        # Not the articles: they refer to this context, and a cycle would keep all docs until a garbage collection.
        self._bodies = {article.article_id: article.body for article in articles}
        self._pipeline = pipeline
        self._docs: dict[UUID, Doc] = {}
        self._rows: dict[type[Row], dict[UUID, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self._reader: Annotator | None = None
        self._readable: frozenset[type[Row]] = frozenset()
        for article in articles:
            article._context = self

    def give(self, article_id: UUID, rows: Iterable[Row]) -> None:
        """Let later annotators see these rows of an article."""
        for row in rows:
            self._rows[type(row)][article_id].append(row)

    def begin(self, annotator: Annotator, readable: Mapping[str, Sequence[type[Row]]]) -> None:
        """Let this annotator read; `readable` has the row classes of each component."""
        self._reader = annotator
        self._readable = frozenset(row for name in annotator.requires for row in readable.get(name, ()))

    def rows(self, article: Article, row: type[AnyRow]) -> list[AnyRow]:
        """See `Article.rows`."""
        if self._reader is not None and row not in self._readable:
            raise PluginError(
                self._reader.name,
                f"reads rows of class {row.__name__} without requiring the annotator that writes them: "
                f"add its name to `requires`, which is now {list(self._reader.requires)}",
            )
        return list(self._rows[row][article.article_id])  # type: ignore[arg-type]

    def doc(self, article: Article) -> Doc:
        """See `Article.doc`."""
        if self._reader is not None and not self._reader.uses_doc:
            raise PluginError(self._reader.name, "reads article.doc without saying so: set uses_doc = True")
        if article.article_id not in self._docs:
            self._parse(article)
        return self._docs[article.article_id]

    def _parse(self, article: Article) -> None:
        if self._pipeline is None:
            name = self._reader.name if self._reader else "reading"
            raise PluginError(name, f"no pipeline is registered for the language {article.language!r}")
        nlp = load_pipeline(self._pipeline)
        bodies, self._bodies = self._bodies, {}
        # If one body breaks the pipeline, the bodies after it are parsed one by one, when they are asked for.
        with suppress(Exception):
            self._docs.update(zip(bodies, nlp.pipe(bodies.values()), strict=True))
        if article.article_id not in self._docs:
            self._docs[article.article_id] = nlp(article.body)
