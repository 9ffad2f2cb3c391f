"""Staged versions: recomputed rows beside the published ones.

A staged version is a folder `staged/NAME` in the warehouse's folder, with a live database like any warehouse's, which
has the rows, the ledger and the runs of its backfill, and the file `selection.json`, which says what is backfilled.
As an overlay on another database it shows what a run would find after its promotion.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import duckdb
from filelock import FileLock
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ..errors import OnrecordError, WarehouseError
from ..model.content import ANNOTATED_SQL
from ..planning.versions import ComponentVersions, component_versions, find_upstream
from ..plugins.registry import Plugins
from ..sql import quote_identifier, read_sql
from ..warehouse import Warehouse
from ..warehouse.database import attach, refuse_unmigrated
from ..warehouse.lock import lock_holder
from ..warehouse.migrations import migrate, pending_migrations

FOLDER = "staged"
_SELECTION = "selection.json"
_REMOVED = ".removed"
"""The suffix of folders that are being deleted."""
_CHUNK_SIZE = 5000
"""Articles that are compared at a time, or promoted in one transaction."""


class Selection(BaseModel):
    """Which annotators are backfilled, over which articles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Formerly called plugins, in the files of staged versions.
    components: tuple[str, ...] = Field(validation_alias=AliasChoices("components", "plugins"))
    since: date | None = None
    until: date | None = None
    outlets: tuple[str, ...] = ()
    where: str | None = None

    def __str__(self) -> str:
        days = [f"{word} {day}" for word, day in (("since", self.since), ("until", self.until)) if day]
        outlets = [f"of {' or '.join(self.outlets)}"] if self.outlets else []
        conditions = [*days, *outlets, *([f"where {self.where}"] if self.where else [])]
        return " ".join(["articles", *conditions]) if conditions else "all articles"

    def find_articles(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Fill `memory.main._selected` with the ids of the selected articles.

        Raises OnrecordError if there are none, or if `where` is not a condition on the table `article`.
        """
        query = f"""
            create or replace table memory.main._selected as
            select article_id
            from article
            where ($since is null or published_at >= $since::timestamptz)
            -- The day after is computed in SQL: Python's dates end with the year 9999.
            and ($until is null or published_at < $until::timestamptz + interval 24 hours)
            and ($outlets = [] or list_contains($outlets, lower(outlet)) or list_contains($outlets, outlet_domain))
            and ({self.where or "true"}
            )
            """
        since, until = (day and f"{day} 00:00:00+00" for day in (self.since, self.until))
        outlets = [outlet.lower() for outlet in self.outlets]
        try:
            # Exactly one statement: a closing bracket in `where` must not begin another.
            (statement,) = connection.extract_statements(query)
            connection.execute(statement, {"since": since, "until": until, "outlets": outlets})
        except (duckdb.Error, ValueError) as error:
            raise OnrecordError(
                f"the articles cannot be selected: `where` must be a condition on the columns of `article`, "
                f"e.g. \"language = 'en'\" (it is {self.where!r}): {error}"
            ) from error
        if connection.execute("select count(*) from memory.main._selected").fetchall() == [(0,)]:
            raise OnrecordError(
                f"the selection has no published article: {self}. `onrecord sql "
                '"select outlet, outlet_domain, min(published_at), max(published_at) from article group by all"` shows '
                "what can be selected"
            )


class StagedVersion(Warehouse):
    """The folder of a staged version.

    A process that fills, compares, promotes or drops it holds its lock.
    """

    def __init__(self, directory: Path, selection: Selection) -> None:
        super().__init__(directory)
        self.selection = selection
        self.component_versions: ComponentVersions = {}
        """The present versions of the backfilled annotators, inside `overlay`."""
        self._views: list[str] = []

    @property
    def name(self) -> str:
        """The unique name: the selected annotators, joined by a plus sign."""
        return self.directory.name

    def annotators(self, plugins: Plugins) -> list[str]:
        """Return the annotators whose rows it has, as far as they are loaded, in the order in which they run."""
        return select_annotators(plugins, [name for name in self.selection.components if name in plugins.annotators])

    @contextmanager
    def overlay(self, base: Path, plugins: Plugins, *, selected: bool = False) -> Iterator[None]:
        """Show the staged version over the database file `base` inside the block.

        With `selected`, it shows only the selected articles. Raises OnrecordError for an annotator that is not loaded,
        and for a selection without an article.
        """
        self.migrate()
        names = select_annotators(plugins, self.selection.components)
        self.component_versions = {key: each for key, each in component_versions(plugins).items() if key[0] in names}
        try:
            with closing(self._cursor()) as connection:
                attach(connection, base, read_only=True, alias="base")
                refuse_unmigrated(connection, base, "base")
                connection.execute("use base")
                connection.execute("create or replace table memory.main._selected as select article_id from article")
                if selected:
                    self.selection.find_articles(connection)
                connection.execute(
                    "create or replace table memory.main._wanted "
                    "(component text, language text, fingerprint text, needs text[])"
                )
                upstream = find_upstream(plugins)
                wanted = self.component_versions.items()
                rows = [(*key, each.fingerprint, list(upstream[key[0]])) for key, each in wanted]
                connection.executemany("insert into memory.main._wanted values (?, ?, ?, ?)", rows)
                self._views = self._define_views(connection, plugins, names)
            yield
        finally:
            self._views = []
            # Closing the staged version inside the block has detached the base already.
            if self._instance is not None:
                with closing(self._cursor()) as connection:
                    connection.execute("detach database if exists base")

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the staged version read-only; inside `overlay`, over its base."""
        with super().reading() as connection:
            for view in self._views:
                connection.execute(view)
            yield connection

    def split_into_chunks(self, component: str | None = None) -> int:
        """Split the articles of one component, or of all, into chunks; count them.

        Fills the table `memory.main._chunks` with (component, subject_id, outcome, chunk), where outcome is done,
        failed or blocked and chunks are numbered from 0. Articles that are up to date in the base are left out.
        """
        with self.reading() as connection:
            connection.execute(
                f"""
                create or replace table memory.main._chunks as
                select *, (dense_rank() over (order by subject_id) - 1) // {_CHUNK_SIZE} as chunk
                from _staged_outcome
                where coalesce(component = $component, true)
                """,
                {"component": component},
            )
            query = "select count(distinct subject_id) from memory.main._chunks"
            return int(connection.execute(query).fetchall()[0][0])

    def chunks(self) -> Iterator[tuple[int, duckdb.DuckDBPyConnection]]:
        """Yield the number of each chunk, and a connection with its view `_chunk`."""
        with self.reading() as connection:
            last = connection.execute("select coalesce(max(chunk), -1) from memory.main._chunks").fetchall()[0][0]
        for number in range(last + 1):
            with self.reading() as connection:
                connection.execute(
                    f"create or replace temp view _chunk as from memory.main._chunks where chunk = {number:d}"
                )
                yield number, connection

    def count_articles(self) -> tuple[int, int]:
        """Count the articles that are done, and those that a component failed on."""
        with self.reading() as connection:
            query = "select count(distinct subject_id) from {}"
            counts = [connection.execute(query.format(t)).fetchall()[0][0] for t in ("ledger", "quarantine")]
        return counts[0], counts[1]

    def migrate(self) -> None:
        """Migrate the database if an older version of onrecord wrote it."""
        if not self.live.exists():
            return
        with self._attach_file(self.live, read_only=True) as connection:
            pending = pending_migrations(connection, "opened")
        if pending:
            with self._attach_file(self.live, read_only=False) as connection:
                migrate(connection)

    def save(self) -> None:
        """Write the selection, which makes the folder a staged version."""
        self.directory.mkdir(parents=True, exist_ok=True)
        draft = self.directory / f"{_SELECTION}.new"
        draft.write_text(self.selection.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(self.directory / _SELECTION)

    def remove(self) -> None:
        """Delete the staged version with all its rows."""
        self.close()
        with lock_staged_versions(self.directory.parent):
            # Renamed first: a folder that is deleted only in part must not be found as a staged version.
            shutil.rmtree(self.directory.rename(self.directory.with_name(f"{self.name}{_REMOVED}")))

    def _define_views(self, connection: duckdb.DuckDBPyConnection, plugins: Plugins, names: Sequence[str]) -> list[str]:
        """Return the statements that lay the staged version over the base."""
        query = "select table_name from duckdb_tables() where database_name = 'base'"
        in_base = {name for (name,) in connection.execute(query).fetchall()}
        views = [read_sql(__name__, "staging").format(annotated=ANNOTATED_SQL)]
        for component in names:
            # The staged rows of articles that are done, and the rows of the base for others.
            done = f"select subject_id from _staged_done where component = '{component}'"
            for table in plugins.tables_of(plugins.annotators[component]):
                name = quote_identifier(table.name)
                query = f"select * from opened.main.{name} where article_id in ({done})"
                if table.name in in_base:
                    query += f" union all by name select * from base.main.{name} where article_id not in ({done})"
                views.append(f"create or replace temp view {name} as {query}")
        return views


def list_staged_versions(warehouse: Path) -> list[StagedVersion]:
    """Return the staged versions of a warehouse.

    Raises WarehouseError if a selection cannot be read.
    """
    _rename_former_folder(warehouse)
    found = []
    for file in sorted((warehouse / FOLDER).glob(f"*/{_SELECTION}")):
        if file.parent.name.endswith(_REMOVED):
            continue
        try:
            selection = Selection.model_validate_json(file.read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise WarehouseError(file, f"cannot be read; delete {file.parent} to remove it: {error}") from error
        found.append(StagedVersion(file.parent, selection))
    return found


@contextmanager
def lock_staged_versions(folder: Path) -> Iterator[None]:
    """Hold the lock for creating and deleting staged versions in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        for leftover in folder.glob(f"*{_REMOVED}"):
            shutil.rmtree(leftover)
        yield


def find_staged_version(warehouse: Path, component: str, plugins: Plugins | None = None) -> StagedVersion:
    """Return the staged version that has rows of a component.

    Raises OnrecordError if there is none. With `plugins`, it is also found by the components that are backfilled along
    with the selected ones.
    """
    found = list_staged_versions(warehouse)
    for staged in found:
        if component in {staged.name, *staged.selection.components, *(staged.annotators(plugins) if plugins else ())}:
            return staged
    names = ", ".join(staged.name for staged in found)
    remedy = f"there are staged versions of: {names}" if found else f"`onrecord backfill {component}` makes one"
    raise OnrecordError(f"there is no staged version of {component} in {warehouse / FOLDER}; {remedy}")


def select_annotators(plugins: Plugins, selected: Sequence[str]) -> list[str]:
    """Return the annotators that a backfill of the selected ones recomputes.

    They have the order in which they run. Besides the selected ones: those that read their rows, which would otherwise
    refer to rows that are replaced; and those whose rows any of them reads, which are recomputed where they are stale.
    Raises OnrecordError for a name that is not an annotator's.
    """
    for name in selected:
        if name not in plugins.annotators:
            kinds: dict[str, Collection[str]]
            kinds = {"it is an aggregator, whose tables every run fills again": plugins.aggregators,
                     "it is an ingestor, whose documents a run fetches again": plugins.ingestors,
                     "it is a cleaner, whose articles a run cleans again":
                         {cleaner.name for cleaner in plugins.cleaners}}  # fmt: skip
            reason = next((words for words, names in kinds.items() if name in names), "it is not loaded")
            known = ", ".join(plugins.annotators) or "none"
            raise OnrecordError(f"{name} cannot be backfilled: {reason}. The annotators are: {known}")
    upstream = find_upstream(plugins)
    found = {name for name in plugins.annotators if name in selected or upstream[name] & set(selected)}
    found |= {required for name in found for required in upstream[name]}
    return [name for name in plugins.annotators if name in found]


def _rename_former_folder(warehouse: Path) -> None:
    """Move staged versions from `candidates`, the former name of the folder.

    One that an older version of onrecord is still filling stays.
    """
    former = warehouse / "candidates"
    for file in former.glob(f"*/{_SELECTION}"):
        if lock_holder(file.parent) is None and not (warehouse / FOLDER / file.parent.name).exists():
            (warehouse / FOLDER).mkdir(exist_ok=True)
            file.parent.rename(warehouse / FOLDER / file.parent.name)
    if former.exists() and not any(entry.is_dir() for entry in former.iterdir()):
        shutil.rmtree(former)
