"""What holds of every plain text that is cleaned: nothing is lost, offsets lead both ways, and clean text stays."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onrecord import Document, Draft, decode
from tests.cleaning import Cleaned, clean, clean_again, document
from tests.corruption.articles import HAND_WRITTEN, CleanArticle, generate_article
from tests.corruption.boilerplate import HELD_OUT, SEEN
from tests.corruption.corrupt import corrupt, random_corruption
from tests.corruption.hostile import hostile_pages

SEVERAL_LINES = st.sampled_from(
    [line for boilerplate in (SEEN, HELD_OUT) for lines in boilerplate.values() for line in lines]
    + [paragraph for article in HAND_WRITTEN for paragraph in (article.headline, *article.paragraphs)]
)


@st.composite
def corrupted(draw: st.DrawFn) -> str:
    """An article after everything that the generator does to articles."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    article: CleanArticle = draw(st.sampled_from(HAND_WRITTEN) | st.builds(lambda: generate_article(chance)))
    return corrupt(article, random_corruption(chance), draw(st.sampled_from([SEEN, HELD_OUT])), chance).text


@st.composite
def thrown_together(draw: st.DrawFn) -> str:
    """Lines of articles and boilerplate, and lines of any characters, in any order and with any line ends."""
    lines = draw(st.lists(SEVERAL_LINES | st.text(st.characters(codec="utf-8"), max_size=40), max_size=25))
    ends = draw(st.lists(st.sampled_from(["\n", "\n\n", "\r\n", " \n \n"]), min_size=len(lines), max_size=len(lines)))
    return "".join(line + end for line, end in zip(lines, ends, strict=True))


ANY_TEXT = corrupted() | thrown_together() | hostile_pages()


def text_of(read: Document) -> str:
    """The document's text, to which offsets refer."""
    draft = Draft(read)
    draft.read(decode(read.content))
    return draft.text


def cleaned_or_nothing(text: str) -> Cleaned | None:
    cleaned = clean(text)
    return cleaned if cleaned.article.body else None


@settings(deadline=None)
@given(ANY_TEXT)
def test_every_character_is_in_one_segment_and_every_one_of_the_body_comes_from_one(text: str) -> None:
    cleaned = cleaned_or_nothing(text)
    if cleaned is None:
        return
    whole, body = text_of(document(text)), cleaned.article.body
    in_document, in_body = Counter[int](), Counter[int]()
    for segment in cleaned.segments:
        in_document.update(range(segment.start_char, segment.end_char))
        words = whole[segment.start_char : segment.end_char]
        assert words.strip() == words != ""
        if segment.body_start is None or segment.body_end is None:
            assert (segment.text, segment.body_end) == (words, None)
        else:
            assert body[segment.body_start : segment.body_end] == words
            in_body.update(range(segment.body_start, segment.body_end))
        assert segment.kind == "body" or (segment.reason and segment.cleaner)
    assert set(in_document.values()) <= {1} >= set(in_body.values())
    assert all(whole[at].isspace() for at in set(range(len(whole))) - in_document.keys())
    assert all(body[at].isspace() for at in set(range(len(body))) - in_body.keys())
    assert all(a.end_char <= b.start_char for a, b in pairwise(cleaned.segments))


CAPTION = "A ferry in the harbour of Northport"
PROSE = "The mayor of Northport said on Friday that the harbour would open again within a week."


@settings(deadline=None, max_examples=200)
@given(ANY_TEXT)
@example("Share\nby Ann Lee\n")
@example(f"{CAPTION}\n{CAPTION}\n{CAPTION}\na\nMarch 3, 2023\n")
@example(f"{PROSE}\n\nShips\nForty ships call at the port each week.\nBefore the storm\n\n{PROSE[:-1]} or two.\n")
@example("the\n\nTHE\nby Comments Read Ann | Reuters | said?\nListen to this article\n\nthe\n")
@example("Reply\n\nPer_Aasen\n@oldsalt you are wrong, the mayor said the opposite last year.\nShare\n\noldsalt\n")
@example(f"LONDON (Reuters) - By Ann Lee\n\nAnn Lee\nComments of 2023?\nRetweet\n\non March 3 : {PROSE}\n")
def test_a_cleaned_body_is_clean(text: str) -> None:
    # With the headline known: from the body alone, a first line like a title would be taken for one.
    once = cleaned_or_nothing(text)
    if once is not None:
        assert clean_again(once).article.body == once.article.body


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        cleaned = clean(content)
    except ValueError:
        return
    # No half of a surrogate pair gets in, whatever the bytes: what is stored is UTF-8.
    assert cleaned.article.body.encode() or cleaned.article.kind == "empty"


HOSTILE = {
    "one line of 5 MB, one letter": "a" * 5_000_000,
    "one line of 5 MB, words": "the mayor of the town said, " * 180_000,
    "200,000 short lines": "\n".join(f"line {number}" for number in range(200_000)),
    "200,000 equal lines": "Yes\n" * 200_000,
    "200,000 sentences": "\n".join(f"The mayor said {number} times that it rained." for number in range(200_000)),
    "200,000 headlines": f"{PROSE}\n\n" + "".join(f"Storm number {n} hits the town\n\n" for n in range(200_000)),
    "200,000 buttons": "Share\n" * 200_000 + PROSE,
    "100,000 datelines": "".join(f"PARIS — The mayor said {n} times that it rained.\n" for n in range(100_000)),
    "100,000 fragments": "The mayor\n" * 100_000 + PROSE,
    "50,000 comments": f"{PROSE}\nComments\n" + "Tom\n2 hours ago\nno\nReply\n" * 50_000,
    "5,000 dates": f"{PROSE}\n" + "3 March 2023\nStorm from\nFollow us on Twitter\n" * 5_000,
    "a thousand copies": "\n".join(HAND_WRITTEN[0].paragraphs * 1000) + "\n",
    "half opened brackets": "(Reporting by " * 100_000,
    "names without end": ("By " + "Ann Lee and " * 15 + "\n") * 5_000,
    "quotation marks": "“" * 1_000_000,
    "white space": " \t\n" * 1_500_000,
    "NULs": "\0" * 5_000_000,
    "lines of NULs": "\0\n" * 100_000,
    "marks on one letter": "a" + "\u0301\u0316" * 500_000,
    "letters of another script": "\u0915\u093c" * 500_000,
}


def hostile() -> Iterator[Any]:
    """Those of many lines take half a minute each, and are read whole by `make test-slow` only."""
    for name, text in HOSTILE.items():
        many = text.count("\n") > 20_000 and not text.isspace()
        if many:
            yield pytest.param(text, id=name, marks=pytest.mark.slow)
        yield pytest.param(text[: len(text) // 20] + f"\n{PROSE}" if many else text, id=f"{name}{', a part' * many}")


# Several times what it takes on a slow machine that has much else to do; what is quadratic takes hours.
@pytest.mark.timeout(240)
@pytest.mark.parametrize("text", list(hostile()))
def test_hostile_texts_take_bounded_time_and_come_to_a_clear_end(text: str) -> None:
    made = clean(text).article
    assert made.body or made.kind == "empty"
