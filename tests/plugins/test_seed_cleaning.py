"""What is made of the five seed articles: read by people line by line, and written down here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from onrecord import Draft, decode
from tests.cleaning import Cleaned, clean, clean_again, document

SEEDS = Path(__file__).parents[2] / "seeds"


@dataclass(frozen=True)
class Expected:
    """An article as it should come out. The texts of `aside` and `boxed` are how segments begin, in order."""

    seed: str
    paragraphs: int
    first: str
    last: str
    last_of_running_text: str
    headline: str | None = None
    dateline: str | None = None
    credit: str | None = None
    outlet: str | None = None
    """No seed tells."""
    subheadings: tuple[str, ...] = ()
    """Those of the running text."""
    aside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    boxed: tuple[tuple[str, str], ...] = ()


EXPECTED = [
    Expected(
        "000",
        paragraphs=17,
        first="The United States and Russia back opposing sides in Syria's civil war.",
        last="how best to start talks toward a transitional authority for Syria.",
        last_of_running_text="how best to start talks toward a transitional authority for Syria.",
        dateline="DOHA, QATAR",
        aside={
            "dateline": ("DOHA, QATAR —",),
            "duplicate": (
                "The Obama administration's decision to arm",
                "At a Doha meeting of foreign ministers",
                '"Neither side is going to back off',
                "Secretary Kerry and Russian Foreign Minister",
                "\"I haven't seen significant shifts",
                "Kerry said he took Lavrov",
                '"Russia, while nevertheless looking',
                "President Putin said what was dangerous",
                '"We are concerned about a political vacuum',
                "President Putin said he would honor",
                '"The Russians will say,',
                "U.S. Institute of Peace analyst",
                '"The regime believes',
                "Despite what Kerry called",
                '"I think they have interests in stability.',
                "U.S. and Russian diplomats meet",
            ),
        },
    ),
    Expected(
        "001",
        paragraphs=29,
        first="Moscow and Washington to discuss disagreements over support for Syrian rebel groups",
        last="continued blanket use of its UN veto will jeopardise the Security Council’s legitimacy.",
        last_of_running_text="in the suburbs of Damascus, killing dozens of people.",
        headline="Kerry in Russia in attempt to narrow gap over Syria",
        credit="Al Jazeera, Reuters",
        subheadings=("Syria airbase",),
        aside={
            "headline": ("Kerry in Russia in attempt",),
            "caption": ("US Secretary of State John Kerry has raised",) * 2,
            "teaser": ("Obama tells ISIL leaders they have “nowhere to hide”",),
            "credit": ("Source : Al Jazeera, Reuters",),
            "boilerplate": ("More from News", "Most Read"),
        },
        boxed=(
            ("subheading", "Russia-US: The main differences"),
            ("subheading", "Assad’s role"),
            ("sidebar", "Russia has been a staunch supporter of the government"),
            ("sidebar", "The US, in August 2011, five months into"),
            ("subheading", "Who is a terrorist?"),
            ("sidebar", "Russia has largely adopted the Assad’s narrative"),
            ("sidebar", "The US backs what it calls “the moderate opposition”"),
            ("subheading", "– Security Council resolutions"),
            ("sidebar", "Russia has repeatedly vetoed UN resolutions"),
            ("sidebar", "The US\u00a0says the vetoes blocked victims"),
        ),
    ),
    Expected(
        "002",
        paragraphs=22,
        first="“We agreed that we are both serious, more than serious, committed,” Mr. Kerry said",
        last="is very difficult for Europeans and others, so it may be somewhat thereafter,” he said.",
        last_of_running_text="so it may be somewhat thereafter,” he said.",
        headline="Kerry Says US and Russia Are Working Toward Syria Talks",
        aside={"headline": ("Kerry Says US and Russia",), "comment": ("Leave a comment",)},
    ),
    Expected(
        "003",
        paragraphs=30,
        first="Russian support for the government in Syria and separatist rebels in Ukraine topped the agenda Tuesday",
        last="One way he survives his grueling schedule is by wearing compression socks while in the air.",
        last_of_running_text="by wearing compression socks while in the air.",
        dateline="ATP",
        aside={
            "dateline": ("ATP -",),
            "fragment": ("Assad, meanwhile",),
            "comment": ("No comments:", "Post a Comment"),
        },
    ),
    Expected(
        "004",
        paragraphs=13,
        first="While the USA and its allies are nearly exclusively targeting Daesh, Russia has attacked",
        last="the Syrian Observatory for Human Rights said on Tuesday.",
        last_of_running_text="the Syrian Observatory for Human Rights said on Tuesday.",
        headline="US, Russia can make ‘significant difference’ on Syria",
        aside={
            "headline": ("US, Russia can make",),
            "boilerplate": ("Share", "Advertisement", "Advertisement"),
            "teaser": ("Putin vows more sanctions on Turkey",),
        },
    ),
]
eachseed = pytest.mark.parametrize("expected", EXPECTED, ids=[expected.seed for expected in EXPECTED])


def seed_text(number: str) -> str:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    return path.read_text(encoding="utf-8")


def seed(number: str) -> Cleaned:
    return clean(seed_text(number))


@eachseed
def test_what_is_known_of_the_article(expected: Expected) -> None:
    article = seed(expected.seed).article
    assert (article.headline, article.dateline) == (expected.headline, expected.dateline)
    assert (article.credit, article.outlet, article.byline) == (expected.credit, expected.outlet, None)
    assert article.published_at is None, "no seed says when it was published, so nobody knows"


@eachseed
def test_the_body_has_all_paragraphs_once_and_nothing_else(expected: Expected) -> None:
    cleaned = seed(expected.seed)
    assert len(cleaned.paragraphs) == len(set(cleaned.paragraphs)) == expected.paragraphs
    assert cleaned.article.body.startswith(expected.first)
    assert cleaned.article.body.endswith(expected.last)
    running = cleaned.paragraphs[: expected.paragraphs - len(expected.boxed)]
    assert running[-1].endswith(expected.last_of_running_text)


@eachseed
def test_what_is_set_aside_and_as_what(expected: Expected) -> None:
    cleaned = seed(expected.seed)
    aside = Counter(segment.kind for segment in cleaned.segments if segment.body_start is None)
    assert aside == {kind: len(beginnings) for kind, beginnings in expected.aside.items()}
    for kind, beginnings in expected.aside.items():
        for text, beginning in zip(cleaned.of_kind(kind), beginnings, strict=True):
            assert text.startswith(beginning)
    assert all(segment.reason and segment.cleaner for segment in cleaned.segments if segment.kind != "body")


@eachseed
def test_the_side_box_follows_the_running_text_and_is_marked(expected: Expected) -> None:
    cleaned = seed(expected.seed)
    marked = [segment for segment in cleaned.segments if segment.kind in ("sidebar", "subheading")]
    box = marked[: len(expected.boxed)]
    assert [segment.kind for segment in box] == [kind for kind, _ in expected.boxed]
    for segment, (_, beginning) in zip(box, expected.boxed, strict=True):
        assert cleaned.text(segment).startswith(beginning)
    assert cleaned.paragraphs[expected.paragraphs - len(box) :] == [cleaned.text(segment) for segment in box]
    assert tuple(map(cleaned.text, marked[len(box) :])) == expected.subheadings


@eachseed
def test_offsets_lead_from_the_document_to_the_body_and_back(expected: Expected) -> None:
    text = seed_text(expected.seed)
    draft = Draft(document(text))
    draft.read(decode(text.encode()))
    cleaned = seed(expected.seed)
    for segment in cleaned.segments:
        assert cleaned.text(segment) == draft.text[segment.start_char : segment.end_char]
    assert all(a.end_char <= b.start_char for a, b in pairwise(cleaned.segments))
    assert "".join("".join(map(cleaned.text, cleaned.segments)).split()) == "".join(draft.text.split())


@eachseed
def test_a_cleaned_body_is_clean(expected: Expected) -> None:
    cleaned = seed(expected.seed)
    assert clean_again(cleaned).article.body == cleaned.article.body


def test_lines_that_were_cut_at_a_width_become_whole_paragraphs() -> None:
    paragraphs = seed("003").paragraphs
    assert paragraphs[1].startswith(
        "As Kerry and Sergei Lavrov settled on opposite sides of a table in an opulent conf"
    )
    assert paragraphs[24] == (
        "Assad, meanwhile, said he would never negotiate with opposition groups he considers “terrorists.”"
    )
    assert all(paragraph.endswith((".", ".”")) for paragraph in paragraphs)
