"""The aggregator `tally`: claims per speaker and outlet."""

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
from onrecord import Fetched
from onrecord.testing import Sandbox


def story(text: str, **metadata: str) -> Fetched:
    return Fetched(text.encode(), "text/plain", metadata)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What is tallied of three articles."""
    directory: Path = tmp_path_factory.mktemp("tally")
    documents = {
        "1": story("“It is late and we must go now,” Mr. Reed said. Mr. Reed said it rained.", outlet="The Day",
                   published="2020-01-01T00:00:00Z"),
        "2": story("Mr. Reed warned that it would rain again before the evening.", outlet="The Day",
                   published="2020-01-03T00:00:00Z"),
        "3": story("Mr. Reed said it was dry in the north of the country. An official said it was not."),
    }  # fmt: skip
    sandbox = Sandbox(
        directory,
        onrecord_clean,
        onrecord_language,
        onrecord_entities,
        onrecord_claims,
        onrecord_resolution,
        onrecord_tally,
        documents=documents,
    )
    report = sandbox.run()
    assert report.run.status == "completed", report.run.message
    return sandbox.sql("from claims_per_speaker order by claims desc")


def test_counts_claims_direct_ones_and_articles_per_outlet(rows: list[dict[str, Any]]) -> None:
    columns = ("speaker", "kind", "outlet", "claims", "direct", "articles")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("Reed", "person", "The Day", 3, 1, 2),
        ("Reed", "person", "unknown", 1, 0, 1),
    ]


def test_has_the_first_and_last_date(rows: list[dict[str, Any]]) -> None:
    assert [(str(row["first_date"])[:10], str(row["last_date"])[:10]) for row in rows] == [
        ("2020-01-01", "2020-01-03"),
        ("None", "None"),
    ]
