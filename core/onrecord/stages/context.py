"""What a batch's articles share: docs, and the rows of earlier annotators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from ..errors import PluginError
from ..model.content import Article
from ..model.row import Row
from ..plugins.components import Annotator
from ..plugins.pipelines import Pipeline, load_pipeline

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

AnyRow = TypeVar("AnyRow", bound=Row)


class BatchContext:
    """The docs of a batch, parsed when the first annotator asks, and rows so far."""

    def __init__(self, articles: Sequence[Article], pipeline: Pipeline | None) -> None:
        self._articles = articles
        self._pipeline = pipeline
        self._docs: dict[UUID, Doc | Exception] = {}
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
        parsed = self._docs[article.article_id]
        if isinstance(parsed, Exception):
            raise parsed
        return parsed

    def _parse(self, article: Article) -> None:
        if self._pipeline is None:
            name = self._reader.name if self._reader else "reading"
            raise PluginError(name, f"no pipeline is registered for the language {article.language!r}")
        nlp = load_pipeline(self._pipeline)
        try:
            for a, doc in zip(self._articles, nlp.pipe(a.body for a in self._articles), strict=True):
                self._docs[a.article_id] = doc
        except Exception:
            # One body that breaks the pipeline must not cost the others theirs.
            for a in self._articles:
                if a.article_id not in self._docs:
                    self._docs[a.article_id] = _try_to_parse(nlp, a.body)


def _try_to_parse(nlp: Language, body: str) -> Doc | Exception:
    try:
        return nlp(body)
    except Exception as error:
        return error
