"""What a plugin gets of the warehouse: ids as UUIDs, everything else as Arrow computes with it."""

from __future__ import annotations

from uuid import UUID

import duckdb
import pyarrow as pa

from onrecord import Reader


def test_a_reader_gives_ids_as_uuids_and_other_types_as_arrow_computes_with_them() -> None:
    first, second = UUID(int=1), UUID(int=2)
    query = """
        select
            $first as id, [$second] as ids, null::uuid as none, $first as "a ""b", true as flag, sum(i) as total
        from range(3) t(i)
    """

    found = Reader(duckdb.connect()).sql(query, first=first, second=second)

    assert found.to_pylist() == [{"id": first, "ids": [second], "none": None, 'a "b': first, "flag": True, "total": 3}]
    assert found.schema.field("flag").type == pa.bool_()
    assert found.schema.field("total").type == pa.decimal128(38, 0)
