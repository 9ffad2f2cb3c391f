"""Who the speaker of a claim is: the words that say so, how it is given, and the mention behind it.

Braces mark sources, cues and contents, brackets names; see `test_onrecord_claims_marked`.
"""

from __future__ import annotations

import pytest

from tests.plugins.test_onrecord_claims_marked import claims

# The source · the speaker as the claim has it.
SPEAKER = {
    "title and name": ("Mayor [Ann Reed]", "Mayor Ann Reed"),
    "apposition": ("[Ann Reed], a spokeswoman for the [Water Board|organization],", "Ann Reed"),
    "apposition with a list in it": ("[Ann Reed], the mayor and a farmer herself,", "Ann Reed"),
    "relative clause": ("[Ann Reed], who runs the town,", "Ann Reed"),
    "apposition with a list of names": ("The Front, a group also known as [Dam|other] and [Lake|other]", "The Front"),
    "relative clause with that": ("groups that met in the capital, [Oslo|place]", "groups"),
    "relative clause without a comma": ("officials who know the dam", "officials"),
    "party and state": ("Sen. [Ann Reed] (D-Ore.)", "Sen. Ann Reed"),
    "dashes": ("[Ann Reed] -- once a farmer --", "Ann Reed"),
    "of a place": ("Senator [Ann Reed] of [Oregon|place], a farmer", "Senator Ann Reed of Oregon"),
    "description, then name": ("The town's mayor, [Ann Reed],", "The town's mayor, Ann Reed"),
    "description of somebody else's": ("A lawyer for [Reed], [Per Berg],", "A lawyer for Reed, Per Berg"),
    "examples": ("Farmers, including [Ann Reed],", "Farmers"),
    "possessive": ("[Reed]'s", "Reed"),
    "conjunction": ("while many farmers", "many farmers"),
    "two": ("[Kerry] and [Lavrov]", "Kerry and Lavrov"),
    "list of names": ("[Reed], [Berg] and [Moss]", "Reed, Berg and Moss"),
    "list": ("[Norway|place], its allies and most farmers", "Norway, its allies and most farmers"),
    "a name in quotation marks": ("the band “Old Dam”", "the band “Old Dam”"),
}
# The source · status · rule · the name behind it.
STATUS = {
    "name": ("Mr. [Reed]", "named", "in_source", "Reed"),
    "name after another's": ("[Oslo Institute|organization] analyst [Per Berg]", "named", "in_source", "Per Berg"),
    "name after one with a preposition in it": (
        "Bank of [Oslo|place] analyst [Per Berg]",
        "named",
        "in_source",
        "Per Berg",
    ),
    "name after a preposition and a title": ("Friends of President [Reed]", "anonymous", None, None),
    "name in a clause": ("groups that met in the capital, [Oslo|place]", "anonymous", None, None),
    "name after an office": ("Secretary of State [Ann Reed]", "named", "in_source", "Ann Reed"),
    "name in an apposition": ("A lawyer for [Reed], [Per Berg],", "named", "in_source", "Per Berg"),
    "organization": ("the [Water Board|organization]", "named", "in_source", "Water Board"),
    "place": ("[Moscow|place]", "named", "in_source", "Moscow"),
    "group": ("many [Norwegians|group]", "named", "in_source", "Norwegians"),
    "several: the first": ("[Kerry] and [Lavrov]", "named", "in_source", "Kerry"),
    "somebody's somebody": ("A spokesman for [Ann Reed]", "anonymous", None, None),
    "somebody's": ("[Reed]'s lawyer", "anonymous", None, None),
    "title only": ("A senior official", "anonymous", None, None),
    "institution": ("The [Norwegian|group] government", "named", None, None),
    "campaign": ("[Ann Reed]'s campaign", "named", None, None),
    "poll": ("A poll", "anonymous", None, None),
    "poll by somebody": ("A new [Oslo Post|organization] poll", "named", "author", "Oslo Post"),
    "poll by two": (
        "a [Post|organization]/[NRK News|organization] poll of 800 farmers",
        "named",
        "author",
        "Post",
    ),
    "report from an organization": ("A report by the [Water Board|organization]", "named", "author", "Water Board"),
    "somebody's letter": ("[Reed]'s letter", "named", "author", "Reed"),
    "somebody's figures": ("[Reed]'s tax returns", "anonymous", None, None),
    "records of an organization": ("[FBI|organization] documents", "named", "author", "FBI"),
    "documents": ("Court documents", "anonymous", None, None),
    "some": ("Some", "anonymous", None, None),
    "the writer": ("I", "pronoun", None, None),
}
# Text · rule · the name behind the last claim.
RESOLVED = {
    "he who spoke last": (
        "{S:Mr. [Reed]} {C:said} {K:Mr. [Moss] was old}. {S:He} {C:said} {K:it twice}.",
        "previous_speaker",
        "Reed",
    ),
    "he of whom the text went on to speak": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. Mr. [Moss] left. {S:He} {C:said} {K:it was late}.",
        "previous_subject",
        "Moss",
    ),
    "he of whom it speaks after a phrase": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. In the hall, Mr. [Moss] laughed. {S:He} {C:said} {K:it was late}.",
        "previous_subject",
        "Moss",
    ),
    "he who was named last": (
        "In the hall stood Mr. [Moss]. {K:“It is late,”} {S:he} {C:said}.",
        "nearest_person",
        "Moss",
    ),
    "she is no Mr.": (
        "{S:Ms. [Reed]} {C:said} {K:it was old}. {S:Mr. [Moss]} {C:agreed} {K:so}. {S:She} {C:said} {K:no more}.",
        "previous_speaker",
        "Reed",
    ),
    "she is no Peter": (
        "{S:[Ann Reed]} {C:said} {K:it was old}. {S:[Peter Moss]} {C:agreed} {K:so}. {S:She} {C:said} {K:no more}.",
        "previous_speaker",
        "Ann Reed",
    ),
    "he is no spokeswoman": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. {S:[Tor], a spokeswoman,} {C:said} {K:so}. {S:He} {C:said} {K:it}.",
        "previous_speaker",
        "Reed",
    ),
    "she is not he that was resolved before": (
        "{S:[Tor]} {C:said} {K:it was old}. {S:He} {C:said} {K:it was new}. {S:[Lo]} {C:agreed} {K:so}. "
        "{S:[Tor]} {C:laughed} {K:at that}. {S:She} {C:said} {K:no more}.",
        "previous_speaker",
        "Lo",
    ),
    "he himself": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. {S:He himself} {C:said} {K:it}.",
        "previous_speaker",
        "Reed",
    ),
    "his claim": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. {S:His} {C:claim} {K:that it would break} was wrong.",
        "previous_speaker",
        "Reed",
    ),
    "it": (
        "[Norway|place] owns the dam. {S:It} {C:says} {K:the dam is old}.",
        "previous_subject",
        "Norway",
    ),
    "they, a group": (
        "{S:[Norwegians|group]} {C:say} {K:it is old}. {S:Mr. [Reed]} {C:agrees} {K:so}. {S:They} {C:want} {K:one}.",
        "previous_speaker",
        "Norwegians",
    ),
    "they, two persons": (
        "{S:[Kerry] and [Lavrov]} {C:said} {K:it was old}. {S:Mr. [Reed]} {C:agreed} {K:so}. {S:They} {C:left} {K:it}.",
        "previous_speaker",
        "Kerry",
    ),
    "they, nameless": (
        "{S:Mr. [Reed]} {C:said} {K:it was old}. {S:Officials} {C:agreed} {K:so}. {S:They} {C:want} {K:one}.",
        None,
        None,
    ),
    "they, if there is nobody else": (
        "{S:[Reed]} {C:said} {K:it was old}. {S:They} {C:want} {K:one}.",
        "previous_speaker",
        "Reed",
    ),
    "who": (
        "We met [Ann Reed], {S:who} {C:said} {K:it was old}.",
        "antecedent",
        "Ann Reed",
    ),
    "who, after age and town": (
        "We met [Ann Reed], 59, of [Oslo|place], {S:who} {C:said} {K:it was old}.",
        "antecedent",
        "Ann Reed",
    ),
    "who, nameless": ("In [Oslo|place] we met a farmer {S:who} {C:said} {K:it was old}.", None, None),
    "the secretary": (
        "We saw Secretary [Ann Reed]. {K:“It is late,”} {C:said} {S:the secretary}.",
        "title",
        "Ann Reed",
    ),
    "the secretary of state": (
        "Secretary of State [Ann Reed] left. {S:The U.S. secretary of state} {C:said} {K:it was late}.",
        "title",
        "Ann Reed",
    ),
    "the president, not the vice president": (
        "President [Reed] met Vice President [Moss]. {S:The president} {C:said} {K:it was late}.",
        "title",
        "Reed",
    ),
    "the nominee of another party": (
        "Democratic nominee [Ann Reed] left. {S:The Republican nominee} {C:said} {K:it was late}.",
        None,
        None,
    ),
    "a secretary is anybody": (
        "We saw Secretary [Ann Reed]. {S:A secretary} {C:said} {K:it was late}.",
        None,
        None,
    ),
    "the addressee": (
        "Mr. [Reed] left. {S:[Per Berg]} {C:told} [Kerry] {K:it was old}. {S:He} {C:said} {K:it twice}.",
        "previous_speaker",
        "Per Berg",
    ),
    "somebody in a quotation did not speak": (
        "{K:“[Moss] is old,”} {S:Mr. [Reed]} {C:said}. {S:He} {C:laughed} {K:about it}.",
        "previous_speaker",
        "Reed",
    ),
}


@pytest.mark.parametrize(("source", "speaker"), SPEAKER.values(), ids=SPEAKER.keys())
def test_the_speaker_is_the_noun_phrase(source: str, speaker: str) -> None:
    [one] = claims(f"{{S:{source}}} {{C:said}} {{K:it was old}}.")
    assert one.claim.speaker == speaker
    assert [span.text for span in one.spans if span.role == "source"] == [speaker]


@pytest.mark.parametrize(("source", "status", "rule", "who"), STATUS.values(), ids=STATUS.keys())
def test_status(source: str, status: str, rule: str | None, who: str | None) -> None:
    [one] = claims(f"{{S:{source}}} {{C:said}} {{K:it was old}}.")
    assert (one.claim.speaker_status, one.claim.speaker_rule, one.who) == (status, rule, who)


@pytest.mark.parametrize(("text", "rule", "who"), RESOLVED.values(), ids=RESOLVED.keys())
def test_who_a_source_without_a_name_stands_for(text: str, rule: str | None, who: str | None) -> None:
    last = claims(text)[-1]
    assert (last.claim.speaker_rule, last.who) == (rule, who)


def test_where_nobody_is_said_to_have_said_it_there_is_no_speaker() -> None:
    [one] = claims("Mr. [Reed] left. {K:The dam} {C:was said} {K:to be old}.")
    assert (one.claim.speaker, one.claim.speaker_status, one.who) == (None, "none", None)


# ── Participles ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[Norway|place] has closed the dam, {C:saying} {K:it was old}.", "Norway"),
        ("{C:Noting} {K:that it was old}, Mr. [Reed] closed the dam.", "Reed"),
        ("On Friday, Mr. [Reed] closed the dam, {C:noting} {K:its age}.", "Reed"),
    ],
)
def test_a_participle_without_a_source_is_the_subjects(text: str, name: str) -> None:
    [one] = claims(text)
    assert (one.claim.speaker, one.who, one.claim.speaker_rule) == (name, name, "clause_subject")


@pytest.mark.parametrize(
    "text",
    [
        "Nobody has closed the dam, {C:saying} {K:it was old}.",
        "Farmers from [Norway|place] closed the dam, {C:saying} {K:it was old}.",
        "[Reed] came home. Farmers closed the dam, {C:saying} {K:it was old}.",
        "{C:Noting} {K:that it was old}, farmers in [Norway|place] closed the dam.",
        "[Norway|place] closed the dam {C:believed} {K:to be old}.",
    ],
)
def test_nor_is_anybody_elses_taken_for_it(text: str) -> None:
    [one] = claims(text)
    assert (one.claim.speaker, one.who) == (None, None)
