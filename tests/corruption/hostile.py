"""Hostile pages: random lines that cleaners look for, and similar ones."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable

from hypothesis import strategies as st

from onrecord_clean import phrases

from .articles import HAND_WRITTEN
from .boilerplate import HELD_OUT, SEEN


def _expressions(block: str) -> list[str]:
    """Return the expressions in a block of `phrases`, with a group of first words."""
    first = re.compile(r"^[\w'@©|-]+", re.MULTILINE)
    return first.sub(lambda word: f"(?:{word[0]})", block.strip()).splitlines()


LATIN = st.characters(codec="latin-1", categories=["L", "N", "P", "S", "Zs"])
STANDING_PHRASE = (
    st.sampled_from(_expressions(phrases.LIST_HEADINGS + phrases.BUTTONS + phrases.COMMENTS))
    .flatmap(lambda expression: st.from_regex(expression, fullmatch=True, alphabet=LATIN))
    .map(lambda phrase: " ".join(phrase.split()).capitalize())
)
BOILERPLATE_LINE = st.sampled_from([line for some in (SEEN, HELD_OUT) for lines in some.values() for line in lines])
PARAGRAPH = st.sampled_from([text for each in HAND_WRITTEN for text in (each.headline, *each.paragraphs)])
SHORT_LINE = st.sampled_from(
    [
        "a", "b.", "A", "So", "and", "No.", "Yes", "12", "…", "—", "---", "title: x", "Share", "Reply", "Tom",
        "Ann Lee", "2 hours ago", "Comments", "Updated", "10:15", "May 3", "3 March 2023", "March 3, 2023",
        "by Ann Lee", "By Ann Lee", "Source: Reuters", "(Reuters)", "AFP", "PARIS —", "LONDON (Reuters) —",
        "Reporting by", "(Reporting by Ann Lee; editing by Bo Ek)", "Photo: Ann Lee", "Read more: Storm",
        "Tags: a, b", "The mayor", "More: Storm hits the town", "The mayor said it.", "Related stories",
    ]
)  # fmt: skip
WORDS = (
    "the|mayor|of|Northport|said|on|Friday|that|harbour|storm|Share|by|Ann|Lee|and|Reuters|Read|more|March|3|2023|Photo"
    "|(AP)|Comments|Tom|Reply|PARIS|DOHA|—|-|:|.|,|a|A|x"
)
SENTENCE = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(st.sampled_from(WORDS.split("|")), min_size=1, max_size=14),
    st.sampled_from(["", "", ".", "?", "…", "”", ":"]),
)
LINE = STANDING_PHRASE | BOILERPLATE_LINE | PARAGRAPH | SHORT_LINE | SENTENCE
CHANGES: dict[str, Callable[[str, int], str]] = {
    "none": lambda line, _: line,
    "first words": lambda line, number: " ".join(line.split()[: number + 1]),
    "last words": lambda line, number: " ".join(line.split()[-number - 1 :]),
    "small letter first": lambda line, _: line[:1].lower() + line[1:],
    "capitals": lambda line, _: line.upper(),
    "dateline": lambda line, number: ("PARIS — ", "DOHA, Qatar — ", "LONDON (Reuters) - ")[number % 3] + line,
    "mark first": lambda line, number: "\"“(['"[number % 5] + line,
    "mark last": lambda line, number: line + ".?!”:"[number % 5],
}


@st.composite
def hostile_pages(draw: st.DrawFn) -> str:
    """Generate lines of a few kinds in any order, many of them repeated or changed.

    Lines may be wrapped at a width or pasted twice.
    """
    pool = draw(st.lists(LINE, min_size=1, max_size=8))
    change = st.tuples(st.sampled_from(pool), st.sampled_from(["none"] * 6 + list(CHANGES)), st.integers(0, 4))
    lines = [CHANGES[how](line, number) for line, how, number in draw(st.lists(change, min_size=1, max_size=25))]
    if width := draw(st.none() | st.none() | st.integers(30, 80)):
        lines = [textwrap.fill(line, width) for line in lines]
    if (again := draw(st.integers(-3, len(lines) - 1))) >= 0:
        lines += lines[again:]
    ends = draw(st.sampled_from([["\n"], ["\n\n"], ["\n", "\n\n"], ["\n\n", "\n", " \n \n", "\r\n"]]))
    chance = random.Random(draw(st.integers(0, 1000)))
    return "".join(line + chance.choice(ends) for line in lines)
