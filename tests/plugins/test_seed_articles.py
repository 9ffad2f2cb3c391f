"""The five seed articles, through the cleaners and all the plugins that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import onrecord_claims
import onrecord_clean
import onrecord_entities
import onrecord_language
import onrecord_resolution
import onrecord_tally
from onrecord.testing import Sandbox

SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = Sandbox(
        tmp_path_factory.mktemp("seeds"),
        onrecord_clean,
        onrecord_language,
        onrecord_entities,
        onrecord_claims,
        onrecord_resolution,
        onrecord_tally,
        documents={seed.stem[:3]: seed.read_text() for seed in SEEDS},
    )
    report = sandbox.run()
    assert report.run.status == "completed", report.run.message
    return sandbox


@pytest.fixture(scope="module")
def claims(warehouse: Sandbox) -> list[dict[str, Any]]:
    return warehouse.sql(
        """
        -- What does each claim say, and who is its speaker?
        select
            right(source_item.uri, 3) as seed, claim.speaker, entity.name, claim.cue, claim.quote_type,
            claim.negated, claim.content
        from claim
        inner join source_item using (article_id)
        left join claim_entity using (claim_id)
        left join entity using (entity_id)
        order by seed, claim.ordinal
        """
    )


def test_there_are_five_articles_each_with_claims(claims: list[dict[str, Any]]) -> None:
    assert len(SEEDS) == 5
    counts = {seed: sum(claim["seed"] == seed for claim in claims) for seed in ("000", "001", "002", "003", "004")}
    assert all(count >= 12 for count in counts.values()), counts


def test_the_people_are_found_under_one_name_each(warehouse: Sandbox) -> None:
    people = warehouse.sql("select name, article_count from entity where kind = 'person'")
    articles = {row["name"]: row["article_count"] for row in people}
    assert articles["John Kerry"] == articles["Bashar al-Assad"] == articles["Sergei Lavrov"] == 5
    assert {"Vladimir Putin", "Steve Heydemann", "Edward J. Snowden", "Salim Idris", "Mark Toner"} <= articles.keys()
    assert not {"Kerry", "Lavrov", "Putin", "Assad", "John F. Kerry", "Sergey Lavrov"} & articles.keys()


HEYDEMANN = "U.S. Institute of Peace analyst Steve Heydemann"
MESHKOV = "Russian Deputy Foreign Minister Alexei Meshkov"
# Seed · source as written · who that is · cue · quote type · what the content begins and ends with.
EXPECTED = [
    ("000", "U.S. Secretary of State John Kerry", "John Kerry", "said", "indirect", "Washington and Moscow", "the war"),
    ("000", "he", "John Kerry", "said", "direct", "Neither side is", "working for"),
    ("000", "Moscow", "Moscow", "says", "indirect", "there is no", "such demand"),
    ("000", HEYDEMANN, "Steve Heydemann", "said", "direct", "I haven't seen", "with the U.S"),
    ("000", "U.S. secretary of state", "John Kerry", "said", "direct", "Russia, while", "own people"),
    ("000", "President Putin", "Vladimir Putin", "said", "direct", "We are concerned", "terrorist organizations."),
    ("000", "he", "Vladimir Putin", "asked", "indirect", "Where would", "they play"),
    ("000", "he", "Steve Heydemann", "said", "direct", "The regime believes", "are limited"),
    ("001", "US state department spokesman Mark Toner", "Mark Toner", "said", "indirect", "there were", "this meeting"),
    ("001", "Moscow", "Moscow", "saying", "indirect", "opposition groups", "of violence"),
    ("001", "a senior state department official", None, "told", "direct", "We don", "between us"),
    ("001", "Assad", "Bashar al-Assad", "saying", "indirect", "he would", "Saudi Arabia"),
    ("002", "Gen. Salim Idris", "Salim Idris", "said", "indirect", "that the opposition", "the rebels"),
    ("002", "Mr. Lavrov", "Sergei Lavrov", "told", "direct", "Our American", "Syrian opposition"),
    ("002", "he", "John Kerry", "added", "indirect", "Another factor …", "European leaders"),
    ("003", "Kerry", "John Kerry", "said", "direct", "These are", "destroy them."),
    ("003", "Kerry", "John Kerry", "said", "direct", "I think the world", "common ground."),
    ("003", "Lavrov", "Sergei Lavrov", "said", "mixed", "he also was", "and Afghanistan"),
    ("003", "Kerry", "John Kerry", "insists", "mixed", "that Russia", "civil war"),
    ("004", "Kerry", "John Kerry", "said", "indirect", "But in Tuesday", "political process"),
    ("004", MESHKOV, "Alexei Meshkov", "also said", "indirect", "that Ankara", "future"),
]  # fmt: skip


@pytest.mark.parametrize("expected", EXPECTED, ids=[f"{e[0]} {e[1]}: {e[5]}" for e in EXPECTED])
def test_claims(claims: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    *known, begins, ends = expected
    columns = ("seed", "speaker", "name", "cue", "quote_type")
    found = [claim["content"] for claim in claims if [claim[column] for column in columns] == known]
    assert any(content.startswith(begins) and content.endswith(ends) for content in found), found


def test_a_negated_cue_is_marked(claims: list[dict[str, Any]]) -> None:
    negated = {claim["cue"] for claim in claims if claim["negated"]}
    assert {"provided no details on", "did not say"} <= negated
    assert all({"no", "not", "never"} & set(cue.split()) for cue in negated)


def test_what_a_speaker_quotes_is_not_a_claim_of_its_own(claims: list[dict[str, Any]]) -> None:
    assert not any(claim["cue"] == "say" and claim["speaker"] == "The Russians" for claim in claims)


def test_speakers_are_tallied(warehouse: Sandbox) -> None:
    most = warehouse.sql("select speaker, claims, articles from claims_per_speaker order by claims desc limit 1")
    assert [(row["speaker"], row["articles"]) for row in most] == [("John Kerry", 5)]
    assert most[0]["claims"] >= 30
