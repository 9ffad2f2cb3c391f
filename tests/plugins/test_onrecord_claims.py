"""The annotator `claims` with the default pipeline: sentences of ours from end to end.

What is put together from given parts is specified in `test_onrecord_claims_assembly`, `…_cues` and `…_speakers`.
"""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord import Annotator, Mention, Pipeline
from onrecord.model.tables import STANDARD_TABLES
from onrecord.testing import annotate_text, make_article
from onrecord_claims import CONTENT_IS_ITS_SPANS, register_annotators
from onrecord_entities import register_annotators as register_entities
from onrecord_language import load
from tests.plugins.test_onrecord_claims_marked import Said, read

PIPELINE = Pipeline("en", "onrecord_en", "1", load)


def only(register: object) -> Annotator:
    registered: list[Annotator] = []
    register(registered.append)  # type: ignore[operator]
    return registered[0]


def said(body: str) -> list[Said]:
    mentions = [
        row for row in annotate_text(only(register_entities), body, pipeline=PIPELINE) if isinstance(row, Mention)
    ]
    rows = annotate_text(only(register_annotators), body, given={Mention: mentions}, pipeline=PIPELINE)  # type: ignore[dict-item]
    return read(rows, mentions)


def short(body: str) -> list[tuple[str | None, str | None, str, str]]:
    return [(c.speaker, c.cue, c.quote_type, c.content) for c in (one.claim for one in said(body))]


DIRECT = {
    "cue after": (
        "“The dam will hold,” Mayor Ann Reed said.",
        ("Mayor Ann Reed", "said", "direct", "The dam will hold"),
    ),
    "straight marks": ('"The dam will hold," she said.', ("she", "said", "direct", "The dam will hold")),
    "source after the cue": (
        "“The dam will hold,” said Per Berg, an engineer.",
        ("Per Berg", "said", "direct", "The dam will hold"),
    ),
    "cue before": (
        "Ann Reed told reporters: “The dam will hold.”",
        ("Ann Reed", "told", "direct", "The dam will hold."),
    ),
    "cue before, with a comma": (
        "Ann Reed said, “The dam will hold.”",
        ("Ann Reed", "said", "direct", "The dam will hold."),
    ),
    "question": ("“Will the dam hold?” he asked.", ("he", "asked", "direct", "Will the dam hold?")),
    "several sentences": (
        "“The dam is old. It will hold,” a senior port official told reporters.",
        ("a senior port official", "told", "direct", "The dam is old. It will hold"),
    ),
    "goes on after the cue": (
        "“The dam is old,” Reed said. “It will hold.”",
        ("Reed", "said", "direct", "The dam is old … It will hold."),
    ),
    "goes on in the same sentence": (
        "“The dam will hold,” said President Reed, “if it stops raining.”",
        ("President Reed", "said", "direct", "The dam will hold … if it stops raining."),
    ),
    "a quotation in it": (
        "“The farmers will say, ‘Build it.’ They said it before,” Reed said.",
        ("Reed", "said", "direct", "The farmers will say, ‘Build it.’ They said it before"),
    ),
}
INDIRECT = {
    "clause": ("Mr. Reed said the dam was old.", ("Mr. Reed", "said", "indirect", "the dam was old")),
    "that": ("Oslo warned that the dam was old.", ("Oslo", "warned", "indirect", "that the dam was old")),
    "time before that": (
        "Mr. Reed said in early June that the dam was old.",
        ("Mr. Reed", "said", "indirect", "that the dam was old"),
    ),
    "addressee": ("Reed told the farmers that it was old.", ("Reed", "told", "indirect", "that it was old")),
    "apposition": (
        "Ann Reed, the town’s mayor, said the dam was old.",
        ("Ann Reed", "said", "indirect", "the dam was old"),
    ),
    "long source": (
        "But officials travelling with Reed said the dam was old.",
        ("officials travelling with Reed", "said", "indirect", "the dam was old"),
    ),
    "list of sources": (
        "Norway, its allies and most farmers insist that the dam is old.",
        ("Norway, its allies and most farmers", "insist", "indirect", "that the dam is old"),
    ),
    "cue at the end": (
        "The dam is old, the Water Board said on Tuesday.",
        ("the Water Board", "said", "indirect", "The dam is old"),
    ),
    "cue in the middle": (
        "The other fault, he added, is its age.",
        ("he", "added", "indirect", "The other fault … is its age"),
    ),
    "partly quoted": (
        "Reed said the dam was “old and beautiful” but safe.",
        ("Reed", "said", "mixed", "the dam was “old and beautiful” but safe"),
    ),
    "participle after": (
        "Norway has closed the dam, saying it was old.",
        ("Norway", "saying", "indirect", "it was old"),
    ),
    "according to": (
        "The dam is old, according to the Water Board.",
        ("the Water Board", "according to", "indirect", "The dam is old"),
    ),
    "according to, first": (
        "According to the Water Board, the dam is old.",
        ("the Water Board", "According to", "indirect", "the dam is old"),
    ),
}


@pytest.mark.parametrize(("body", "expected"), DIRECT.values(), ids=DIRECT.keys())
def test_direct(body: str, expected: tuple[str, str, str, str]) -> None:
    assert short(body) == [expected]


@pytest.mark.parametrize(("body", "expected"), INDIRECT.values(), ids=INDIRECT.keys())
def test_indirect(body: str, expected: tuple[str, str, str, str]) -> None:
    assert short(body) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "Mr. Reed has arrived in Moscow.",
        "The dam was closed in October.",
        "The United States closed the dam.",
        "Mr. Reed declined to comment.",
    ],
)
def test_no_claim(body: str) -> None:
    assert short(body) == []


def test_a_moscow_that_says_something_is_a_speaker() -> None:
    assert short("Moscow said that it would pay.") == [("Moscow", "said", "indirect", "that it would pay")]


def test_two_clauses_with_cues_are_two_claims() -> None:
    assert short("While Oslo says the dam is old, Moscow says there is no danger.") == [
        ("Oslo", "says", "indirect", "the dam is old"),
        ("Moscow", "says", "indirect", "there is no danger"),
    ]


@pytest.mark.xfail(strict=True, reason="the network finds no source in titles before a name, after an inverted verb")
def test_a_source_with_a_long_title_after_the_cue() -> None:
    assert short("“The dam will hold,” said Oslo Institute engineer Per Berg on Friday.") == [
        ("Oslo Institute engineer Per Berg", "said", "direct", "The dam will hold")
    ]


@pytest.mark.xfail(strict=True, reason="the network takes the main clause for part of the content")
def test_a_participle_before_its_subject() -> None:
    assert short("Noting that the dam was old, Reed left the room.") == [
        ("Reed", "Noting", "indirect", "that the dam was old")
    ]


@pytest.mark.xfail(strict=True, reason="the network takes the second clause for part of the first")
def test_a_second_verb_has_the_subject_of_the_first() -> None:
    assert short("Reed indicated that the dam was old and suggested that it might break.") == [
        ("Reed", "indicated", "indirect", "that the dam was old"),
        ("Reed", "suggested", "indirect", "that it might break"),
    ]


def test_a_negated_cue_is_marked() -> None:
    [one] = said("Mr. Reed did not say when the dam would open.")
    assert one.claim.negated
    assert one.claim.content == "when the dam would open"


@pytest.mark.parametrize(
    ("body", "rule", "who"),
    [
        ("Mr. Reed said Mr. Moss was old. He said it twice and meant it.", "previous_speaker", "Reed"),
        ("Mr. Reed said it was old. Mr. Moss left. He said it was late.", "previous_subject", "Moss"),
        ("In the hall stood Mr. Moss. “It is late,” he said.", "nearest_person", "Moss"),
        ("Norway owns the dam. It says the dam is old.", "previous_subject", "Norway"),
        ("We saw Secretary Reed. “It is late,” said the secretary.", "title", "Reed"),
    ],
)
def test_who_a_source_without_a_name_stands_for(body: str, rule: str, who: str) -> None:
    last = said(body)[-1]
    assert (last.claim.speaker_rule, last.who) == (rule, who)


def test_spans_have_source_cue_and_contents_in_their_own_words() -> None:
    [one] = said("“The dam is old,” Reed said. “It will hold.”")
    assert [(span.role, span.ordinal, span.text) for span in one.spans] == [
        ("source", 0, "Reed"),
        ("cue", 0, "said"),
        ("content", 0, "The dam is old"),
        ("content", 1, "It will hold."),
    ]


def test_the_check_finds_a_claim_whose_content_is_not_its_spans() -> None:
    body = "“The dam is old,” Reed said. “It will hold.”"
    read = make_article(body)
    [one] = said(body)
    connection = duckdb.connect()
    for name, rows in (("claim", [one.claim]), ("claim_span", one.spans)):
        rows_of_table = STANDARD_TABLES[name].arrow([(read.article_id, row) for row in rows])
        connection.register("rows_of_table", rows_of_table)
        connection.execute(f"create table {name} as from rows_of_table")
    assert connection.execute(CONTENT_IS_ITS_SPANS).fetchall() == []
    connection.execute("update claim set content = content || '!'")
    assert len(connection.execute(CONTENT_IS_ITS_SPANS).fetchall()) == 1


WORDS = """
    “ ” " '' , . : ; – - he said told Kerry that according to saying Noting and but not Mr. says warned who the a
    secretary told reporters called on served notice Tuesday in an interview if while , “Yes,” U.S.
"""
PIECES = st.lists(st.sampled_from([*WORDS.split(), "\n\n"]) | st.text(max_size=5), max_size=30)


@settings(deadline=None, max_examples=100)
@given(PIECES.map(" ".join) | PIECES.map("".join))
def test_whatever_the_text_spans_are_in_it_and_make_up_the_content(body: str) -> None:
    for one in said(body):
        assert all(body[span.start_char : span.end_char] == span.text for span in one.spans)
        assert one.claim.content == " … ".join(span.text for span in one.spans if span.role == "content")
        assert 0 <= one.claim.confidence <= 1
