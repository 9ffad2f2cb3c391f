"""A candidate: rows made by a component as it is now, beside the published ones that it made as it was.

A candidate is a folder under `candidates` in the warehouse's: a database of its own, laid out like any live one, with
the rows, the ledger and the runs of the backfill that fills it; and the file `selection.json`, which says what for.
Looked at `over` another database, which is only read, it shows what a run would find had the candidate been promoted.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import OnrecordError, WarehouseError
from ..model.content import ANNOTATED_SQL
from ..model.row import quote_identifier
from ..model.table import Table
from ..planning.versions import ComponentVersions, component_versions, find_upstream
from ..plugins.registry import Plugins
from ..sql import read_sql
from ..warehouse import Warehouse
from ..warehouse.database import attach, refuse_unmigrated

FOLDER = "candidates"
_SELECTION = "selection.json"
_REMOVED = ".removed"
"""The ending of folders that are about to go."""
_PORTION = 5000
"""Articles that are compared, or promoted in one transaction, at a time."""


class Selection(BaseModel):
    """Which annotators are backfilled, over which articles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    components: tuple[str, ...]
    since: date | None = None
    until: date | None = None
    outlets: tuple[str, ...] = ()
    where: str | None = None

    def __str__(self) -> str:
        days = [f"{word} {day}" for word, day in (("since", self.since), ("until", self.until)) if day]
        outlets = [f"of {' or '.join(self.outlets)}"] if self.outlets else []
        where = [f"where {self.where}"] if self.where else []
        return " ".join(["articles", *days, *outlets, *where]) if days or outlets or where else "all articles"

    def chosen(self, connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, Any]]:
        """A query for the ids of the selected articles, and its parameters. Raises OnrecordError for a bad `where`."""
        conditions, parameters = ["true"], dict[str, Any]()
        if self.since:
            conditions.append("published_at >= $since::timestamptz")
            parameters["since"] = f"{self.since} 00:00:00+00"
        if self.until:
            # Not in Python, whose days end with the year 9999.
            conditions.append("published_at < $until::timestamptz + interval 24 hours")
            parameters["until"] = f"{self.until} 00:00:00+00"
        if self.outlets:
            conditions.append("(list_contains($outlets, lower(outlet)) or list_contains($outlets, outlet_domain))")
            parameters["outlets"] = [outlet.lower() for outlet in self.outlets]
        if self.where:
            conditions.append(f"({self.where}\n)")
        query = f"select article_id from article where {' and '.join(conditions)}"
        try:
            # One statement and no more: a closing bracket in `where` must not begin another.
            (statement,) = connection.extract_statements(query)
            connection.execute(f"explain {statement.query}", parameters or None)
        except (duckdb.Error, ValueError) as error:
            raise OnrecordError(
                f"the articles cannot be selected: `where` must be a condition on the columns of `article`, "
                f"e.g. \"language = 'en'\" (it is {self.where!r}): {error}"
            ) from error
        return query, parameters


class Candidate(Warehouse):
    """A candidate's folder. Whoever fills, compares, promotes or drops it holds the lock in it."""

    def __init__(self, directory: Path, selection: Selection) -> None:
        super().__init__(directory)
        self.selection = selection
        self.versions: ComponentVersions = {}
        self._overlaid: list[str] = []

    @property
    def name(self) -> str:
        """The chosen annotators, by which candidates are told apart."""
        return self.directory.name

    @contextmanager
    def over(self, base: Path, plugins: Plugins, *, selected: bool = False) -> Iterator[None]:
        """Look at the candidate over the database `base`, which is read as it is now until the block ends.

        With `selected`, only the selected articles are seen. Raises OnrecordError for an annotator that is not there,
        and for a selection of nothing.
        """
        names = members(plugins, self.selection.components)
        self.versions = {key: each for key, each in component_versions(plugins).items() if key[0] in names}
        tables = {name: plugins.tables_of(plugins.annotators[name]) for name in names}
        with closing(self._cursor()) as connection:
            attach(connection, base, read_only=True, alias="base")
            refuse_unmigrated(connection, base, "base")
            try:
                self._look(connection, tables, find_upstream(plugins), selected=selected)
            finally:
                connection.execute("use memory")
        try:
            yield
        finally:
            self._overlaid = []
            # What was closed in between has let go of it.
            if self._instance is not None:
                with closing(self._cursor()) as connection:
                    connection.execute("detach database if exists base")

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The candidate, read-only, for a moment; inside `over`, as it looks over the other database."""
        with super().reading() as connection:
            for view in self._overlaid:
                connection.execute(view)
            yield connection

    def set_apart(self, component: str | None = None) -> int:
        """Note what the candidate holds of one of its components or of all, in portions; returns how many articles.

        The table `memory.main._chunks` then has (component, subject_id, outcome, portion), with portions from 0. What
        is up to date in the database below is not among it.
        """
        with self.reading() as connection:
            connection.execute(
                f"""
                create or replace table memory.main._chunks as
                select *, (dense_rank() over (order by subject_id) - 1) // {_PORTION} as chunk
                from _staged_outcome
                where coalesce(component = $component, true)
                """,
                {"component": component},
            )
            query = "select count(distinct subject_id) from memory.main._chunks"
            return int(connection.execute(query).fetchall()[0][0])

    def portions(self) -> Iterator[tuple[int, duckdb.DuckDBPyConnection]]:
        """What was set apart, portion by portion: its number, and the candidate with `portion` as a view of it."""
        with self.reading() as connection:
            last = connection.execute("select coalesce(max(chunk), -1) from memory.main._chunks").fetchall()[0][0]
        for number in range(last + 1):
            with self.reading() as connection:
                connection.execute(
                    f"create or replace temp view _chunk as from memory.main._chunks where chunk = {number:d}"
                )
                yield number, connection

    def is_empty(self) -> bool:
        """Whether there is nothing in it that was done, or failed."""
        with super().reading() as connection:
            query = "select (select count(*) from ledger) + (select count(*) from quarantine)"
            return connection.execute(query).fetchall() == [(0,)]

    def save(self) -> None:
        """Write down the selection: from then on the candidate is there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        draft = self.directory / f"{_SELECTION}.new"
        draft.write_text(self.selection.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(self.directory / _SELECTION)

    def remove(self) -> None:
        """Delete the candidate and all its rows."""
        self.close()
        with changing(self.directory.parent):
            # Without its name first: one that is half removed would be taken for one that has another selection.
            shutil.rmtree(self.directory.rename(self.directory.with_name(f"{self.name}{_REMOVED}")))

    def _look(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: dict[str, list[Table]],
        upstream: Mapping[str, Collection[str]],
        *,
        selected: bool,
    ) -> None:
        connection.execute("use base")
        query, parameters = self.selection.chosen(connection) if selected else ("select article_id from article", {})
        connection.execute(f"create or replace table memory.main._selected as {query}", parameters or None)
        if selected and connection.execute("select count(*) from memory.main._selected").fetchall() == [(0,)]:
            raise OnrecordError(
                f"no published article is among those that are to be backfilled: {self.selection}. `onrecord sql "
                '"select outlet, outlet_domain, min(published_at), max(published_at) from article group by all"` shows '
                "what there is to select from"
            )
        rows = [
            {"component": name, "language": language, "fingerprint": version.fingerprint, "needs": list(upstream[name])}
            for (name, language), version in self.versions.items()
        ]
        schema = pa.schema([("component", pa.string()), ("language", pa.string()), ("fingerprint", pa.string()),
                            ("needs", pa.list_(pa.string()))])  # fmt: skip
        connection.register("_wanted_rows", pa.Table.from_pylist(rows, schema=schema))
        connection.execute("create or replace table memory.main._wanted as from _wanted_rows")
        there = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'base'"
            ).fetchall()
        }
        self._overlaid = [read_sql(__name__, "candidate").format(annotated=ANNOTATED_SQL)]
        for component, own in tables.items():
            self._overlaid += [_overlaid(component, table, table.name in there) for table in own]


def candidates(warehouse: Path) -> list[Candidate]:
    """The candidates of a warehouse. Raises WarehouseError for one whose selection cannot be read."""
    found = []
    for file in sorted((warehouse / FOLDER).glob(f"*/{_SELECTION}")):
        if file.parent.name.endswith(_REMOVED):
            continue
        try:
            selection = Selection.model_validate_json(file.read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise WarehouseError(file, f"cannot be read; delete {file.parent} to be rid of it: {error}") from error
        found.append(Candidate(file.parent, selection))
    return found


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Be the only one under whose hands candidates begin or end in a folder, while the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        for leftover in folder.glob(f"*{_REMOVED}"):
            shutil.rmtree(leftover)
        yield


def candidate_of(warehouse: Path, component: str, plugins: Plugins | None = None) -> Candidate:
    """The candidate in which a component is backfilled. Raises OnrecordError if there is none."""
    found = candidates(warehouse)
    for candidate in found:
        names = {candidate.name, *candidate.selection.components}
        if plugins is not None and set(candidate.selection.components) <= plugins.annotators.keys():
            names |= set(members(plugins, candidate.selection.components))
        if component in names:
            return candidate
    there = f"there are: {', '.join(c.name for c in found)}" if found else f"`onrecord backfill {component}` makes one"
    raise OnrecordError(f"there is no candidate of {component} in {warehouse / FOLDER}; {there}")


def members(plugins: Plugins, chosen: Sequence[str]) -> list[str]:
    """The annotators that a backfill of the chosen ones is about, in the order in which they run.

    Beside the chosen ones those that read their rows, which would otherwise refer to rows that are replaced, and those
    whose rows any of them reads, which are made where they are not up to date.
    """
    for name in chosen:
        if name not in plugins.annotators:
            kinds: dict[str, Collection[str]]
            kinds = {"an aggregator: every run fills its tables afresh": plugins.aggregators,
                     "an ingestor: a run recomputes what it fetched": plugins.ingestors,
                     "a cleaner: a run cleans anew": {cleaner.name for cleaner in plugins.cleaners}}  # fmt: skip
            what = next((words for words, names in kinds.items() if name in names), "not loaded")
            known = ", ".join(plugins.annotators) or "none"
            raise OnrecordError(f"{name} cannot be backfilled, being {what}. The annotators are: {known}")
    upstream = find_upstream(plugins)
    found = {name for name in plugins.annotators if name in chosen or upstream[name] & set(chosen)}
    found |= {required for name in found for required in upstream[name]}
    return [name for name in plugins.annotators if name in found]


def _overlaid(component: str, table: Table, in_base: bool) -> str:
    """A view of an annotator's table: the candidate's rows where there are any, else those of the database below."""
    done = f"select subject_id from _staged_done where component = '{component}'"
    name = quote_identifier(table.name)
    query = f"select * from opened.main.{name} where article_id in ({done})"
    if in_base:
        query += f" union all by name select * from base.main.{name} where article_id not in ({done})"
    return f"create or replace temp view {name} as {query}"
