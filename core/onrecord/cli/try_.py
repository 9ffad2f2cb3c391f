"""`onrecord try`: run the cleaners or an annotator on files, without a warehouse."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import click
from rich.markup import escape

from ..config.loading import DEFAULT_FILE, load_settings, parse_settings
from ..errors import PLUGIN_FAILURES, OnrecordError
from ..model.content import ANNOTATED, Article
from ..model.row import Row
from ..plugins.components import Item
from ..plugins.registry import Plugins
from ..reporting.cleaning import CleaningTrace, print_cleaning, render_cleaning_page, trace_cleaning
from ..reporting.layout import format_columns
from ..stages.annotate import annotate_articles, check_rows
from ..stages.builder import convert_rows
from ..stages.context import BatchContext
from ..stages.ingest import fetch_document
from .terminal import console


@click.command("try")
@click.option("-c", "--config", type=click.Path(path_type=Path), envvar="ONRECORD_CONFIG", metavar="FILE",
              help="The configuration; by default onrecord.toml in this folder, if it exists.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object per row.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="With `clean`: write an HTML page instead.")  # fmt: skip
@click.argument("what")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def try_command(config: Path | None, as_json: bool, html: Path | None, what: str, files: tuple[Path, ...]) -> None:
    """Clean FILES, run the annotator WHAT on them, and print the rows that it makes.

    If WHAT is `clean`, show instead what kind each stretch of the text is, and what each cleaner did.
    """
    settings = load_settings(config) if config or DEFAULT_FILE.exists() else parse_settings({})
    plugins = Plugins(settings)
    if what == "clean":
        traces = [_clean(file.resolve(), plugins) for file in files]
        if as_json:
            for segment in (segment for trace in traces for segment in trace.segments):
                click.echo(segment.model_dump_json())
        elif html:
            html.write_text(render_cleaning_page(traces), encoding="utf-8")
            click.echo(f"written to {html}", err=True)
        else:
            for trace in traces:
                print_cleaning(trace, console)
        return
    if html:
        raise click.UsageError("--html is for `onrecord try clean`")
    if what not in plugins.annotators:
        known = ", ".join(["clean", *plugins.annotators])
        raise click.UsageError(f"no annotator is called {what}; there are: {known}")
    for file in files:
        article = _clean(file.resolve(), plugins).article
        if article.kind not in ANNOTATED:
            raise OnrecordError(
                f"{file.resolve()} is not annotated, being no article ({article.kind}: {article.kind_reason}); "
                "`onrecord try clean` shows what became of its text"
            )
        rows = _annotate(article, what, plugins)
        if as_json:
            for row in rows:
                record = {"table": row.__table__, "article_id": str(article.article_id)}
                click.echo(json.dumps(record | row.model_dump(mode="json"), ensure_ascii=False))
        else:
            _print(article, rows, file)


def _clean(file: Path, plugins: Plugins) -> CleaningTrace:
    ingestor = next((i for i in plugins.ingestors.values() if "file" in i.schemes), None)
    if ingestor is None:
        raise OnrecordError("no loaded plugin reads files: an ingestor with the scheme `file` is needed")
    settings = plugins.settings
    try:
        document = fetch_document(ingestor, Item(file.as_uri(), "", file.stat().st_size, settings.run.document_bytes))
        return trace_cleaning(document, plugins.cleaners, settings.language.default)
    except PLUGIN_FAILURES as error:
        raise OnrecordError(f"{file}: {type(error).__name__}: {error}") from error


def _annotate(article: Article, annotator_name: str, plugins: Plugins) -> list[Row]:
    """Return the rows of an annotator, after running the annotators that it requires."""
    reading = BatchContext([article], plugins.pipelines.get(article.language))
    readable = {name: annotator.writes for name, annotator in plugins.annotators.items()}
    required = _find_required(annotator_name, plugins)
    rows: list[Row] = []
    for name, annotator in plugins.annotators.items():
        if name not in required:
            continue
        reading.begin(annotator, readable)
        (rows,) = annotate_articles(annotator, [article])
        check_rows(annotator, article, rows)
        convert_rows({article.article_id: rows}, plugins.tables)
        reading.give(article.article_id, rows)
    return rows


def _find_required(name: str, plugins: Plugins) -> set[str]:
    return {name}.union(*(_find_required(each, plugins) for each in plugins.annotators[name].requires))


def _print(article: Article, rows: list[Row], file: Path) -> None:
    console.rule(f"[bold]{escape(str(file))}[/bold]", align="left")
    for row_class in dict.fromkeys(type(row) for row in rows):
        own = [row for row in rows if type(row) is row_class]
        console.print(f"\n[bold]{row_class.__table__}[/bold]: {len(own)} rows")
        # Columns without values, and ids, are left out to save space.
        filled = [name for name in row_class.model_fields if any(getattr(row, name) is not None for row in own)]
        names = [name for name in filled if not isinstance(getattr(own[0], name), UUID)]
        cells = [["" if (value := getattr(row, name)) is None else str(value) for name in names] for row in own]
        console.print(format_columns(names, cells, console.width))
    if not rows:
        console.print("no rows")
