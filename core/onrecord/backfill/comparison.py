"""Comparison of staged and published rows: which appear, vanish or change.

All that is known of a table comes from its class. Ids and `ordinal` are not compared, since they only name or count
rows. Keys and places decide which rows correspond (see `pairing` and `places`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from math import isnan
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import OnrecordError
from ..model.table import ARTICLE_ID, RUN_ID, Table
from ..plugins.registry import Plugins
from ..sql import quote_identifier, read_sql
from ..warehouse import Warehouse
from ..warehouse.lock import lock_warehouse
from .pairing import ComparedRow, merge, pair_rows
from .places import PLACE, Places
from .staging import StagedVersion

Kind = Literal["changes", "appears", "vanishes"]
KINDS: tuple[Kind, ...] = ("changes", "appears", "vanishes")

_AROUND = 60
"""Characters of context that an example shows on either side of its text."""
_LONGEST = 400
"""Characters of the text that an example shows."""


@dataclass(slots=True)
class Example:
    """A row that appears, vanishes or changes."""

    kind: Kind
    article_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: tuple[str, ...] = ()
    """The columns whose values differ."""
    place: tuple[int, int] | None = None
    headline: str | None = None
    outlet: str | None = None
    uri: str = ""
    context: tuple[str, str, str] | None = None
    """The text at the place with its context: before, text, after."""


@dataclass(slots=True)
class Difference:
    """The differences in one table."""

    table: str
    free_text: tuple[str, ...]
    """The text columns that are compared, which readers know a row by."""
    same: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    columns: dict[str, int] = field(default_factory=dict)
    """The number of rows in which each column changes."""
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """The differences in the tables of one component."""

    component: str
    staged_version: str
    selection: str
    version: str
    versions_before: Mapping[str, int]
    """The versions that made the published rows, with their numbers of articles."""
    outcomes: Mapping[str, int]
    """The number of articles with each outcome of the backfill: done, failed, blocked."""
    tables: list[Difference]


def compare(plugins: Plugins, staged: StagedVersion, component: str, examples: int) -> Comparison:
    """Compare a component's staged rows with the published ones.

    Only articles of the staged version are compared. `examples` is the number of examples of each kind in each table.
    Raises OnrecordError before anything is backfilled, LockedError while another process fills the staged version.
    """
    published = Warehouse(plugins.settings.warehouse).published
    if not staged.live.exists():
        raise OnrecordError(f"nothing has been backfilled yet in {staged.directory}: onrecord backfill {component}")
    # A backfill could not write while the database is read for long, so it must not begin.
    with lock_warehouse(staged.directory, wait=False), staged.overlay(published, plugins):
        annotator = plugins.annotators[component]
        tables = plugins.tables_of(annotator)
        places = Places(plugins)
        comparers = [_TableComparer(table, places, examples) for table in tables]
        staged.split_into_chunks(component)
        for _, connection in staged.chunks():
            for comparer in comparers:
                comparer.add(connection)
        with staged.reading() as connection:
            differences = [comparer.finish(connection) for comparer in comparers]
            outcomes = dict(
                connection.execute("select outcome, count(*) from memory.main._chunks group by all").fetchall()
            )
            versions = dict(connection.execute(_VERSIONS, {"component": component}).fetchall())
        staged.close()
    selection = str(staged.selection)
    return Comparison(component, staged.name, selection, annotator.version, versions, outcomes, differences)


_VERSIONS = """
-- Which versions made the published rows?
select p.version, count(*)
from base.main.ledger l
join base.main.component_version p on p.component = l.component and p.fingerprint = l.fingerprint
where l.component = $component and l.subject_id in (select subject_id from memory.main._chunks)
group by all
order by all
"""


class _TableComparer:
    """Compares the rows of one table chunk by chunk."""

    def __init__(self, table: Table, places: Places, examples: int) -> None:
        self.table = table
        self.places = places
        self.names = [c.name for c in table.columns if c not in (ARTICLE_ID, RUN_ID)]
        own = [c for c in table.columns if c.name in self.names]
        key = [c for c in own if c.name in table.key]
        spans = places.spans_of(table)
        has_own_place = table.is_span or spans is not None
        refers = {source.column for source in places.references(table)}
        ids = {c.name for c in own if c.type == "UUID" and not c.references}
        # In the key of a row with a place of its own, an integer only counts rows, as `ordinal` does.
        counting = [c.name for c in key if c.name == "ordinal" or (has_own_place and c.type == "BIGINT")]
        self.numbers = [name for name in counting if name not in refers]
        self.name = [c.name for c in key if c.name not in self.numbers]
        self.words = [name for name in self.name if name not in refers and not (has_own_place and name in ids)]
        silent = ids | refers | {n for n in self.numbers if n == "ordinal" or (spans and n == spans.column)}
        self.says = [name for name in self.names if name not in silent]
        self.says = self.says or [name for name in self.names if name not in table.key]
        self.by_key = not self.numbers and not any(c.type == "BIGINT" for c in key if c.name in refers)
        words = [c.name for c in own if c.type == "VARCHAR" and not c.values and c.name in self.says]
        self.found = Difference(table.name, tuple(words))
        self._most = examples
        self._examples: dict[Kind, dict[Any, list[Example]]] = {kind: {} for kind in KINDS}

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Compare the rows of the chunk that is open on a connection."""
        self.places.define_sides(connection, self.table)
        places = [PLACE.format(n) for n in range(self.places.count(self.table))]
        same = [quote_identifier(name) for name in dict.fromkeys([ARTICLE_ID.name, *self.name, *self.says, *places])]
        query = read_sql(__name__, "compare").format(
            same=", ".join(same),
            key=", ".join(map(quote_identifier, self.table.key)),
            equal=" and ".join(f"e.{name} is not distinct from l.{name}" for name in same),
        )
        differing = connection.sql(query).to_arrow_table()
        after = connection.execute("select count(*) from _after_rows").fetchall()[0][0]
        self.found.same += after - (pc.sum(differing["is new"]).as_py() or 0)
        for article_id, sides in _group_by_article(differing):
            before, later = ([self._row(values, places) for values in sides[is_new]] for is_new in (False, True))
            for old, new in pair_rows(before, later, by_key=self.by_key):
                self._record(article_id, old, new)

    def finish(self, connection: duckdb.DuckDBPyConnection) -> Difference:
        """Return all differences, with the examples in the context of their articles."""
        examples: list[Example] = []
        for kind in KINDS:
            # One of each sort in turn, the most frequent sort first.
            sorts = sorted(self._examples[kind].values(), key=len, reverse=True)
            examples += [e for e in chain(*zip_longest(*sorts)) if e is not None][: self._most]
        _add_context(connection, examples)
        self.found.examples = examples
        return self.found

    def _row(self, values: dict[str, Any], places: Sequence[str]) -> ComparedRow:
        says, name, words, numbers = (
            tuple(_hashable(values[column]) for column in columns)
            for columns in (self.says, self.name, self.words, self.numbers)
        )
        own = tuple(merge(values.pop(place) or []) for place in places)
        return ComparedRow(values, says, name, words, numbers, own)

    def _record(self, article_id: str, old: ComparedRow | None, new: ComparedRow | None) -> None:
        """Count a pair of rows, and keep it if more examples of its sort are wanted."""
        kind: Kind = "changes" if old and new else "appears" if new else "vanishes"
        changed: tuple[str, ...] = ()
        if old and new:
            sides = zip(self.says, old.says, new.says, strict=True)
            changed = tuple(name for name, was, now in sides if was != now and not (_is_nan(was) and _is_nan(now)))
            if not changed:
                self.found.same += 1
                return
            for name in changed:
                self.found.columns[name] = self.found.columns.get(name, 0) + 1
        self.found.counts[kind] += 1
        sort = changed if kind == "changes" else article_id
        kept = self._examples[kind]
        if len(kept) >= max(self._most, 1) * 4 and sort not in kept:
            return
        same_sort = kept.setdefault(sort, [])
        if len(same_sort) < self._most:
            # A row without a place of its own is shown at the place of the first row that it refers to.
            spans = [span for row in (old, new) if row for place in row.places[:1] for span in place]
            place = (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None
            rows = [{name: row.values[name] for name in self.names} if row else None for row in (old, new)]
            same_sort.append(Example(kind, article_id, rows[0], rows[1], changed, place))


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and isnan(value)


def _group_by_article(differing: pa.Table) -> Iterator[tuple[str, dict[bool, list[dict[str, Any]]]]]:
    """Group the differing rows by article and side.

    False is the published side, True the staged one.
    """
    current: str | None = None
    sides: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    # A batch at a time, since Python objects take many times the memory of Arrow.
    for values in chain.from_iterable(batch.to_pylist() for batch in differing.to_batches(10_000)):
        article_id = str(values.pop("article_id"))
        if current is not None and article_id != current:
            yield current, sides
            sides = {False: [], True: []}
        current = article_id
        sides[values.pop("is new")].append(values)
    if current is not None:
        yield current, sides


def _add_context(connection: duckdb.DuckDBPyConnection, examples: Sequence[Example]) -> None:
    """Set headline, outlet, URI and context of examples."""
    ids = sorted({example.article_id for example in examples})
    found = connection.execute(
        """
        select a.article_id::varchar, a.headline, coalesce(a.outlet, a.outlet_domain), l.uri, a.body
        from base.main.article a
        join base.main.source_item l using (article_id)
        where a.article_id in (select unnest($ids::uuid[]))
        """,
        {"ids": ids},
    ).fetchall()
    articles = {article_id: rest for article_id, *rest in found}
    for example in examples:
        example.headline, example.outlet, example.uri, body = articles[example.article_id]
        if example.place:
            start, end = example.place
            end = min(end, start + _LONGEST)
            example.context = (body[max(0, start - _AROUND) : start], body[start:end], body[end : end + _AROUND])
