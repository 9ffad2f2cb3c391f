"""Annotate: from articles to the rows that annotators read out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import pyarrow.compute as pc

from ..errors import PLUGIN_FAILURES, PluginError, RowError
from ..logs import log_context
from ..model.content import Article
from ..model.row import Row, Span
from ..model.table import Table, to_python
from ..model.tables import STANDARD_TABLES
from ..plugins.components import Annotator
from ..plugins.pipelines import Pipeline
from .builder import ResultBuilder, check_class
from .context import BatchContext
from .work import Batch, BatchResult

_CHARACTERS_AT_ONCE = 250_000
"""Docs and rows take up to 500 times the memory of their text until they are Arrow tables."""


def annotate(
    batch: Batch,
    annotators: Mapping[str, Annotator],
    tables: Mapping[str, Table],
    pipeline: Pipeline | None,
) -> BatchResult:
    """Run `batch.components`, in order, over the batch's articles, some at a time.

    `batch.subjects` has the columns of `article` beside subject_id and input_hash; `annotators` has all annotators by
    name, `tables` their tables. Each annotator gets the articles; if that fails it gets them one by one, and those
    that it fails on are quarantined. An annotator that requires one that failed on an article is not given that
    article: it is blocked, and has no rows for it until the other one succeeds.
    """
    positions, characters = [], 0
    for position, length in enumerate(pc.utf8_length(batch.subjects["body"]).to_pylist()):
        if position and characters + length > _CHARACTERS_AT_ONCE:
            positions.append(position)
            characters = 0
        characters += length
    parts = batch.cut(positions)
    return BatchResult.merge([_annotate_part(part, annotators, tables, pipeline) for part in parts])


def _annotate_part(
    batch: Batch,
    annotators: Mapping[str, Annotator],
    tables: Mapping[str, Table],
    pipeline: Pipeline | None,
) -> BatchResult:
    articles = [article for article in STANDARD_TABLES["article"].rows(batch.subjects) if isinstance(article, Article)]
    context = BatchContext(articles, pipeline)
    for table_name, rows in batch.inputs.items():
        table = tables[table_name]
        for article_id, row in zip(to_python(rows["article_id"]), table.rows(rows), strict=True):
            context.give(article_id, [row])
    readable = {name: annotator.writes for name, annotator in annotators.items()}
    builder = ResultBuilder(batch, tables)
    done: dict[str, Mapping[UUID, Sequence[Row]]] = {}
    for name in batch.components:
        annotator = annotators[name]
        required = [done[other] for other in annotator.requires if other in done]
        ready = [article for article in articles if all(article.article_id in rows for rows in required)]
        context.begin(annotator, readable)
        with log_context(component=name):
            _annotate_or_isolate(annotator, ready, builder)
        done[name] = builder.convert(name)
        for article_id, made in done[name].items():
            context.give(article_id, made)
    return builder.build()


def _annotate_or_isolate(annotator: Annotator, articles: Sequence[Article], builder: ResultBuilder) -> None:
    """Run the annotator over the articles; one by one if it fails on them together."""
    try:
        with builder.measure(annotator.name):
            by_article = annotate_articles(annotator, articles)
    except PLUGIN_FAILURES as error:
        if len(articles) == 1:
            builder.fail(annotator.name, articles[0].article_id, error)
            return
        for article in articles:
            _annotate_or_isolate(annotator, [article], builder)
        return
    for article, rows in zip(articles, by_article, strict=True):
        try:
            check_rows(annotator, article, rows)
        except PLUGIN_FAILURES as error:
            builder.fail(annotator.name, article.article_id, error)
        else:
            builder.add(annotator.name, article.article_id, rows)


def annotate_articles(annotator: Annotator, articles: Sequence[Article]) -> list[list[Row]]:
    """Run the annotator over articles; returns the rows of each."""
    by_article = [list(rows) for rows in annotator.annotate_batch(articles)] if articles else []
    if len(by_article) != len(articles):
        raise PluginError(
            annotator.name, f"annotate_batch gave rows for {len(by_article)} articles where there were {len(articles)}"
        )
    return by_article


def check_rows(annotator: Annotator, article: Article, rows: Iterable[Row]) -> None:
    """Raise PluginError for a row of a wrong class, RowError for a wrong span."""
    for row in rows:
        check_class(annotator, row)
        if isinstance(row, Span):
            check_span(row, article)


def check_span(row: Span, article: Article) -> None:
    """Raise RowError unless the body has the row's text at the row's offsets."""
    there = article.body[max(row.start_char, 0) : max(row.end_char, 0)]
    if not 0 <= row.start_char < row.end_char <= len(article.body) or there != row.text:
        raise RowError(
            row.__table__,
            "text",
            f"is not what stands at {row.start_char}–{row.end_char} of a body of {len(article.body)} characters, "
            f"which is {there[:80]!r}",
            row.text[:80],
        )
