"""What a candidate would change: rows that appear, vanish or say something else, with examples.

Of a table it knows no more than its class says. Two rows that say the same are the same row, whatever their ids and
their `ordinal`. Of those that are left, two are one row that has changed if they stand at the same place in the text
(their own, or that of the spans that refer to them), or, in a table without places, have the same key.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import OnrecordError
from ..model.row import quote_identifier
from ..model.table import ARTICLE_ID, RUN_ID, Table
from ..plugins.registry import Plugins
from ..sql import read_sql
from ..warehouse import Warehouse
from ..warehouse.lock import lock_warehouse
from .candidate import Candidate

Kind = Literal["changes", "appears", "vanishes"]
KINDS: tuple[Kind, ...] = ("changes", "appears", "vanishes")

_AROUND = 60
"""Characters that an example shows on either side of its words."""
_LONGEST = 400
"""Characters of the text that an example shows."""
_ALIKE = 0.5
"""The share of the shorter of two places that must be common to them for their rows to be one."""

_Place = list[tuple[int, int]]


@dataclass(slots=True)
class Example:
    """A row that appears, vanishes or changes."""

    kind: Kind
    article_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: tuple[str, ...] = ()
    """The columns that say something else."""
    place: tuple[int, int] | None = None
    headline: str | None = None
    outlet: str | None = None
    uri: str = ""
    context: tuple[str, str, str] | None = None
    """What is around the words, and the words: before, text, after."""


@dataclass(slots=True)
class Difference:
    """What changes in one table."""

    table: str
    free_text: tuple[str, ...]
    """The columns by which a reader tells its rows apart."""
    same: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    columns: dict[str, int] = field(default_factory=dict)
    """In how many of the rows that change each column does."""
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """What a candidate would change in the tables of one component."""

    component: str
    candidate: str
    selection: str
    version: str
    versions_before: Mapping[str, int]
    """The versions that made the published rows, with the number of articles."""
    outcomes: Mapping[str, int]
    """Articles by what became of them in the backfill: done, failed, blocked."""
    tables: list[Difference]


def compare(plugins: Plugins, candidate: Candidate, component: str, examples: int) -> Comparison:
    """Compare a component's rows in a candidate with the published ones, over the articles that it holds.

    Raises OnrecordError if the component is not in it, LockedError while it is being filled.
    """
    published = Warehouse(plugins.configuration.settings.warehouse).published
    if not candidate.live.exists():
        raise OnrecordError(f"nothing has been backfilled yet in {candidate.directory}: onrecord backfill {component}")
    # The lock: while the database is read for long, nobody could write to it.
    with lock_warehouse(candidate.directory, wait=False), candidate.over(published, plugins):
        annotator = plugins.annotators[component]
        tables = plugins.tables_of(annotator)
        collected = {table.name: _Collected(table, _pointing(table, tables), examples) for table in tables}
        candidate.set_apart(component)
        for _, connection in candidate.portions():
            for each in collected.values():
                each.add(connection)
        with candidate.reading() as connection:
            found = [each.difference(connection) for each in collected.values()]
            outcomes = dict(
                connection.execute("select outcome, count(*) from memory.main.portions group by all").fetchall()
            )
            versions = dict(connection.execute(_VERSIONS, {"component": component}).fetchall())
        candidate.close()
    selection = str(candidate.selection)
    return Comparison(component, candidate.name, selection, annotator.version, versions, outcomes, found)


_VERSIONS = """
-- By which versions were the published rows made?
select p.version, count(*)
from base.main.ledger l
join base.main.component_version p on p.component = l.component and p.fingerprint = l.fingerprint
where l.component = $component and l.subject_id in (select subject_id from memory.main.portions)
group by all
order by all
"""


@dataclass(slots=True)
class Compared:
    """A row, and by what it is compared."""

    values: dict[str, Any]
    says: tuple[Any, ...]
    identity: tuple[Any, ...]
    """What rows must have in common to be one: their key, less its numbers and ids."""
    number: tuple[Any, ...]
    place: _Place


class _Collected:
    """What has been found out of a table so far."""

    def __init__(self, table: Table, pointing: tuple[Table, str] | None, examples: int) -> None:
        self.table = table
        self.pointing = pointing
        own = [c for c in table.columns if c not in (ARTICLE_ID, RUN_ID)]
        numbers = {c.name for c in own if c.name in table.key and c.name == "ordinal"}
        ids = {c.name for c in own if c.type == "UUID"}
        self.says = [c.name for c in own if c.name not in numbers | ids] or [c.name for c in own]
        self.names = [c.name for c in own]
        self.identity = [name for name in table.key if name in self.says]
        self.numbers = sorted(numbers)
        words = [c.name for c in own if c.type == "VARCHAR" and not c.values and c.name in self.says]
        self.found = Difference(table.name, tuple(words))
        self._most = examples
        self._examples: dict[Kind, dict[Any, list[Example]]] = {kind: {} for kind in KINDS}

    @property
    def has_places(self) -> bool:
        return self.table.is_span or self.pointing is not None

    def add(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Compare the rows of a portion."""
        _define_sides(connection, self.table, "rows")
        says, key = ", ".join(map(quote_identifier, self.says)), ", ".join(map(quote_identifier, self.table.key))
        alike = " and ".join(
            f"e.{quote_identifier(name)} is not distinct from l.{quote_identifier(name)}" for name in self.says
        )
        differing = connection.sql(
            read_sql(__name__, "compare").format(says=says, key=key, alike=alike)
        ).to_arrow_table()
        after = connection.execute("select count(*) from after_rows").fetchall()[0][0]
        self.found.same += after - (pc.sum(differing["is_new"]).as_py() or 0)
        places = self._places(connection, differing)
        for article_id, sides in _by_article(differing):
            before, after = ([self._row(v, places[is_new]) for v in sides[is_new]] for is_new in (False, True))
            for old, new in paired(before, after, by_place=self.has_places):
                self._note(article_id, old, new)

    def difference(self, connection: duckdb.DuckDBPyConnection) -> Difference:
        """All that was found, with the examples as they stand in their articles."""
        chosen: list[Example] = []
        for kind in KINDS:
            # In turn one of each sort, the most frequent first.
            sorts = sorted(self._examples[kind].values(), key=len, reverse=True)
            chosen += [e for e in chain(*zip_longest(*sorts)) if e is not None][: self._most]
        _put_into_context(connection, chosen)
        self.found.examples = chosen
        return self.found

    def _row(self, values: dict[str, Any], places: Mapping[Any, _Place]) -> Compared:
        if self.table.is_span:
            span = (values["start_char"], values["end_char"])
            # A table that was none of spans before has no places there.
            place = [] if None in span else [span]
        else:
            place = places.get(values.get(self.pointing[1]), []) if self.pointing else []
        says = tuple(values[name] for name in self.says)
        identity = tuple(_hashable(values[name]) for name in self.identity)
        return Compared(values, says, identity, tuple(values[name] for name in self.numbers), place)

    def _places(self, connection: duckdb.DuckDBPyConnection, differing: pa.Table) -> dict[bool, dict[Any, _Place]]:
        """Where the rows that differ stand in the text, by the column that spans refer to them with."""
        found: dict[bool, dict[Any, _Place]] = {False: defaultdict(list), True: defaultdict(list)}
        if self.pointing is None or not differing.num_rows:
            return found
        spans, column = self.pointing
        _define_sides(connection, spans, "spans")
        connection.register("differing", differing.select(["article_id"]))
        for is_new, side in ((False, "before_spans"), (True, "after_spans")):
            query = f"""
                select {quote_identifier(column)}::varchar, start_char, end_char
                from {side}
                where article_id in (select article_id::uuid from differing)
                """
            for referred, start, end in connection.execute(query).fetchall():
                found[is_new][referred].append((start, end))
        return found

    def _note(self, article_id: str, old: Compared | None, new: Compared | None) -> None:
        kind: Kind = "changes" if old and new else "appears" if new else "vanishes"
        changed: tuple[str, ...] = ()
        if old and new:
            changed = tuple(name for name, was, now in zip(self.says, old.says, new.says, strict=True) if was != now)
            for name in changed:
                self.found.columns[name] = self.found.columns.get(name, 0) + 1
        self.found.counts[kind] += 1
        sort = changed if kind == "changes" else article_id
        kept = self._examples[kind]
        if len(kept) >= max(self._most, 1) * 4 and sort not in kept:
            return
        same_sort = kept.setdefault(sort, [])
        if len(same_sort) < self._most:
            places = [*(old.place if old else []), *(new.place if new else [])]
            place = (min(p[0] for p in places), max(p[1] for p in places)) if places else None
            rows = [{name: row.values[name] for name in self.names} if row else None for row in (old, new)]
            same_sort.append(Example(kind, article_id, rows[0], rows[1], changed, place))


def paired(
    before: Sequence[Compared], after: Sequence[Compared], *, by_place: bool
) -> Iterator[tuple[Compared | None, Compared | None]]:
    """Rows of one article before, with what has become of them; None where there is nothing.

    Those that are most alike come first: by place, or else those that have the same number.
    """
    alike = _by_place(before, after) if by_place else _by_number(before, after)
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted(alike):
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
            yield before[i], after[j]
    yield from ((row, None) for i, row in enumerate(before) if i not in taken[0])
    yield from ((None, row) for j, row in enumerate(after) if j not in taken[1])


def _by_number(before: Sequence[Compared], after: Sequence[Compared]) -> Iterator[tuple[float, int, int]]:
    """Pairs of rows with the same key, the first with the first; how alike they are (less is more), and which."""
    left: dict[Any, deque[int]] = defaultdict(deque)
    for j, new in enumerate(after):
        left[new.identity, new.number].append(j)
    for i, old in enumerate(before):
        if same := left.get((old.identity, old.number)):
            yield -1.0, i, same.popleft()


def _by_place(before: Sequence[Compared], after: Sequence[Compared]) -> Iterator[tuple[float, int, int]]:
    """Pairs of rows that have enough of their places in common; how alike they are (less is more), and which."""
    for (i, j), common in _common(before, after).items():
        lengths = [sum(end - start for start, end in row.place) for row in (before[i], after[j])]
        if common >= _ALIKE * min(lengths):
            yield -common / (sum(lengths) - common), i, j


def _common(before: Sequence[Compared], after: Sequence[Compared]) -> dict[tuple[int, int], int]:
    """How many characters two rows of the same identity have in common, where they have any."""
    spans: dict[tuple[Any, ...], list[tuple[int, int, int, int]]] = defaultdict(list)
    for side, rows in enumerate((before, after)):
        for number, row in enumerate(rows):
            spans[row.identity] += [(start, end, side, number) for start, end in row.place if start < end]
    found: dict[tuple[int, int], int] = defaultdict(int)
    for own in spans.values():
        # By side, what began earlier and may reach into the present one: only neighbours are looked at.
        reaching: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        for start, end, side, number in sorted(own):
            others = reaching[1 - side]
            others[:] = [other for other in others if other[0] > start]
            for their_end, their_number in others:
                found[(their_number, number) if side else (number, their_number)] += min(end, their_end) - start
            reaching[side].append((end, number))
    return found


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _pointing(table: Table, tables: Sequence[Table]) -> tuple[Table, str] | None:
    """The table of spans whose rows refer to those of a table, and the column by which they do."""
    if table.is_span:
        return None
    for other in tables:
        for column in other.columns:
            if other.is_span and column.references and column.references.table == table.name:
                return other, column.references.column or column.name
    return None


def _define_sides(connection: duckdb.DuckDBPyConnection, table: Table, what: str) -> None:
    """Define `before_…` and `after_…`: a table's rows of the portion, published and in the candidate."""
    names = [c.name for c in table.columns if c is not RUN_ID]
    for database, side, subjects in (
        ("base", "before", "select subject_id from portion"),
        ("opened", "after", "select subject_id from portion where outcome = 'done'"),
    ):
        query = "select column_name from duckdb_columns() where database_name = $d and table_name = $t"
        there = {name for (name,) in connection.execute(query, {"d": database, "t": table.name}).fetchall()}
        # A table or a column may be new, and a column may have had another type: then it says something else.
        types = {c.name: "VARCHAR" if c.type == "UUID" else c.type for c in table.columns}
        columns = ", ".join(
            f"try_cast({quote_identifier(name)} as {types[name]}) as {quote_identifier(name)}"
            if name in there
            else f"null::{types[name]} as {quote_identifier(name)}"
            for name in names
            if name != ARTICLE_ID.name
        )
        source = f"{database}.main.{quote_identifier(table.name)}"
        query = f"select article_id, {columns} from {source} where article_id in ({subjects})"
        if not there:
            query = f"select null::uuid as article_id, {columns} where false"
        connection.execute(f"create or replace temp view {side}_{what} as {query}")


def _by_article(differing: pa.Table) -> Iterator[tuple[str, dict[bool, list[dict[str, Any]]]]]:
    """The rows that differ, article by article: those before, and those after."""
    current: str | None = None
    sides: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    # As Python objects they take many times the memory, so a few at a time.
    for values in chain.from_iterable(batch.to_pylist() for batch in differing.to_batches(10_000)):
        article_id = str(values.pop("article_id"))
        if current is not None and article_id != current:
            yield current, sides
            sides = {False: [], True: []}
        current = article_id
        sides[values.pop("is_new")].append(values)
    if current is not None:
        yield current, sides


def _put_into_context(connection: duckdb.DuckDBPyConnection, examples: Sequence[Example]) -> None:
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
