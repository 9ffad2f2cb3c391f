"""Articles made dirty in known ways: what is put in must come out, and nothing else.

`python -m tests.quality --only cleaning` prints the same scores as a table, and those on real articles.
"""

from __future__ import annotations

import random

import pytest

from onrecord.model.content import SegmentKind
from tests.cleaning import clean
from tests.corruption.articles import HAND_WRITTEN, CleanArticle
from tests.corruption.boilerplate import HELD_OUT, SEEN
from tests.corruption.corrupt import COPIES, Boilerplate, Copy, Corruption, corrupt
from tests.corruption.score import Scores, count_found_alone, measure_cleaning

ARTICLES = 150


@pytest.fixture(scope="module")
def seen() -> Scores:
    return measure_cleaning(SEEN, ARTICLES)


@pytest.fixture(scope="module")
def held_out() -> Scores:
    return measure_cleaning(HELD_OUT, ARTICLES)


@pytest.mark.parametrize("article", HAND_WRITTEN, ids=[article.name for article in HAND_WRITTEN])
def test_a_clean_article_is_left_as_it_is(article: CleanArticle) -> None:
    cleaned = clean("\n\n".join([article.headline, *article.paragraphs]))
    assert cleaned.article.headline == article.headline
    dateline = cleaned.of_kind("dateline")
    assert "\n\n".join(article.paragraphs).removeprefix(f"{dateline[0]} " if dateline else "") == cleaned.article.body


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("article", HAND_WRITTEN, ids=[article.name for article in HAND_WRITTEN])
def test_an_article_that_was_pasted_twice_is_kept_once(article: CleanArticle, copy: Copy) -> None:
    scores = Scores()
    for loose in (True, False):
        corrupted = corrupt(article, Corruption(copy=copy, loose=loose), SEEN, random.Random(copy))
        scores.add(corrupted, clean(corrupted.text))
    assert scores.recall("duplicate") == 100
    assert scores.precision == 100


@pytest.mark.parametrize("width", range(40, 81, 5))
@pytest.mark.parametrize("article", HAND_WRITTEN, ids=[article.name for article in HAND_WRITTEN])
def test_lines_that_were_cut_are_joined_to_the_articles_paragraphs(article: CleanArticle, width: int) -> None:
    corrupted = corrupt(article, Corruption(width=width), SEEN, random.Random(width))
    cleaned = clean(corrupted.text)
    dateline = cleaned.of_kind("dateline")
    wanted = "\n\n".join(article.paragraphs).removeprefix(f"{dateline[0]} " if dateline else "")
    assert (cleaned.article.headline, cleaned.article.body) == (article.headline, wanted)


@pytest.mark.parametrize("boilerplate", [SEEN, HELD_OUT], ids=["seen", "held out"])
def test_article_text_is_hardly_ever_cut(boilerplate: Boilerplate, request: pytest.FixtureRequest) -> None:
    scores: Scores = request.getfixturevalue("seen" if boilerplate is SEEN else "held_out")
    assert scores.precision >= 99.8, scores.wrong
    assert scores.kept_whole >= 97.5


@pytest.mark.parametrize(
    ("kind", "at_least"),
    [
        ("boilerplate", 98), ("byline", 98), ("caption", 96), ("comment", 98), ("duplicate", 97), ("fragment", 97),
        ("headline", 97), ("metadata", 98), ("sidebar", 98), ("subheading", 98), ("teaser", 97),
    ],
)  # fmt: skip
def test_what_was_put_in_comes_out(seen: Scores, kind: SegmentKind, at_least: float) -> None:
    assert seen.recall(kind) >= at_least, seen.missed


@pytest.mark.parametrize(
    ("kind", "at_least"), [("boilerplate", 90), ("caption", 93), ("comment", 97), ("metadata", 95), ("teaser", 93)]
)
def test_so_does_most_of_what_no_rule_was_written_by(held_out: Scores, kind: SegmentKind, at_least: float) -> None:
    assert held_out.recall(kind) >= at_least


def test_lines_of_boilerplate_are_recognized_one_by_one() -> None:
    right, total = count_found_alone(SEEN)
    assert right == total
    right, total = count_found_alone(HELD_OUT)
    assert right / total >= 0.9
