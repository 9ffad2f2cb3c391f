"""What a batch is, how its result is built, and how the results of its parts become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from onrecord import Row, Segment
from onrecord.model.bookkeeping import ComponentVersion, Ledger, Quarantine
from onrecord.model.tables import STANDARD_TABLES
from onrecord.stages import Batch, BatchResult, Counters, ResultBuilder, fail_batch

IDS = [UUID(int=number) for number in range(20)]


# ── A batch made smaller ─────────────────────────────────────────────────────────────────────────


def batch(size: int, stage: Any = "annotate", components: tuple[str, ...] = ("p",)) -> Batch:
    columns = {"input_hash": ["h"] * size, "uri": [f"u:{i}" for i in range(size)]}
    subjects = pa.table({"subject_id": pa.array(IDS[:size], pa.uuid()), **columns})
    versions = {
        name: ComponentVersion.model_construct(component=name, fingerprint=f"fingerprint of {name}", version="1")
        for name in components
    }
    return Batch(stage, 7, versions, subjects, "en")


def ids(of: Batch) -> list[UUID]:
    found: list[UUID] = of.subjects["subject_id"].to_pylist()
    return found


def test_a_batch_is_named_after_its_stage_components_and_number() -> None:
    assert batch(3, components=("p", "q")).label == "annotate p+q 0007"
    assert len(batch(3)) == 3


def test_only_keeps_the_subjects_that_are_named() -> None:
    smaller = batch(5).only([IDS[3], IDS[1], IDS[19]])
    assert ids(smaller) == [IDS[1], IDS[3]]
    assert (smaller.components, smaller.number, smaller.language) == (("p",), 7, "en")
    assert len(batch(5).only([])) == 0


@given(st.integers(2, 20))
def test_halves_are_the_whole_and_neither_is_empty(size: int) -> None:
    whole = batch(size)
    left, right = whole.halves()
    assert ids(left) + ids(right) == ids(whole)
    assert len(left) >= 1
    assert len(right) >= 1


def test_a_part_of_a_batch_has_only_the_rows_of_its_own_subjects() -> None:
    rows = pa.table({"article_id": pa.array([IDS[3], IDS[0], IDS[3], IDS[4]], pa.uuid()), "n": [1, 2, 3, 4]})
    whole = replace(batch(5), inputs={"length": rows})
    parts = whole.cut([1, 4])
    assert [ids(part) for part in parts] == [IDS[:1], IDS[1:4], IDS[4:5]]
    assert [part.inputs["length"]["n"].to_pylist() for part in parts] == [[2], [1, 3], [4]]
    assert whole.only([IDS[4]]).inputs["length"]["n"].to_pylist() == [4]


# ── A result is built ────────────────────────────────────────────────────────────────────────────


def segments(*ordinals: int) -> list[Segment]:
    return [Segment(ordinal=ordinal, kind="body", kept=True, start_char=0, end_char=1) for ordinal in ordinals]


def build_result(of: Batch, failing: Mapping[UUID, Exception], rows: Sequence[Row] = segments(0, 1)) -> BatchResult:
    """The result of a batch whose components fail on some subjects, and make the same rows of all others."""
    builder = ResultBuilder(of)
    for component in of.components:
        for subject_id in ids(of):
            if subject_id in failing:
                builder.fail(component, subject_id, failing[subject_id])
            else:
                builder.add(component, subject_id, rows)
    return builder.build()


def entries(result: BatchResult, table: str) -> list[UUID]:
    found: list[UUID] = result.tables[table]["subject_id"].to_pylist()
    return found


def test_the_result_has_the_rows_and_enters_what_the_component_was_and_what_the_subject_was() -> None:
    result = build_result(batch(2), {IDS[1]: ValueError("no")})

    assert result.tables["segment"].select(["article_id", "ordinal"]).to_pylist() == [
        {"article_id": IDS[0], "ordinal": 0}, {"article_id": IDS[0], "ordinal": 1},
    ]  # fmt: skip
    (done,) = STANDARD_TABLES["ledger"].rows(result.tables["ledger"])
    (failed,) = STANDARD_TABLES["quarantine"].rows(result.tables["quarantine"])
    assert isinstance(done, Ledger)
    assert isinstance(failed, Quarantine)
    assert (done.component, done.input_hash, done.fingerprint) == ("p", "h", "fingerprint of p")
    assert (failed.uri, failed.input_hash, failed.fingerprint, failed.version, failed.error) == (
        "u:1", "h", "fingerprint of p", "1", "ValueError: no",
    )  # fmt: skip


def test_a_subject_whose_rows_do_not_fit_fails_alone() -> None:
    builder = ResultBuilder(batch(3))
    for subject_id, rows in zip(IDS[:3], (segments(0), segments(1, 1), segments(2)), strict=True):
        builder.add("p", subject_id, rows)

    assert list(builder.convert("p")) == [IDS[0], IDS[2]]
    result = builder.build()

    assert entries(result, "ledger") == [IDS[0], IDS[2]]
    assert result.tables["segment"]["ordinal"].to_pylist() == [0, 2]
    (error,) = result.tables["quarantine"]["error"].to_pylist()
    assert "two rows with the same key (article_id, ordinal)" in error
    assert (result.counters["p"].done, result.counters["p"].failed, result.counters["p"].rows) == (2, 1, 2)


def test_a_subject_that_was_neither_done_nor_failed_was_blocked() -> None:
    builder = ResultBuilder(batch(3, components=("p", "q")))
    builder.fail("p", IDS[0], ValueError("no"))
    for subject_id in IDS[1:3]:
        builder.add("p", subject_id, [])
    builder.add("q", IDS[1], segments(0, 1))
    with builder.measure("q"):
        pass

    counters = builder.build().counters

    assert 0 < counters["q"].seconds < 1
    assert counters == {"p": Counters(3, 2, 1, 0, 0, 0.0), "q": Counters(3, 1, 0, 2, 2, counters["q"].seconds)}


def test_what_fails_leaves_no_annotations_but_the_document_and_the_article_that_there_were() -> None:
    failing = {IDS[0]: ValueError("no")}
    assert build_result(batch(2, "annotate"), failing).replaced == {"p": IDS[:2]}
    assert build_result(batch(2, "clean"), failing).replaced == {"p": IDS[1:2]}
    assert build_result(batch(2, "ingest"), failing).replaced == {"p": IDS[1:2]}


def test_a_batch_that_fails_as_a_whole_fails_with_every_component() -> None:
    result = fail_batch(batch(1, components=("p", "q")), RuntimeError("the worker died"))
    assert result.tables["quarantine"].select(["component", "error"]).to_pylist() == [
        {"component": name, "error": "RuntimeError: the worker died"} for name in ("p", "q")
    ]
    assert result.counters == {name: Counters(subjects=1, failed=1) for name in ("p", "q")}
    assert result.replaced == {"p": IDS[:1], "q": IDS[:1]}


# ── Results of parts ─────────────────────────────────────────────────────────────────────────────


def test_merged_results_are_the_result_of_the_whole() -> None:
    whole = batch(5)
    left, right = whole.halves()
    failing = {IDS[4]: ValueError("no")}

    merged = BatchResult.merge([build_result(left, {}), build_result(right, failing)])

    assert (merged.stage, merged.number) == ("annotate", 7)
    assert entries(merged, "ledger") == IDS[:4]
    assert entries(merged, "quarantine") == [IDS[4]]
    assert merged.replaced == {"p": IDS[:5]}
    assert merged.counters == {"p": Counters(5, 4, 1, 0, 8, 0.0)}


def test_merging_keeps_what_only_one_part_has() -> None:
    one, other = build_result(batch(1), {}), build_result(batch(1), {})
    other.tables["word"] = pa.table({"n": [1]})
    other.replaced["q"] = [IDS[9]]
    merged = BatchResult.merge([one, other])
    assert merged.tables["word"].num_rows == 1
    assert merged.replaced == {"p": [IDS[0], IDS[0]], "q": [IDS[9]]}


def test_a_result_says_what_may_pass_and_leaves_it_out_when_it_is_tried_again() -> None:
    fetched = batch(4, "ingest")
    result = build_result(fetched, {IDS[0]: OSError("busy"), IDS[2]: ValueError("broken")})

    assert result.transient == [IDS[0]]
    again = result.without(result.transient)

    assert entries(again, "quarantine") == [IDS[2]]
    assert (again.counters["p"].subjects, again.counters["p"].failed, again.counters["p"].done) == (3, 1, 2)
    whole = BatchResult.merge([again, build_result(fetched.only([IDS[0]]), {})])
    assert (whole.counters["p"].subjects, whole.counters["p"].done, whole.counters["p"].failed) == (4, 3, 1)
    assert sorted(entries(whole, "ledger")) == [IDS[0], IDS[1], IDS[3]]
    assert whole.transient == []


def test_nothing_outside_ingest_may_pass() -> None:
    assert build_result(batch(1), {IDS[0]: OSError("busy")}).transient == []
