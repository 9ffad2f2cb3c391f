"""Run reports as self-contained HTML pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..model.report import RunReport
from ..model.tables import BOOKKEEPING_TABLES
from ..operations.health import Finding
from ..sql import quote_identifier
from ..warehouse import Reader, Warehouse
from ..warehouse.schema import read_columns

_MOST = 50
"""The most failures and articles that a page lists."""
_BOOKKEEPING = {table.name for table in BOOKKEEPING_TABLES}


def render_run_page(report: RunReport, findings: Sequence[Finding] = ()) -> str:
    """Render the page of a run. `findings` are the present findings on the warehouse."""
    with Warehouse(report.warehouse).reading() as connection:
        reader = Reader(connection)
        run_id = report.run.run_id
        failures, failed = _query_first(
            reader,
            """
            -- Which failures of the run are still in quarantine?
            select stage, component, version, uri, split_part(error, chr(10), 1) as error
            from quarantine
            where run_id = $run
            order by component, uri
            """,
            run_id,
        )
        articles, made = _query_first(
            reader,
            """
            -- Which articles did the run write?
            select headline, left(body, 120) as beginning, outlet, published_at, kind, word_count, uri
            from article
            join source_item using (article_id)
            where article.run_id = $run
            order by published_at desc nulls last, headline
            """,
            run_id,
        )
        written = []
        for name, columns in read_columns(connection).items():
            if "run_id" in columns and name not in _BOOKKEEPING:
                query = f"select count(*) as rows from {quote_identifier(name)} where run_id = $run"
                if rows := reader.sql(query, run=run_id).to_pylist()[0]["rows"]:
                    written.append((name, rows))
    environment = Environment(
        loader=PackageLoader("onrecord.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": "{:,}".format, "duration": _format_duration, "time": _format_time}
    steps = [step for step in report.steps if step.subjects or step.status != "completed" or step.wall_seconds]
    return environment.get_template("run.html.j2").render(
        report=report,
        run=report.run,
        steps=steps,
        longest=max((step.wall_seconds for step in steps), default=0) or 1,
        findings=findings,
        failures=failures,
        more_failures=failed - len(failures),
        articles=articles,
        more_articles=made - len(articles),
        written=written,
    )


def _query_first(reader: Reader, query: str, run_id: UUID) -> tuple[list[dict[str, Any]], int]:
    """Return the first rows of a query, and the number of all."""
    rows = reader.sql(f"{query} limit {_MOST}", run=run_id).to_pylist()
    if len(rows) < _MOST:
        return rows, len(rows)
    return rows, reader.sql(f"select count(*) as count from ({query})", run=run_id).to_pylist()[0]["count"]


def _format_duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _format_time(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""
