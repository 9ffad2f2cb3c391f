"""The work of a run, which `onrecord plan` prints and a run executes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from ..errors import PluginError, SchemaError
from ..model.bookkeeping import CLEAN, ComponentVersion, StageName
from ..model.identity import identify
from ..model.table import Table
from ..model.tables import STANDARD_TABLES
from ..plugins.reader import Reader
from ..plugins.registry import Plugins
from ..sql import to_arrow
from ..stages import Batch
from ..stages.ingest import ITEM_SCHEMA
from ..warehouse import Warehouse, source_items
from ..warehouse.runs import find_changed_sources
from ..warehouse.schema import find_conflicts
from .batches import WorkItems, choose_batch_size, cut_batches, leave_out_stopped
from .ledger import STALE, TO_DO, define_states, digest_input, is_unchanged_since, read_rows, read_subjects
from .reads import check_groups, find_refused_reads, open_reader
from .touched import find_all_groups, find_changed_articles, find_touched
from .versions import ComponentVersions, component_versions, explain_change, find_connected, find_upstream

WAREHOUSE_SUBJECT = identify("warehouse")
"""The subject of aggregators, which work on the warehouse as a whole."""

_WINDOW = 100_000
"""Subjects that are looked up at a time: what bounds memory however much there is to do."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Counts of one component's subjects, by state."""

    stage: StageName
    component: str
    states: Mapping[str, int]
    changes: Mapping[str, int]
    """Stale subjects, to do or deferred, by what changed: "version 1 → 2"."""

    @property
    def to_do(self) -> int:
        """Subjects with work to do, stale ones among them."""
        return sum(self.states.get(state, 0) for state in TO_DO)

    @property
    def stale(self) -> int:
        """Subjects to reprocess."""
        return sum(self.states.get(state, 0) for state in STALE)


class Plan:
    """The work of the next run, given component versions and listed items.

    Work that a stage makes for the next one is there once the first has loaded its results: each question is answered
    from the warehouse as it is then.
    """

    def __init__(self, plugins: Plugins, warehouse: Warehouse, versions: ComponentVersions | None = None) -> None:
        """Plan for all components; with `versions`, plan to recompute these only."""
        self.plugins = plugins
        self.warehouse = warehouse
        self.versions = component_versions(plugins) if versions is None else versions
        self.upstream = find_upstream(plugins)
        self.items = ITEM_SCHEMA.empty_table()
        self._touched: dict[str, pa.Table | None] = {}
        self._listed: list[str] = []
        self._found: dict[StageName, tuple[int, bool]] = {}
        # Aggregators are not among them: their tables are filled as a whole, and would keep rows about what is gone.
        self._deferring: dict[str, str] = {}
        if versions is None and plugins.settings.run.stale == "leave":
            self._deferring = {name: name for name in (*plugins.ingestors, CLEAN)}
            self._deferring |= find_connected({name: self.upstream[name] for name in plugins.annotators})

    def add_items(self, connection: duckdb.DuckDBPyConnection, name: str, found: pa.Table) -> tuple[pa.Table, int]:
        """Add an ingestor's items; returns those it owns, and how many others own."""
        own, taken = source_items.select_own(connection, name, found, self.items, self.plugins.ingestors.keys())
        # Positions go on from one ingestor to the next: work is looked up window by window.
        first = self.items.num_rows
        positions = pa.array(range(first, first + own.num_rows), pa.int64())
        own = own.set_column(own.schema.get_field_index("row_position"), "row_position", positions)
        self.items = pa.concat_tables([self.items, own])
        self._listed.append(name)
        self._found.clear()
        return own, taken

    # ── what it says ─────────────────────────────────────────────────────────────────────────────

    def lines(self) -> list[PlanLine]:
        """Count each component's subjects by state, and stale ones by what changed."""
        with self.warehouse.reading() as connection:
            query = "select * exclude (run_id) from component_version"
            known = STANDARD_TABLES["component_version"].rows(connection.sql(query).to_arrow_table())
            versions = {(v.component, v.fingerprint): v for v in known if isinstance(v, ComponentVersion)}
            current = {(v.component, v.fingerprint): v for v in self.versions.values()}
            lines = []
            for stage in dict.fromkeys(version.stage for version in self.versions.values()):
                self._define_states(connection, stage)
                states: dict[str, Counter[str]] = {v.component: Counter() for v in current.values() if v.stage == stage}
                changes: dict[str, Counter[str]] = {name: Counter() for name in states}
                for component, state, done, now, count in connection.execute(
                    """
                    -- How many subjects are in each state, done by which version?
                    select component, state, done_fingerprint, fingerprint, count(*)
                    from _states
                    group by all
                    order by count(*) desc, component, state, done_fingerprint, fingerprint
                    """
                ).fetchall():
                    states[component][state] += count
                    if state in (*STALE, "deferred"):
                        old = None if state == "content" else versions.get((component, done))
                        change = explain_change(old, current[component, now]) if old else state
                        changes[component][change] += count
                lines += [PlanLine(stage, name, states[name], changes[name]) for name in states]
        return lines

    def count_source_changes(self) -> tuple[int, int]:
        """Count the documents gone from their source, and those that are back."""
        ingestors = [self.plugins.ingestors[name] for name in self._listed]
        with self.warehouse.reading() as connection:
            connection.register("_item", self.items)
            found = connection.execute(
                """
                select
                    count(*) filter (
                        deleted_at is null and list_contains($complete, ingestor) and _item.subject_id is null
                    ) as gone,
                    count(*) filter (deleted_at is not null and _item.subject_id is not null) as back
                from source_item
                left join _item on _item.subject_id = article_id and _item.component = ingestor
                where list_contains($listed, ingestor)
                """,
                {"complete": [i.name for i in ingestors if i.complete], "listed": self._listed},
            ).fetchall()
        return int(found[0][0]), int(found[0][1])

    def find_refused_reads(self) -> list[PluginError]:
        """Find aggregators that will fail because they read what they do not require."""
        return list(find_refused_reads(self.plugins))

    def find_conflicts(self) -> list[SchemaError]:
        """Find column changes that would lose data, for which a run is refused."""
        with self.warehouse.reading() as connection:
            return list(find_conflicts(connection, self.plugins.tables.values(), self.plugins.table_owners))

    def find_changed_sources(self) -> list[str]:
        """Warn of each component whose source changed while its version did not."""
        with self.warehouse.reading() as connection:
            return list(find_changed_sources(connection, self.versions.values()))

    # ── what a run asks ──────────────────────────────────────────────────────────────────────────

    def find_work(self, stage: StageName) -> tuple[int, bool]:
        """Count the subjects of a stage that have work to do, and say whether there are failures to delete.

        The states are evaluated once: the work stays in a table in memory, from which `batches` takes it. Nothing but
        the batches of earlier stages may be loaded in between.
        """
        if stage not in self._found:
            self._found[stage] = self._evaluate(stage)
        return self._found[stage]

    def batches(self, stage: StageName, total: int, workers: int, stopped: set[str]) -> Iterator[Batch]:
        """Yield the work of a stage that `find_work` has found, `total` subjects, as batches.

        Load each result as it comes: nothing is held open in between. Components that are in `stopped` by then are left
        out, with those that require them.
        """
        del self._found[stage]
        settings = self.plugins.settings.run
        size = choose_batch_size(total, workers, settings.batch_size)
        number = 0
        after: int | None = -1 if total else None
        while after is not None:
            selected, after = self._select_work(stage, after)
            for work in cut_batches(selected, size, settings.batch_bytes):
                if components := leave_out_stopped(work.components, stopped, self.upstream):
                    yield self._read_batch(stage, number, components, work)
                    number += 1

    def aggregate_state(self, name: str) -> tuple[str, str]:
        """Return the state of an aggregator, and the hash of everything that it reads."""
        with self.warehouse.reading() as connection:
            self._define_states(connection, "aggregate", name)
            query = "select state, input_hash from _states where component = $name"
            state, digest = connection.execute(query, {"name": name}).fetchall()[0]
        return str(state), str(digest)

    @contextmanager
    def reading_for(self, name: str) -> Iterator[tuple[Reader, pa.Table | None]]:
        """Open the warehouse as an aggregator may read it; also yields its touched groups, or None to fill it whole."""
        aggregator = self.plugins.aggregators[name]
        with self.warehouse.reading_both() as (connection, is_published):
            check_groups(connection, self.plugins, aggregator)
            touched = self._find_touched(connection, name) if is_published else None
            groups = find_all_groups(connection, aggregator) if aggregator.groups and touched is None else touched
            yield open_reader(connection, self.plugins, aggregator, groups), touched

    @staticmethod
    def delete_outlived_failures(connection: duckdb.DuckDBPyConnection, stage: StageName) -> None:
        """Delete the failures of subjects that are current, which `find_work` has found."""
        connection.execute(
            f"""
            delete from quarantine q using {_table_of(stage)} s
            where s.state = 'current' and q.component = s.component and q.subject_id = s.subject_id
            """
        )

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _define_states(
        self, connection: duckdb.DuckDBPyConnection, stage: StageName, component: str | None = None
    ) -> None:
        items = self._aggregate_items(connection, component) if stage == "aggregate" else self.items
        define_states(connection, stage, self.versions, self.upstream, self._deferring, items)

    def _find_touched(self, connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table | None:
        """Find the groups of an aggregator that differ from the published state; None if any may differ.

        The answer is kept: once the aggregator is done, it is what those that require it have to know.
        """
        if name not in self._touched:
            try:
                self._touched[name] = self._compare_states(connection, name)
            except (duckdb.BinderException, duckdb.CatalogException):
                # The published database is an older version's, with other tables.
                self._touched[name] = None
        return self._touched[name]

    def _compare_states(self, connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table | None:
        aggregator, upstream = self.plugins.aggregators[name], self.upstream[name]
        fingerprint = self.versions[name, None].fingerprint
        if not aggregator.groups or not is_unchanged_since(connection, name, fingerprint, upstream):
            return None
        touched: dict[str, tuple[Table, pa.Table]] = {}
        for required in sorted(upstream & self.plugins.aggregators.keys()):
            groups = self._find_touched(connection, required)
            if groups is None:
                return None
            tables = self.plugins.tables_of(self.plugins.aggregators[required])
            touched |= {table.name: (table, groups) for table in tables}
        find_changed_articles(connection, [CLEAN, *sorted(upstream & self.plugins.annotators.keys())])
        return find_touched(connection, aggregator, touched)

    def _aggregate_items(self, connection: duckdb.DuckDBPyConnection, component: str | None) -> pa.Table:
        rows = [
            {
                "subject_id": WAREHOUSE_SUBJECT,
                "component": name,
                "input_hash": digest_input(connection, self.upstream[name]),
                "uri": "",
                "row_position": 0,
                "bytes": 0,
            }
            for name in ([component] if component else self.plugins.aggregators)
        ]
        return pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)

    def _evaluate(self, stage: StageName) -> tuple[int, bool]:
        """Fill the table of a stage's work; see `find_work`."""
        with self.warehouse.reading() as connection:
            self._define_states(connection, stage)
            connection.execute(
                f"""
                -- Which components have to do which subjects, and which failures are outlived?
                create or replace table {_table_of(stage)} as
                select subject_id, component, position, language, bytes, row_position, state
                from _states s
                where list_contains($to_do, state) or (
                    state = 'current'
                    and exists (from quarantine q where q.component = s.component and q.subject_id = s.subject_id)
                )
                order by row_position
                """,
                {"to_do": list(TO_DO)},
            )
            is_current = "state = 'current'"
            query = f"select count(distinct subject_id) filter (not {is_current}), count(*) filter ({is_current})"
            ((count, outlived),) = connection.execute(f"{query} from {_table_of(stage)}").fetchall()
        return int(count), outlived > 0

    def _select_work(self, stage: StageName, after: int) -> tuple[pa.Table, int | None]:
        """Select the next subjects with work; also returns the next position or None."""
        with self.warehouse.reading() as connection:
            relation = connection.sql(
                f"""
                -- Which subjects have something to do, and which components have to do it?
                select
                    subject_id,
                    list(component order by position) as components,
                    any_value(language) as language,
                    any_value(bytes) as bytes,
                    row_position
                from {_table_of(stage)}
                where state <> 'current' and row_position > $after
                group by subject_id, row_position
                order by row_position
                limit $limit
                """,
                params={"after": after, "limit": _WINDOW},
            )
            selected = to_arrow(relation)
        return selected, selected["row_position"][-1].as_py() if selected.num_rows == _WINDOW else None

    def _read_batch(self, stage: StageName, number: int, components: tuple[str, ...], work: WorkItems) -> Batch:
        versions = {name: self.versions.get((name, work.language)) or self.versions[name, None] for name in components}
        # Rows that are read and not made in this batch.
        read = set().union(*(self.upstream[name] for name in components if name in self.plugins.annotators))
        with self.warehouse.reading() as connection:
            if stage == "ingest":
                first, last = work.row_positions
                items, selected = self.items.slice(first, last - first + 1), set(work.subject_ids)
                subjects = items.filter(pa.array([each in selected for each in items["subject_id"].to_pylist()]))
            else:
                subjects = read_subjects(connection, stage, work)
            inputs = {
                table.name: read_rows(connection, table, work.subject_ids)
                for name in sorted(read - set(components))
                for table in self.plugins.tables_of(self.plugins.annotators[name])
            }
        return Batch(stage, number, versions, subjects, work.language, inputs)


def _table_of(stage: StageName) -> str:
    """The table in memory with a stage's work: it outlives the connection, and spills if it is large."""
    return f"memory.main._work_{stage}"
