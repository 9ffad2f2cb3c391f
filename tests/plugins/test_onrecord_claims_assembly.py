"""How attributions are put together from sources, cues and contents: a sentence of ours for each thing that can fail.

Braces mark what the pipeline has found; see `test_onrecord_claims_marked`.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord_claims.confidence import SPOKEN
from tests.plugins.test_onrecord_claims_marked import Marked, claims, short

NOBODY = None

# Text · speaker, cue and content of each claim.
QUOTATIONS = {
    "cue after": (
        "{K:“The dam will hold,”} {S:Ann Reed} {C:said}.",
        [("Ann Reed", "said", "The dam will hold")],
    ),
    "cue before": (
        "{S:Ann Reed} {C:told} reporters: {K:“The dam will hold.”}",
        [("Ann Reed", "told", "The dam will hold.")],
    ),
    "goes on after the cue": (
        "{K:“The dam is old,”} {S:Reed} {C:said} on Friday. {K:“It will hold.”}",
        [("Reed", "said", "The dam is old … It will hold.")],
    ),
    "goes on though the cue has another content before": (
        "{K:“The dam is old,”} {S:Reed} {C:said}, {C:adding} {K:that nobody slept}. {K:“It will hold.”}",
        [("Reed", "said", "The dam is old … It will hold."), ("Reed", "adding", "that nobody slept")],
    ),
    "goes on, where only the first part is marked": (
        "{K:“The dam is old,”} {S:Reed} {C:said} on Friday. “It will hold.”",
        [("Reed", "said", "The dam is old … It will hold.")],
    ),
    "goes on in the same sentence": (
        "{K:“The dam will hold,”} {C:said} {S:President Reed}, {K:“if it stops raining.”}",
        [("President Reed", "said", "The dam will hold … if it stops raining.")],
    ),
    "does not go on where the next one has a cue of its own": (
        "{K:“The dam is old,”} {S:Reed} {C:said}. {K:“It will hold,”} {S:Berg} {C:said}.",
        [("Reed", "said", "The dam is old"), ("Berg", "said", "It will hold")],
    ),
    "stretches of one quotation": (
        "{K:“The dam is old.} {K:It will hold,”} {S:Reed} {C:said}.",
        [("Reed", "said", "The dam is old. It will hold")],
    ),
    "over several paragraphs, each opened, and the last one closed": (
        "{S:Reed} {C:said}: {K:“The dam is old.}\n\n{K:“It will hold.}\n\n{K:“Nobody need move.”}\n\nNobody moved.",
        [("Reed", "said", "The dam is old. … It will hold. … Nobody need move.")],
    ),
    "over several paragraphs, of which only the first is marked": (
        "{K:“The dam is old,”} {S:Reed} {C:said}. {K:“It is very old.}\n\n“It will hold.”\n\nNobody moved.",
        [("Reed", "said", "The dam is old … It is very old. … It will hold.")],
    ),
    "never closed": (
        "{S:Reed} {C:said}: {K:“The dam is old.}\n\n{K:“It will hold.}\n\nNobody moved.",
        [("Reed", "said", "The dam is old. … It will hold.")],
    ),
    "the closing mark is missing": (
        "{K:“The dam will hold,} {S:Reed} {C:said}. {K:“It is not old.”}",
        [("Reed", "said", "The dam will hold … It is not old.")],
    ),
    "the opening mark is missing": (
        "{K:The dam will hold,”} {S:Reed} {C:said}.",
        [("Reed", "said", "The dam will hold")],
    ),
    "the pipeline has missed the marks": (
        "“{K:The dam will hold},” {S:Reed} {C:said}.",
        [("Reed", "said", "The dam will hold")],
    ),
    "straight marks": ('{K:"The dam will hold,"} {S:she} {C:said}.', [("she", "said", "The dam will hold")]),
    "two apostrophes for each mark": (
        "{K:''The dam will hold,''} {S:she} {C:said}. {K:''It is new.''}",
        [("she", "said", "The dam will hold … It is new.")],
    ),
    "backticks": ("{K:``The dam will hold,''} {S:she} {C:said}.", [("she", "said", "The dam will hold")]),
    "guillemets": ("{K:«The dam will hold»}, {S:she} {C:said}.", [("she", "said", "The dam will hold")]),
    "single marks": ("{K:‘The dam will hold,’} {S:she} {C:said}.", [("she", "said", "The dam will hold")]),
    "an opening mark in the place of the closing one": (
        "{K:“The dam will hold,“} {S:she} {C:said}. {K:“It is new.”}",
        [("she", "said", "The dam will hold … It is new.")],
    ),
    "no space after the closing mark": (
        "{K:“The dam will hold,”}{S:she} {C:said}.",
        [("she", "said", "The dam will hold")],
    ),
    "a quotation in it": (
        "{K:“The farmers say, ‘Build it.’ They said it before,”} {S:Reed} {C:said}.",
        [("Reed", "said", "The farmers say, ‘Build it.’ They said it before")],
    ),
    "a cue in it": (
        "“{S:The farmers} {C:say} {K:it must be built,}” {S:Reed} {C:said}.",
        [("Reed", "said", "The farmers say it must be built")],
    ),
}
INDIRECT = {
    "clause": ("{S:Mr. Reed} {C:said} {K:the dam was old}.", [("Mr. Reed", "said", "the dam was old")]),
    "with its full stop": ("{S:Mr. Reed} {C:said} {K:the dam was old.}", [("Mr. Reed", "said", "the dam was old")]),
    "on both sides of the cue": (
        "{K:The other fault}, {S:he} {C:added}, {K:is its age}.",
        [("he", "added", "The other fault … is its age")],
    ),
    "partly quoted": (
        "{S:Reed} {C:said} {K:the dam was “old and beautiful.”}",
        [("Reed", "said", "the dam was “old and beautiful.”")],
    ),
    "according to": (
        "{K:The dam is old}, {C:according to} {S:the Water Board}.",
        [("the Water Board", "according to", "The dam is old")],
    ),
    "said according to a report": (
        "{K:“The dam is old,” Mr. Moss told reporters}, {C:according to} {S:the news agency}.",
        [("Mr. Moss", "told", "The dam is old")],
    ),
    "said according to a report, indirectly": (
        "{K:Deputy Minister Per Berg also said that it was old}, {C:according to} {S:reports}. "
        "{S:He} {C:said} {K:no more}.",
        [("Deputy Minister Per Berg", "also said", "that it was old"), ("He", "said", "no more")],
    ),
    "according to, first": (
        "{C:According to} {S:the Water Board}, {K:the dam is old}.",
        [("the Water Board", "According to", "the dam is old")],
    ),
    "at second hand, quoted": (
        "{K:“The dam will hold,” Ann Reed told reporters}, {C:according to} {S:the agency}.",
        [("Ann Reed", "told", "The dam will hold")],
    ),
    "at second hand": (
        "{K:Ann Reed also said that the dam would hold}, {C:according to} {S:the agency}.",
        [("Ann Reed", "also said", "that the dam would hold")],
    ),
    "the addressee is not the speaker": (
        "{S:Reed} {C:told} {S:Kerry} {K:that the dam was old}.",
        [("Reed", "told", "that the dam was old")],
    ),
    "an apposition between speaker and verb": (
        "{S:Ann Reed, who has run the town since the flood,} {C:said} {K:the dam was old}.",
        [("Ann Reed", "said", "the dam was old")],
    ),
    "a relative clause between speaker and verb": (
        "{S:Ann Reed}, {S:who} {C:calls} {K:herself “a builder,”} {C:said} {K:the dam was old}.",
        [("Ann Reed", "said", "the dam was old"), ("who", "calls", "herself “a builder,”")],
    ),
    "a passive without an agent": (
        "{S:Reed} left. {K:The dam} {C:was said} {K:to be old}.",
        [(NOBODY, "was said", "The dam … to be old")],
    ),
    "a passive with its agent": (
        "{K:The plan} {C:has been called foolish by} {S:farmers}.",
        [("farmers", "has been called foolish by", "The plan")],
    ),
    "two cues with one source": (
        "{S:Reed} {C:noted} {K:that the dam was old} and {C:warned} {K:that it might break}.",
        [("Reed", "noted", "that the dam was old"), ("Reed", "warned", "that it might break")],
    ),
    "a participle": (
        "{S:Norway} closed the dam, {C:saying} {K:it was old}.",
        [("Norway", "saying", "it was old")],
    ),
    "two clauses with cues": (
        "While {S:Oslo} {C:says} {K:the dam is old}, {S:Moscow} {C:says} {K:there is no danger}.",
        [("Oslo", "says", "the dam is old"), ("Moscow", "says", "there is no danger")],
    ),
    "a transcript": (
        "{S:REED}{C::} {K:Is the dam old?}\n\n{S:BERG}{C::} {K:It is. It will hold.}\n\n{K:Nobody need move.}",
        [("REED", ":", "Is the dam old"), ("BERG", ":", "It is. It will hold … Nobody need move")],
    ),
}
NO_CLAIM = {
    "a place that somebody went to": "Mr. Reed has arrived in {S:Moscow}.",
    "a cue without a content": "{S:Reed} {C:spoke} for an hour.",
    "scare quotes": "He painted the “old” dam for nobody.",
    "scare quotes that the pipeline takes for a content": "He painted the {K:“old”} dam. Nobody spoke. Nobody came.",
    "a nickname": "John “Jack the Dam” Reed was born in 1950.",
    "a book": "Her first book, “The Old Dam of the North.” is out of print.",
    "a film after a verb": "{S:Ann Reed} {C:wrote} {K:“The Old Dam”} in 1990.",
    "declined to comment": "{S:Reed} {C:declined} {K:to comment}.",
    "declined to comment on something": "{S:Reed} {C:declined to comment on} {K:the report about the dam}.",
    "did not respond": "{S:The board} {C:did not immediately respond to} {K:a request for comment}.",
    "could not be reached": "{S:Reed} {C:could not be reached} {K:for comment}.",
    "did not return calls": "{S:Reed} {C:did not return} {K:calls seeking comment}.",
}


@pytest.mark.parametrize(("text", "expected"), QUOTATIONS.values(), ids=QUOTATIONS.keys())
def test_quotations(text: str, expected: list[tuple[str | None, str | None, str]]) -> None:
    assert short(text) == expected
    assert {said.claim.quote_type for said in claims(text)} <= {"direct", "indirect"}


@pytest.mark.parametrize(("text", "expected"), INDIRECT.values(), ids=INDIRECT.keys())
def test_indirect(text: str, expected: list[tuple[str | None, str | None, str]]) -> None:
    assert short(text) == expected


@pytest.mark.parametrize("text", NO_CLAIM.values(), ids=NO_CLAIM.keys())
def test_no_claim(text: str) -> None:
    assert short(text) == []


@pytest.mark.parametrize(
    ("text", "quote_type"),
    [
        ("{K:“It is old,”} {S:Reed} {C:said}. {K:“It is late.”}", "direct"),
        ("{S:Reed} {C:said} {K:the dam was old}.", "indirect"),
        ("{S:Reed} {C:said} {K:the dam was “old” but safe}.", "mixed"),
        ("{K:“It is old,”} {S:Reed} {C:said}, {K:as were others}.", "mixed"),
    ],
)
def test_quote_type(text: str, quote_type: str) -> None:
    assert [said.claim.quote_type for said in claims(text)] == [quote_type]


def test_a_name_in_quotation_marks_may_be_what_something_is_called() -> None:
    assert short("{S:Farmers} {C:call} {K:it “The Old Dam.”}") == [("Farmers", "call", "it “The Old Dam.”")]
    assert short("{S:Farmers} {C:call it} {K:“The Old Dam.”}") == [("Farmers", "call it", "The Old Dam.")]


# ── Quotations without a cue ─────────────────────────────────────────────────────────────────────


def test_a_floating_quotation_is_the_previous_speakers() -> None:
    first, second = claims("{K:“It is late,”} {S:[Ann Reed]} {C:said}.\n\n“We are all going home now.”")
    assert second.short == (None, None, "We are all going home now.")
    assert (second.who, second.claim.speaker_rule) == ("Ann Reed", "previous_speaker_continues")
    assert (second.claim.speaker_status, second.claim.quote_type) == ("none", "direct")
    assert second.claim.confidence < 0.5 < first.claim.confidence


def test_a_floating_quotation_is_his_of_whom_the_sentence_before_it_speaks() -> None:
    _, second = claims(
        "{K:“It is late,”} {S:[Ann Reed]} {C:said}.\n\nAmong the farmers stood Mr. [Berg]. He was worried. "
        "“The dam will not hold.”"
    )
    assert second.short == (None, None, "The dam will not hold.")
    assert (second.who, second.claim.speaker_rule) == ("Berg", "previous_subject")


def test_a_floating_quotation_after_a_colon() -> None:
    [one] = claims("[Per Berg] was blunt: “The dam will not hold.”")
    assert (one.who, one.claim.speaker_rule) == ("Per Berg", "previous_subject")


def test_a_floating_quotation_long_after_anybody_spoke_is_nobodys() -> None:
    *_, last = claims(
        "{K:“It is late,”} {S:[Ann Reed]} {C:said}.\n\nIt rained.\n\nAll night.\n\n“The dam will not hold.”"
    )
    assert (last.short, last.who) == ((None, None, "The dam will not hold."), None)


def test_a_signed_quotation() -> None:
    [one] = claims("They wrote to us.\n\n“The dam will not hold.” — [Ann Reed], Oslo")
    assert one.short == ("Ann Reed", None, "The dam will not hold.")
    assert one.claim.speaker_status == "named"


def test_a_few_words_in_marks_are_no_floating_quotation() -> None:
    assert short("Somebody shouted. “Not now!” Nobody moved.") == []


# ── A sentence and who said it ───────────────────────────────────────────────────────────────────


def test_the_sentence_before_its_attribution_is_a_content_though_the_pipeline_marked_another_within() -> None:
    text = "{S:The Danes} {C:asked} {K:for an old dam}, {S:Reed} {C:said}."
    assert short(text) == [
        ("Reed", "said", "The Danes asked for an old dam"),
        ("The Danes", "asked", "for an old dam"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{S:Reed} {C:said}.",
        "Oslo, {S:Reed} {C:said}.",
        "The dam was old and {S:Reed} {C:said}.",
        "The dam was very old, {S:Reed} {C:said} of it.",
        "The dam was very old, {S:Reed} {C:hoped}.",
        "The dam was very old, as {S:Reed} often {C:said}.",
        "{K:“It is old,”} {S:Berg} {C:said}. The dam was very old, {S:Reed} added.",
    ],
)
def test_what_is_not_plainly_a_sentence_before_its_attribution_is_none(text: str) -> None:
    assert not any(speaker == "Reed" for speaker, _, _ in short(text))


# ── Confidence ────────────────────────────────────────────────────────────────────────────────────────


def test_parts_side_by_side_are_as_certain_as_such_claims_can_be() -> None:
    [one] = claims("{S:Reed} {C:said} {K:the dam was old}.")
    assert 0.95 * SPOKEN < one.claim.confidence <= SPOKEN


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("{K:“It is old,”} {S:Reed} {C:said}.", "{S:Reed} {C:said} {K:it was “old” to him}."),
        ("{S:Reed} {C:said} {K:it was old}.", "{S:Reed} {C:wants} {K:a new one}."),
        ("{S:Reed} {C:said} {K:it was old}.", "{K:The dam} {C:is said} {K:to be old}."),
        ("{S:Reed} {C:said} {K:it was old}.", "{S:Reed} {C:said}, after a long day by the lake, {K:it was old}."),
    ],
)
def test_what_makes_a_claim_more_certain(more: str, less: str) -> None:
    [first], [second] = claims(more), claims(less)
    assert first.claim.confidence > second.claim.confidence


# ── Whatever the text ────────────────────────────────────────────────────────────────────────────

WORDS = """
    “ ” " '' `` ‘ ’ « » , . : ; – - he said told Kerry that according to saying not declined comment Mr. says who the a
    secretary reporters called on Tuesday “Yes,” U.S. 's “ ”
"""
PIECES = st.lists(st.sampled_from([*WORDS.split(), "\n\n", "\n"]) | st.text(max_size=5), max_size=40)
BODIES = PIECES.map(" ".join) | PIECES.map("".join)


@st.composite
def marked(draw: st.DrawFn) -> Marked:
    """A text with spans anywhere, some of them names."""
    body = draw(BODIES)
    places = st.tuples(st.integers(0, len(body)), st.integers(0, len(body))).map(lambda pair: (min(pair), max(pair)))
    cuts = sorted({place for pair in draw(st.lists(places, max_size=8)) for place in pair})
    text = Marked(body)
    for begin, end in pairwise(cuts):
        role = draw(st.sampled_from(["source", "cue", "content", ""]))
        if role and body[begin:end].strip():
            text.spans[role].append((begin, end))
        if draw(st.booleans()) and body[begin:end].strip():
            text.names.append((begin, end, draw(st.sampled_from(["person", "place", "organization", "other"]))))
    return text


@settings(deadline=None, max_examples=500)
@given(marked())
def test_whatever_is_marked_spans_are_in_the_text_and_make_up_the_content(
    text: Marked,
) -> None:
    for said in claims(text):
        assert all(text.body[span.start_char : span.end_char] == span.text for span in said.spans)
        assert said.claim.content == " … ".join(span.text for span in said.spans if span.role == "content")
        assert said.claim.content.strip()
        assert 0 <= said.claim.confidence <= 1
        assert (said.claim.speaker is None) == (said.claim.speaker_status == "none")
