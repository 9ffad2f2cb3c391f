"""Row classes: a subclass of `Row` is the one declaration of a table.

Its DDL, Arrow schema, comments, checks and entry in the data dictionary come from the `Table` that `derive_table`
derives from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """A row of a table. Subclass it to declare the table.

    The class's docstring describes the table, the docstring under a field (or `Field(description=…)`)
    describes the column. The table's name is the class's in snake case, unless `table=` says otherwise.
    An annotator's or a cleaner's rows get `article_id` in front, and all rows get `run_id` at the end.

    `key=` names the columns that tell the rows of one article (for an aggregator: of the whole table)
    apart. Without it an annotator writes at most one row per article::

        class Quote(Row, key=("ordinal",)):
            \"\"\"A passage in quotation marks.\"\"\"

            ordinal: int
            \"\"\"Its place among the quotes of the article, from 0.\"\"\"
            text: str

    Types: str, int, float, bool, bytes, date, datetime (with a time zone), UUID, Literal or Enum of
    strings, list[…] of one of these, dict (stored as JSON), and any of them `| None`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    __table__: ClassVar[str] = ""
    __key__: ClassVar[tuple[str, ...]] = ()
    __append_only__: ClassVar[bool] = False

    def __init_subclass__(
        cls, *, table: str | None = None, key: Sequence[str] = (), append_only: bool = False, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.__table__ = table or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.__key__ = ((key,) if isinstance(key, str) else tuple(key)) or cls.__key__
        cls.__append_only__ = append_only


class Span(Row):
    """A row about a part of the article's body: `body[start_char:end_char]`.

    Offsets are 0-based, end-exclusive and count Unicode code points. They are checked when the row is
    made and again before publishing; so is `text`, which must be the words at that place.
    """

    start_char: int
    """Where it begins in `article.body`: 0-based, in Unicode code points."""
    end_char: int
    """Where it ends in `article.body`, exclusive."""
    text: str
    """The words at that place, exactly."""


@dataclass(frozen=True, slots=True)
class References:
    """Annotates a column whose values must exist in another table.

    For example `Annotated[UUID, References("claim")]`.
    """

    table: str
    column: str = ""
    """The other table's column; by default the one of the same name."""
