"""Tables derived from row classes: DDL, Arrow schema, comments."""

from __future__ import annotations

import enum
import json
import re
import types
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ..errors import RowError
from ..sql import quote_identifier
from .row import References, Row, Span

if TYPE_CHECKING:
    # Where it is needed it is imported: commands that read no Arrow start in half the time.
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    """The DuckDB type."""
    optional: bool = False
    description: str = ""
    values: tuple[str, ...] = ()
    """The only values there can be, where the type is an enumeration."""
    references: References | None = None
    direct: bool = False
    """Whether Arrow takes its Python values as they are."""
    default: Any = None
    """What rows written before the column existed get, if the class states a default."""

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type."""
        return _to_arrow_type(self.type)


RUN_ID = Column("run_id", "UUID", description="The run that wrote the row.", references=References("run"))


ARTICLE_ID = Column("article_id", "UUID", description="The article.", references=References("article"))


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the warehouse, derived from a row class."""

    name: str
    row: type[Row]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    description: str
    per_article: bool
    append_only: bool = False

    @property
    def is_span(self) -> bool:
        """Whether its rows are about stretches of the article's body."""
        return issubclass(self.row, Span)

    @property
    def schema(self) -> pa.Schema:
        """The schema of rows to load: all columns but `run_id`, which the load adds."""
        import pyarrow as pa

        return pa.schema([pa.field(c.name, c.arrow, nullable=c.optional) for c in self.columns if c is not RUN_ID])

    @property
    def ddl(self) -> str:
        """`CREATE TABLE` for DuckDB; checks before publishing do the work of keys."""
        width = max(len(c.name) for c in self.columns) + 2
        lines = [
            f"    {quote_identifier(c.name):<{width}} {c.type}{'' if c.optional else ' NOT NULL'}" for c in self.columns
        ]
        return f"CREATE TABLE {quote_identifier(self.name)} (\n" + ",\n".join(lines) + "\n)"

    @property
    def comments(self) -> dict[str, str]:
        """The comments of the columns, by name, and under "" that of the table."""
        return {"": self.description} | {c.name: describe_column(c) for c in self.columns}

    def arrow(self, rows: Iterable[Any]) -> pa.Table:
        """Convert rows to an Arrow table with `schema`.

        Rows of a table per article come as (article_id, row). Raises RowError for rows of another class, values that
        do not fit, and keys that occur twice.
        """
        import pyarrow as pa

        own = list(rows)
        ids: list[Any] = []
        if self.per_article:
            ids, own = [article_id for article_id, _ in own], [row for _, row in own]
        for row in own:
            if type(row) is not self.row:
                raise RowError(self.name, "", f"takes rows of class {self.row.__name__}", row)
        fields = [vars(row) for row in own]
        arrays = []
        for c in self.columns:
            if c is RUN_ID:
                continue
            try:
                values = ids if c is ARTICLE_ID else [values[c.name] for values in fields]
                if c is not ARTICLE_ID and not c.direct:
                    values = [_to_arrow_value(value, c, self.name) for value in values]
                if c.type == "UUID[]":
                    # PyArrow cannot make lists of UUIDs at once.
                    arrays.append(pa.array(values, pa.list_(pa.binary(16))).cast(c.arrow))
                else:
                    arrays.append(pa.array(values, c.arrow))
            except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                raise RowError(self.name, c.name, f"{error}") from error
        made = pa.Table.from_arrays(arrays, schema=self.schema)
        self.refuse_duplicates(made)
        return made

    def rows(self, arrow: pa.Table) -> list[Row]:
        """Convert Arrow back to rows, without the columns that the framework adds."""
        names = [name for name in self.row.model_fields if name in arrow.column_names]
        columns = [to_python(arrow[name]) for name in names]
        return [self.make_row(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]

    def make_row(self, stored: Mapping[str, Any]) -> Row:
        """Convert the values of a stored row back to a row."""
        values = {name: value for name, value in stored.items() if name in self.row.model_fields}
        for c in self.columns:
            if c.type == "JSON" and values.get(c.name) is not None:
                values[c.name] = json.loads(values[c.name])
        try:
            return self.row.model_validate(values)
        except ValidationError:
            # An older class wrote it, e.g. one that lacked a column: still readable.
            return self.row.model_construct(**values)

    def refuse_duplicates(self, made: pa.Table) -> None:
        """Raise RowError if two rows have the same key."""
        if made.num_rows < 2 or not set(self.key) <= set(made.column_names):
            return
        import pyarrow as pa

        keys = made.select(list(self.key))
        # PyArrow cannot group by UUIDs.
        plain = pa.schema([(c.name, pa.binary(16) if c.type == pa.uuid() else c.type) for c in keys.schema])
        if keys.cast(plain).group_by(list(self.key)).aggregate([]).num_rows == made.num_rows:
            return
        ((first, _),) = Counter(zip(*(to_python(column) for column in keys.columns), strict=True)).most_common(1)
        twice = dict(zip(self.key, first, strict=True))
        remedy = (
            f"give {self.row.__name__} a key that tells its rows apart, e.g. key=('ordinal',)"
            if self.key == (ARTICLE_ID.name,)
            else "the key must tell the rows apart"
        )
        raise RowError(self.name, "", f"two rows with the same key ({', '.join(self.key)}): {remedy}", twice)


def to_python(column: pa.ChunkedArray) -> list[Any]:
    """Convert a column to Python values; faster for UUIDs than `to_pylist`."""
    import pyarrow as pa

    if column.type != pa.uuid():
        values: list[Any] = column.to_pylist()
        return values
    known: dict[bytes | None, UUID | None] = {None: None}
    return [
        known[value] if value in known else known.setdefault(value, UUID(bytes=value))
        for value in column.cast(pa.binary(16)).to_pylist()
    ]


def derive_table(row: type[Row], *, per_article: bool) -> Table:
    """Derive the table of a row class. Raises RowError for a type no table can hold."""
    if not row.model_fields:
        raise RowError(row.__table__, "", f"{row.__name__} declares no columns")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row.__table__):
        raise RowError(row.__table__, "", "a table's name is made of a-z, 0-9 and _")
    own = [_derive_column(row.__table__, name, field) for name, field in row.model_fields.items()]
    names = {c.name for c in own}
    columns = tuple(own) if RUN_ID.name in names else (*own, RUN_ID)
    key = row.__key__
    if per_article:
        columns, key = columns if ARTICLE_ID.name in names else (ARTICLE_ID, *columns), (ARTICLE_ID.name, *key)
    for name in key:
        if name not in {c.name for c in columns}:
            raise RowError(row.__table__, name, "is named in the key but is not a column")
    if not key:
        raise RowError(row.__table__, "", f"say what tells its rows apart: class {row.__name__}(Row, key=(…))")
    description = " ".join((row.__doc__ or "").split("\n\n")[0].split())
    return Table(row.__table__, row, columns, key, description, per_article, row.__append_only__)


def describe_column(column: Column) -> str:
    """A column's description with its values, for comments and the data dictionary."""
    text = " ".join(column.description.split())
    if column.values:
        text = f"{text} One of: {', '.join(column.values)}.".strip()
    return text


_SCALARS: Mapping[type, str] = {
    str: "VARCHAR",
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    bytes: "BLOB",
    date: "DATE",
    datetime: "TIMESTAMP WITH TIME ZONE",
    UUID: "UUID",
}


@cache
def _to_arrow_type(type_: str) -> pa.DataType:
    """Return the Arrow type of a DuckDB type that a column may have."""
    import pyarrow as pa

    if type_.endswith("[]"):
        return pa.list_(_to_arrow_type(type_.removesuffix("[]")))
    return {
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "BOOLEAN": pa.bool_(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BLOB": pa.large_binary(),
        "DATE": pa.date32(),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
        "UUID": pa.uuid(),
    }[type_]


def _derive_column(table: str, name: str, field: FieldInfo) -> Column:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise RowError(table, name, "a column's name is made of a-z, 0-9 and _")
    annotation, optional = _unwrap_optional(field.annotation)
    type_, values = _map_type(table, name, annotation)
    parts = get_args(field.annotation) if get_origin(field.annotation) in (Union, types.UnionType) else ()
    metadata = [*field.metadata, *(m for part in parts for m in getattr(part, "__metadata__", ()))]
    references = next((m for m in metadata if isinstance(m, References)), None)
    default = None if field.is_required() else _to_stored_value(field.get_default(call_default_factory=True))
    direct = annotation in (str, int, float, bool, bytes, date, UUID) or get_origin(annotation) is Literal
    return Column(name, type_, optional, field.description or "", values, references, direct, default)


def _unwrap_optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        arguments = [a for a in get_args(annotation) if a is not type(None)]
        if len(arguments) == 1:
            return _unwrap_optional(arguments[0])[0], True
    return annotation, False


def _map_type(table: str, name: str, annotation: Any) -> tuple[str, tuple[str, ...]]:
    origin = get_origin(annotation)
    if origin is list:
        type_, values = _map_type(table, name, get_args(annotation)[0])
        if type_ != "JSON":
            return f"{type_}[]", values
    if origin is dict or annotation is dict:
        return "JSON", ()
    if origin is Literal and all(isinstance(value, str) for value in get_args(annotation)):
        return "VARCHAR", get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = tuple(member.value for member in annotation)
        if all(isinstance(value, str) for value in values):
            return "VARCHAR", values
    if annotation in _SCALARS:
        return _SCALARS[annotation], ()
    raise RowError(
        table, name, f"has the type {annotation!r}, which has no place in a table: use one that Row's docstring lists"
    )


def _to_arrow_value(value: Any, column: Column, table: str) -> Any:
    """Convert a Python value to one that Arrow takes."""
    if isinstance(value, str | int | float) and not isinstance(value, enum.Enum):
        return value
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return value.value
    if column.type == "JSON":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str, allow_nan=False)
    if isinstance(value, list):
        return [_to_arrow_value(item, column, table) for item in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise RowError(table, column.name, "a time needs a time zone, e.g. datetime.now(UTC)", value.isoformat())
        return value.astimezone(UTC)
    return value


def _to_stored_value(value: Any) -> Any:
    """Convert a default to its value in the warehouse."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, list):
        return [_to_stored_value(item) for item in value]
    return value.value if isinstance(value, enum.Enum) else value
