"""What a cue amounts to: its head in base form, its class, whether it is denied or passive."""

from __future__ import annotations

from collections import Counter

import pytest
import spacy

from onrecord_claims import lexicon
from onrecord_claims.cues import Cue, read_cue
from onrecord_claims.text import Text
from tests.plugins.test_onrecord_claims_marked import claims

NLP = spacy.blank("en")

# The cue between bars · its lemma · its class.
HEADS = [
    ("Reed |said| so", "say", "say"),
    ("Reed |has said in a statement|", "say", "say"),
    ("Reed |in a statement said|", "say", "say"),
    ("Reed |told|", "tell", "tell"),
    ("Reed |denies|", "deny", "deny"),
    ("Reed |criticised|", "criticize", "criticize"),
    ("Reed |pointed out|", "point out", "note"),
    ("Reed |made it very clear|", "make clear", "insist"),
    ("Reed |called|", "call", "call"),
    ("Reed |called for|", "call for", "demand"),
    ("Reed |has called on|", "call on", "urge"),
    ("Reed |voted|", "vote", "decide"),
    ("Reed |voted against|", "vote against", "oppose"),
    ("|according to| Reed", "according to", "according"),
    ("|in| a poll", "in", "according"),
    ("REED|:| No", ":", "say"),
    ("Reed |is expected|", "expect", "expect"),
    ("Reed |continues to insist|", "insist", "insist"),
    ("Reed |tried to deny|", "deny", "deny"),
    ("Reed |expressed support for|", "support", "support"),
    ("Reed |issued a statement condemning|", "condemn", "criticize"),
    ("Reed |made a statement about|", "statement", "say"),
    ("Reed |released a letter that says|", "say", "say"),
    ("Reed 's |claim|", "claim", "claim"),
    ("the |warning| that", "warning", "warn"),
    ("he left , |warning| that", "warn", "warn"),
    ("his |criticism of|", "criticism", "criticize"),
    ("Reed |is confident|", "confident", "hope"),
    ("Reed |felt|", "feel", "believe"),
    ("a poll |found|", "find", "show"),
    ("Reed |'s|", "'s", None),
    ("Reed |juggles|", "juggle", None),
]
NEGATED = [
    "Reed |did not say| when",
    "Reed |didn't say| when",
    "Reed did not |say| when",
    "Reed |never said| so",
    "Reed left |without saying| when",
    "Reed left without |saying| when",
    "Reed |refused to say| when",
    "Reed |has yet to say| when",
    "Reed neither |said| when",
    "Reed |no longer believes| that",
]
NOT_NEGATED = [
    "Reed |said| no",
    "Reed |denied| it",
    "Reed did not come and |said| why",
    "It was not raining , Reed |said|",
]
PASSIVE = [
    "Reed |was told|",
    "Reed |is expected|",
    "It |was widely said|",
    "Reed was |accused of|",
    "it |being called|",
]
ACTIVE = ["Reed |told|", "Reed |is saying|", "It |is said by| Reed", "Reed |has told|", "Reed |was saying|"]


def read(marked: str) -> Cue:
    """What the cue between bars says."""
    before, cue, _ = marked.split("|")
    text = Text.of(NLP(marked.replace("|", "")))
    return read_cue(text, text.at(len(before), len(before) + len(cue)))


@pytest.mark.parametrize(("marked", "lemma", "cue_class"), HEADS)
def test_head_and_class(marked: str, lemma: str, cue_class: str | None) -> None:
    assert (read(marked).lemma, read(marked).cue_class) == (lemma, cue_class)


@pytest.mark.parametrize("marked", NEGATED)
def test_negated(marked: str) -> None:
    assert read(marked).negated


@pytest.mark.parametrize("marked", NOT_NEGATED)
def test_not_negated(marked: str) -> None:
    assert not read(marked).negated


@pytest.mark.parametrize(
    ("text", "negated"), [("{S:No one} {C:said} {K:it}.", True), ("{S:Noah} {C:said} {K:it}.", False)]
)
def test_what_nobody_said_is_negated(text: str, negated: bool) -> None:
    assert [said.claim.negated for said in claims(text)] == [negated]


@pytest.mark.parametrize("marked", PASSIVE)
def test_passive(marked: str) -> None:
    assert read(marked).passive


@pytest.mark.parametrize("marked", ACTIVE)
def test_active(marked: str) -> None:
    assert not read(marked).passive


def test_a_refusal_is_known_for_one() -> None:
    assert read("Reed |declined to comment on| it").refused
    assert not read("Reed |did not comment on| it").refused


@pytest.mark.parametrize("groups", [lexicon.VERBS, lexicon.NOUNS, lexicon.OTHERS])
def test_a_word_has_one_class(groups: dict[str, str]) -> None:
    words = Counter(word for group in groups.values() for word in group.split())
    assert [word for word, count in words.items() if count > 1] == []


def test_all_classes_are_classes_of_verbs() -> None:
    for groups in (lexicon.NOUNS, lexicon.PHRASES, lexicon.OTHERS):
        assert groups.keys() <= lexicon.CLASSES
