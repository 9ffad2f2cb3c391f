"""A run as one HTML page that needs nothing else: to be mailed, kept, or looked at in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..model.report import RunReport
from ..model.row import quote_identifier
from ..operations.health import Finding
from ..warehouse import Reader, Warehouse

_MOST = 50
"""Failures and articles that are listed; how many more there are is said."""


def render_run_page(report: RunReport, found: Sequence[Finding] = ()) -> str:
    """The page of a run. `found` is what needs attention now."""
    with Warehouse(report.warehouse).reading() as connection:
        reader = Reader(connection)
        run_id = str(report.run.run_id)
        failures, failed = _first(
            reader,
            """
            -- What did the run fail on, and still is in quarantine?
            select stage, component, version, uri, split_part(error, chr(10), 1) as error
            from quarantine
            where run_id = $run
            order by component, uri
            """,
            run_id,
        )
        articles, made = _first(
            reader,
            """
            -- Which articles did the run write, and how much is known of them?
            select headline, left(body, 120) as beginning, outlet, published_at, kind, word_count, uri
            from article
            join source_item using (article_id)
            where article.run_id = $run
            order by published_at desc nulls last, headline
            """,
            run_id,
        )
        written = _written(reader, run_id)
    environment = Environment(
        loader=PackageLoader("onrecord.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "duration": _duration, "moment": _moment}
    steps = [step for step in report.steps if step.subjects or step.status != "completed" or step.wall_seconds]
    return environment.get_template("run.html.j2").render(
        report=report,
        run=report.run,
        steps=steps,
        longest=max((step.wall_seconds for step in steps), default=0) or 1,
        findings=found,
        failures=failures,
        more_failures=failed - len(failures),
        articles=articles,
        more_articles=made - len(articles),
        written=written,
    )


def _first(reader: Reader, query: str, run_id: str) -> tuple[list[dict[str, Any]], int]:
    """The rows of a query that are listed, and how many it has."""
    rows = reader.sql(f"{query} limit {_MOST}", run=run_id).to_pylist()
    if len(rows) < _MOST:
        return rows, len(rows)
    return rows, reader.sql(f"select count(*) as count from ({query})", run=run_id).to_pylist()[0]["count"]


def _written(reader: Reader, run_id: str) -> list[tuple[str, int]]:
    """How many rows of each table are the run's, where there are any."""
    tables = reader.sql(
        """
        -- Which tables say which run wrote a row, other than those that tell of runs?
        select table_name
        from duckdb_columns()
        semi join duckdb_tables() using (database_name, table_name)
        where column_name = 'run_id' and database_name = current_database()
            and table_name not in ('run', 'step', 'ledger', 'component', 'quarantine')
        order by 1
        """
    )
    counted = []
    for name in tables["table_name"].to_pylist():
        query = f"select count(*) as rows from {quote_identifier(name)} where run_id = $run"
        counted.append((name, reader.sql(query, run=run_id).to_pylist()[0]["rows"]))
    return [(name, rows) for name, rows in counted if rows]


def _count(number: int) -> str:
    return f"{number:,}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""
