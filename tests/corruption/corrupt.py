"""Corruption of clean articles, with the position of each piece in the result."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from onrecord.model.content import SegmentKind

from .articles import CleanArticle, generate_article
from .boilerplate import LIST_HEADINGS

Kind = SegmentKind
Boilerplate = Mapping[Kind, Sequence[str]]
Copy = Literal["whole", "from a later paragraph", "in other lines", "with other quotation marks"]
COPIES: tuple[Copy, ...] = ("whole", "from a later paragraph", "in other lines", "with other quotation marks")


@dataclass(frozen=True)
class Piece:
    """A paragraph or line and its kind."""

    text: str
    kind: Kind = "body"
    tight: bool = False
    """Whether no empty line separates it from the previous piece, whatever the layout."""
    start: int = 0
    end: int = 0
    """Position in the corrupted text."""


@dataclass(frozen=True)
class Corruption:
    """Ways to corrupt an article."""

    boilerplate: int = 0
    """Number of boilerplate lines."""
    captions: int = 0
    """Number of captions; every second one is printed twice."""
    copy: Copy | None = None
    width: int | None = None
    """Width at which lines are wrapped."""
    loose: bool = True
    """Whether empty lines separate paragraphs."""
    comments: int = 0
    tail: bool = False
    """Whether headlines of other stories follow below a heading such as "More from Politics"."""
    teaser: bool = False
    """Whether a headline of another story is among the paragraphs, without a label."""
    box: bool = False
    fragment: bool = False


@dataclass(frozen=True)
class CorruptedArticle:
    """A corrupted article."""

    article: CleanArticle
    text: str
    pieces: list[Piece] = field(repr=False)


_USERS = ("harbour_cat", "Tom K.", "seagull77", "Maria Lopez", "Anonymous", "oldsalt", "Per_Aasen", "J. Whitcombe")
_OPINIONS = (
    "Finally somebody says it.",
    "this is what happens when you let the council run anything",
    "I was there and it was nothing like that!!",
    "Does anybody know when the buses start running again?",
    "Typical.",
    "Great article, thank you for the in-depth reporting. I learned a lot about the port.",
    "My grandfather worked on those ships for forty years and never saw a storm like it.",
    "@oldsalt you are wrong, the mayor said the opposite last year.",
)
_TIMES = ("2 hours ago", "3 days ago", "March 4, 2023 at 8:15 am", "4 March 2023", "1 week ago", "Mar 5, 2023, 9:02 PM")
_ACTIONS = (("Reply",), ("Like 12", "Reply"), ("Reply", "Report"), ("Like", "Reply", "Share"), ("Reply · 3 likes",))
_SECTIONS = ("More from Politics", "Most read", "Related stories", "More from News", "Recommended for you", "Read next")
_BOX_HEADS = ("Northport in numbers", "The storm: what we know", "Key dates", "Who is who", "The harbour at a glance")
_BOX_SUBHEADS = ("People", "Ships", "Money", "Before the storm", "What comes next?")
_BOX_TEXTS = (
    "About nine thousand people live in the town all year, and twice as many in summer.",
    "Forty ships call at the port each week. Most of them carry timber, grain or cars.",
    "The city has set aside eleven million crowns for repairs since the year before last.",
    "In 1987 a storm of the same force took the jetty and parts of the old fish market.",
)


def corrupt(
    article: CleanArticle, corruption: Corruption, boilerplate: Boilerplate, chance: random.Random
) -> CorruptedArticle:
    """Corrupt an article."""
    body = [Piece(text) for text in article.paragraphs]
    copy = _copy_body(body, corruption.copy, chance)
    if corruption.fragment:
        at, words = chance.choice(
            [(at, words) for at, piece in enumerate(body) if len(words := piece.text.split()) > 7]
            or [(0, ["So", "it"])]
        )
        body.insert(at, Piece(" ".join(words[: chance.randint(2, 4)]).rstrip(",.;:!?”’"), "fragment"))
    if corruption.teaser:
        _insert(body, [Piece(generate_article(chance).headline + ", officials say", "teaser")], chance, inside=True)
    if corruption.box:
        _insert(body, _box(chance), chance, inside=True)
    head = [Piece(article.headline, "headline")]
    for _ in range(corruption.boilerplate):
        kind = chance.choices(list(boilerplate), [len(lines) for lines in boilerplate.values()])[0]
        piece = Piece(chance.choice(boilerplate[kind]), kind)
        if kind in ("metadata", "byline"):
            head.append(piece)
        elif kind == "comment":
            body.append(piece)
        else:
            _insert(body, [piece], chance, inside=piece.text in LIST_HEADINGS)
    for number in range(corruption.captions):
        piece = Piece(chance.choice(boilerplate["caption"]), "caption")
        _insert(body, [piece, replace(piece, tight=True)] if number % 2 else [piece], chance)
    tail: list[Piece] = []
    if corruption.tail:
        titles = dict.fromkeys(generate_article(chance).headline for _ in range(chance.randint(2, 6)))
        tail += [Piece(chance.choice(_SECTIONS), "boilerplate"), *(Piece(title, "teaser") for title in titles)]
    if corruption.comments:
        tail.append(
            Piece(chance.choice(("Comments", f"{corruption.comments} comments", "Join the conversation")), "comment")
        )
        for _ in range(corruption.comments):
            lines = (chance.choice(_USERS), chance.choice(_TIMES), chance.choice(_OPINIONS), *chance.choice(_ACTIONS))
            tail += [Piece(line, "comment", tight=number > 0) for number, line in enumerate(lines)]
    return _lay_out(article, [*head, *body, *copy, *tail], corruption)


def _insert(body: list[Piece], pieces: Sequence[Piece], chance: random.Random, inside: bool = False) -> None:
    """Insert pieces between two others, never into a box or after a fragment."""
    places = [
        at
        for at in range(1 if inside else 0, len(body) + (0 if inside else 1))
        if not (0 < at < len(body) and body[at].tight)
        and not (at > 0 and body[at - 1].kind == "fragment")
        # "The winners are:" must stay next to its list, and a subheading next to its text.
        and not (inside and not _is_prose(body[at - 1]))
        and not (inside and not _is_prose(body[at]))
    ]
    at = chance.choice(places) if places else len(body)
    body[at:at] = pieces


def _is_prose(piece: Piece) -> bool:
    return piece.kind == "body" and piece.text.rstrip("”’)").endswith((".", "!", "?"))


def _box(chance: random.Random) -> list[Piece]:
    pieces = [Piece(chance.choice(_BOX_HEADS), "subheading")]
    for subheading, text in zip(chance.sample(_BOX_SUBHEADS, 2), chance.sample(_BOX_TEXTS, 2), strict=True):
        pieces += [Piece(subheading, "subheading", tight=True), Piece(text, "sidebar", tight=True)]
    return pieces


def _copy_body(body: Sequence[Piece], copy: Copy | None, chance: random.Random) -> list[Piece]:
    """Return the second copy of a body."""
    if copy is None:
        return []
    pieces = [replace(piece, kind="duplicate") for piece in body]
    if copy == "from a later paragraph":
        return pieces[chance.randrange(1, max(2, len(pieces) // 2)) :]
    if copy == "in other lines":
        return [
            replace(piece, text=textwrap.fill(piece.text, 66, break_on_hyphens=False, break_long_words=False))
            for piece in pieces
        ]
    if copy == "with other quotation marks":
        marks = str.maketrans("“”‘’", "\"\"''")
        return [replace(piece, text=piece.text.translate(marks)) for piece in pieces]
    return pieces


def _lay_out(article: CleanArticle, pieces: Sequence[Piece], corruption: Corruption) -> CorruptedArticle:
    text = ""
    placed = []
    for piece in pieces:
        lines = piece.text
        if corruption.width and "\n" not in lines:
            lines = textwrap.fill(lines, corruption.width, break_on_hyphens=False, break_long_words=False)
        if text:
            text += "\n\n" if corruption.loose and not piece.tight else "\n"
        placed.append(replace(piece, start=len(text), end=len(text) + len(lines)))
        text += lines
    return CorruptedArticle(article, text, placed)


def random_corruption(chance: random.Random) -> Corruption:
    """Choose several ways at random."""
    width = chance.choice((None, None, chance.randint(40, 80)))
    loose = chance.random() < 0.7
    return Corruption(
        boilerplate=chance.randint(0, 8),
        captions=chance.randint(0, 3),
        copy=chance.choice((None, None, None, *COPIES)) if width is None else chance.choice((None, None, "whole")),
        width=width,
        loose=loose,
        comments=chance.choice((0, 0, 2, 5)),
        tail=chance.random() < 0.4,
        teaser=loose and chance.random() < 0.3,
        box=loose and width is None and chance.random() < 0.2,
        fragment=chance.random() < 0.2,
    )
