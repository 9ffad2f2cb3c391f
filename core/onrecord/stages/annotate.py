"""Annotate: from articles to what annotators read out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from uuid import UUID

import pyarrow as pa

from ..errors import PLUGIN_FAILURES, PluginError, RowError
from ..logs import log_context
from ..model.content import Article
from ..model.row import Row, Span
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..plugins.components import Annotator
from ..plugins.pipelines import Pipeline
from .context import BatchContext
from .work import Batch, BatchResult, Book, Counters


def annotate(
    batch: Batch,
    annotators: Mapping[str, Annotator],
    tables: Mapping[str, Table],
    pipeline: Pipeline | None,
) -> BatchResult:
    """Run `batch.components`, in order, over the batch's articles.

    `batch.subjects` has the columns of `article` beside subject_id and input_hash; `annotators` has all
    annotators by name, `tables` their tables. Each annotator gets the batch; if that fails it gets the articles
    one by one, and those that it fails on are quarantined. An annotator that requires one that failed on an
    article is not given that article: it is blocked, and has no rows for it until the other one succeeds.
    """
    articles = [article for article in STANDARD_TABLES["article"].rows(batch.subjects) if isinstance(article, Article)]
    reading = BatchContext(articles, pipeline)
    for name, given in batch.given.items():
        table = tables[name]
        for article_id, row in zip(given["article_id"].to_pylist(), table.rows(given), strict=True):
            reading.give(table.row, UUID(article_id), [row])
    readable = {name: annotator.writes for name, annotator in annotators.items()}

    result, book = BatchResult(batch.stage, batch.number), Book(batch)
    missing: dict[str, set[UUID]] = defaultdict(set)
    for name in batch.components:
        annotator = annotators[name]
        waiting = {a for required in annotator.requires for a in missing[required]}
        todo = [article for article in articles if article.article_id not in waiting]
        reading.begin(annotator, readable)
        with log_context(component=name):
            made, errors = annotate_or_isolate(annotator, todo, tables)
        missing[name] = waiting | errors.keys()
        for article in todo:
            if article.article_id in errors:
                book.failed(name, annotator.version, str(article.article_id), errors[article.article_id])
            else:
                book.done(name, str(article.article_id))
        result.tables |= made.tables
        for article_id, rows in made.rows.items():
            for row in rows:
                reading.give(type(row), article_id, [row])
        count = sum(table.num_rows for table in made.tables.values())
        result.replaced[name] = [str(article.article_id) for article in articles]
        result.counters[name] = Counters(len(articles), len(made.rows), len(errors), len(waiting), count, made.seconds)
    result.tables |= book.tables()
    return result


@dataclass(slots=True)
class Made:
    """The rows that an annotator made: as objects for those that come after it, as tables to load."""

    rows: dict[UUID, list[Row]] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    seconds: float = 0.0
    """Inside the annotator."""

    def add(self, other: Made) -> None:
        """Add what was made of other articles."""
        self.rows |= other.rows
        self.seconds += other.seconds
        for name, table in other.tables.items():
            self.tables[name] = pa.concat_tables([self.tables[name], table]) if name in self.tables else table


def annotate_or_isolate(
    annotator: Annotator, articles: Sequence[Article], tables: Mapping[str, Table]
) -> tuple[Made, dict[UUID, BaseException]]:
    """What the annotator made, and what was raised for the articles that it failed on."""
    try:
        return annotate_articles(annotator, articles, tables), {}
    except PLUGIN_FAILURES as error:
        if len(articles) == 1:
            return annotate_articles(annotator, [], tables), {articles[0].article_id: error}
    made = annotate_articles(annotator, [], tables)
    errors: dict[UUID, BaseException] = {}
    for article in articles:
        try:
            made.add(annotate_articles(annotator, [article], tables))
        except PLUGIN_FAILURES as error:
            errors[article.article_id] = error
    return made, errors


def annotate_articles(annotator: Annotator, articles: Sequence[Article], tables: Mapping[str, Table]) -> Made:
    """Run the annotator over the articles. Raises whatever it raises, and for rows that do not fit."""
    begun = perf_counter()
    by_article = [list(rows) for rows in annotator.annotate_batch(articles)] if articles else []
    seconds = perf_counter() - begun
    if len(by_article) != len(articles):
        raise PluginError(
            annotator.name, f"annotate_batch gave rows for {len(by_article)} articles where there were {len(articles)}"
        )
    by_table: dict[type[Row], list[tuple[UUID, Row]]] = {row_class: [] for row_class in annotator.writes}
    for article, rows in zip(articles, by_article, strict=True):
        for row in rows:
            if type(row) not in by_table:
                raise PluginError(
                    annotator.name, f"yielded a {type(row).__name__}, which is not among the rows that it `writes`"
                )
            if isinstance(row, Span):
                check_span(row, article)
            by_table[type(row)].append((article.article_id, row))
    return Made(
        {article.article_id: rows for article, rows in zip(articles, by_article, strict=True)},
        {row_class.__table__: tables[row_class.__table__].arrow(rows) for row_class, rows in by_table.items()},
        seconds,
    )


def check_span(row: Span, article: Article) -> None:
    """Raise RowError unless the row's text stands in the article's body at the row's offsets."""
    there = article.body[max(row.start_char, 0) : max(row.end_char, 0)]
    if not 0 <= row.start_char < row.end_char <= len(article.body) or there != row.text:
        raise RowError(
            row.__table__,
            "text",
            f"is not what stands at {row.start_char}–{row.end_char} of a body of {len(article.body)} characters, "
            f"which is {there[:80]!r}",
            row.text[:80],
        )
