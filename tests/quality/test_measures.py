"""The measures themselves: what counts as right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from onrecord import ClaimSpan, identify
from onrecord_language.training.scores import SpanCounts

from .measures import (
    LENIENT,
    OF_QUOTED,
    QUOTED,
    REST,
    ROLES,
    SAME_WORDS,
    Attribution,
    AttributionScores,
    Span,
    Words,
    claims_to_attributions,
    has_overlap,
    is_right,
    role_spans,
    spans_of,
)
from .names import COMPARED, CONLL, POLITICS, UNER, count

Phrases = Sequence[str]
"""Stretches of a text, as their words."""
TEXT = "“It is late,” Ann Reed said. Her men think that it is early."


@cache
def nlp() -> Language:
    return spacy.blank("en")


def place(text: str, phrase: str) -> Span:
    start = text.index(phrase)
    return start, start + len(phrase)


def attribution(source: Phrases, cue: Phrases, content: Phrases, text: str = TEXT) -> Attribution:
    return Attribution(*(frozenset(place(text, phrase) for phrase in role) for role in (source, cue, content)))


def marked(text: str, **groups: Phrases) -> Doc:
    """Make a Doc like a pipeline's, with these phrases as sources, cues and contents."""
    doc = nlp().make_doc(text)
    for role in ROLES:
        spans = [doc.char_span(*place(text, phrase)) for phrase in groups.get(role, ())]
        doc.spans[role] = SpanGroup(doc, name=role, spans=spans)
    return doc


def counted(found: Sequence[Attribution], gold: Sequence[Attribution], text: str = TEXT) -> AttributionScores:
    scores = AttributionScores()
    scores.add(nlp().make_doc(text), spans_of(found), found, gold)
    return scores


def right_found_gold(tally: SpanCounts, label: str) -> tuple[int, int, int]:
    return tally.right[label], tally.found[label], tally.gold[label]


REED = attribution(["Ann Reed"], ["said"], ["“It is late,”"])
MEN = attribution(["Her men"], ["think"], ["that it is early"])


def test_what_is_gold_is_entirely_right() -> None:
    scores = counted([REED, MEN], [REED, MEN])
    for tally in (scores.spans, scores.words, scores.whole):
        assert [tally.f1(label) for label in tally.gold] == [100.0] * len(tally.gold)


def test_a_span_is_right_only_if_it_is_exactly_right() -> None:
    spans = counted([attribution(["Reed"], ["said"], ["It is late"])], [REED]).spans
    assert [right_found_gold(spans, role) for role in ROLES] == [(0, 1, 1), (1, 1, 1), (0, 1, 1)]


def test_stretches_of_a_content_count_one_by_one() -> None:
    gold = attribution(["Reed"], ["said"], ["It is", "late"])
    assert right_found_gold(counted([attribution([], [], ["late"])], [gold]).spans, "content") == (1, 1, 2)


def test_a_source_that_two_attributions_share_counts_once() -> None:
    gold = [attribution(["Her men"], ["think"], ["that it is early"]), attribution(["Her men"], ["said"], ["late"])]
    assert right_found_gold(counted(gold[:1], gold).spans, "source") == (1, 1, 1)


def test_words_of_a_role_are_counted_whichever_span_has_them() -> None:
    gold, found = attribution([], [], ["It is late"]), attribution([], [], ["It", "is late,” Ann"])
    assert right_found_gold(counted([found], [gold]).words, "content") == (3, 6, 3)


@pytest.mark.parametrize(
    ("phrase", "words"),
    [("Ann Reed", ["Ann", "Reed"]), ("nn Ree", ["Ann", "Reed"]), (" ", []), ("late,”", ["late", ",", "”"])],
)
def test_a_span_has_every_word_of_which_it_has_a_character(phrase: str, words: list[str]) -> None:
    doc = nlp().make_doc(TEXT)
    tokens = [token.text for token in doc if not token.is_space]
    assert [tokens[i] for i in sorted(Words(doc).of([place(TEXT, phrase)]))] == words


@pytest.mark.parametrize(
    ("phrase", "quoted"),
    [
        ("“It is late,”", True),
        ("It is late", True),
        ("late,” Ann", False),
        ("Ann Reed", False),
        ("”", False),
    ],
)
def test_a_content_is_quoted_if_all_its_words_stand_between_quotation_marks(phrase: str, quoted: bool) -> None:
    assert Words(nlp().make_doc(TEXT)).is_quoted([place(TEXT, phrase)]) == quoted


def test_quoted_contents_and_the_rest_are_counted_apart() -> None:
    spans = counted([REED], [REED, MEN]).spans
    assert right_found_gold(spans, QUOTED) == (1, 1, 1)
    assert right_found_gold(spans, REST) == (0, 0, 1)


def test_words_of_contents_are_quoted_one_by_one() -> None:
    found = attribution([], [], ["It is late,” Ann Reed said"])
    words = counted([found], [REED]).words
    assert right_found_gold(words, QUOTED) == (4, 4, 4), "It is late and the comma"
    assert right_found_gold(words, REST) == (0, 3, 0), "Ann Reed said"


@pytest.mark.parametrize(
    ("found", "same_words", "lenient"),
    [
        (REED, True, True),
        (attribution(["Ann Reed"], ["said"], ["It is late"]), True, True),
        (attribution(["Reed"], ["said."], ["late"]), False, True),
        (attribution([], ["said"], ["“It is late,”"]), False, False),
        (attribution(["Her men"], ["said"], ["“It is late,”"]), False, False),
        (attribution(["Ann Reed"], ["think"], ["“It is late,”"]), False, False),
        (attribution(["Ann Reed"], ["said"], ["that it is early"]), False, False),
    ],
)
def test_an_attribution_is_right_in_two_degrees(found: Attribution, same_words: bool, lenient: bool) -> None:
    whole = counted([found], [REED]).whole
    assert right_found_gold(whole, SAME_WORDS) == (same_words, 1, 1)
    assert right_found_gold(whole, LENIENT) == (lenient, 1, 1)


def test_attributions_without_a_source_are_alike_in_that() -> None:
    gold = attribution([], ["said"], ["“It is late,”"])
    assert right_found_gold(counted([attribution([], ["said"], ["late"])], [gold]).whole, LENIENT) == (1, 1, 1)


def test_leniently_too_a_gold_attribution_is_found_only_once() -> None:
    found = [attribution(["Ann"], ["said"], ["It"]), attribution(["Reed"], ["said"], ["late"])]
    assert right_found_gold(counted(found, [REED]).whole, LENIENT) == (1, 2, 1)


def test_attributions_all_of_whose_contents_are_quoted_are_also_counted_apart() -> None:
    whole = counted([REED, MEN], [REED, MEN]).whole
    for level in (SAME_WORDS, LENIENT):
        assert right_found_gold(whole, level) == (2, 2, 2)
        assert right_found_gold(whole, OF_QUOTED.format(level)) == (1, 1, 1)


def test_overlap_needs_a_character_in_common() -> None:
    assert has_overlap([(0, 3)], [(5, 6), (2, 3)])
    assert not has_overlap([(0, 3)], [(3, 5)])


def test_the_spans_of_a_doc_are_read_from_its_groups() -> None:
    doc = marked(TEXT, source=["Ann Reed"], cue=["said"])
    assert role_spans(doc) == {"source": {place(TEXT, "Ann Reed")}, "cue": {place(TEXT, "said")}, "content": set()}
    assert role_spans(nlp()(TEXT)) == {"source": set(), "cue": set(), "content": set()}


def test_claims_are_compared_by_their_spans() -> None:
    one, two = identify("claim", 1), identify("claim", 2)
    rows = [
        ClaimSpan(claim_id=claim_id, role=role, ordinal=0, start_char=start, end_char=end, text=TEXT[start:end])
        for claim_id, attributed in ((one, REED), (two, attribution([], [], ["early"])))
        for role in ROLES
        for start, end in getattr(attributed, role)
    ]
    assert claims_to_attributions(rows) == [REED, attribution([], [], ["early"])]


@pytest.mark.parametrize(
    ("corpus", "kind", "label"),
    [
        (CONLL, "group", "group, event, other"),
        (CONLL, "event", "group, event, other"),
        (CONLL, "person", "person"),
        (POLITICS, "event", "event"),
        (POLITICS, "group", "group, other"),
        (UNER, "place", "place"),
        (UNER, "group", None),
        (UNER, "other", None),
    ],
)
def test_kinds_of_names_that_a_corpus_does_not_tell_apart_count_as_one(corpus, kind, label) -> None:
    tally = SpanCounts()
    count(tally, [((0, 3), kind)], [((0, 3), kind), ((5, 9), kind)], COMPARED[corpus])
    assert {each: right_found_gold(tally, each) for each in tally.gold if tally.gold[each]} == (
        {label: (1, 1, 2)} if label else {}
    )


def test_a_name_of_the_wrong_kind_is_both_missed_and_superfluous() -> None:
    tally = SpanCounts()
    count(tally, [((0, 3), "person")], [((0, 3), "place")], COMPARED[CONLL])
    assert right_found_gold(tally, "person") == (0, 1, 0)
    assert right_found_gold(tally, "place") == (0, 0, 1)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (attribution(["Reed"], ["said"], ["It is late"]), True),
        (attribution(["Reed"], [], ["It is late"]), True),
        (attribution(["Reed"], ["said"], ["It is"]), False),
        (attribution([], ["said"], ["It is late"]), False),
        (attribution(["Her men"], ["said"], ["It is late"]), False),
    ],
)
def test_a_claim_is_right_if_somebody_said_almost_that(claim: Attribution, expected: bool) -> None:
    assert is_right(Words(nlp().make_doc(TEXT)), claim, [MEN, REED]) is expected
