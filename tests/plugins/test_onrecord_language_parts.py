"""What stands between a text and the network, and between the network and spans."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord_language.decoding import Decoder
from onrecord_language.encoder import MODEL
from onrecord_language.pieces import FEATURES, LONGEST_WORD, WordPieces
from onrecord_language.quotes import Quote, quote_states
from onrecord_language.tags import NAME_TAGS, ROLE_TAGS, Tags
from onrecord_language.windows import split_windows

VOCABULARY = WordPieces(MODEL / "vocab.txt")
PIECES = (MODEL / "vocab.txt").read_text().splitlines()


def read(text: str) -> tuple[list[str], list[bool]]:
    """Words and whether a space follows each; ¶ stands for an empty line."""
    words = text.split(" ")
    return ["\n\n" if word == "¶" else word.strip("_") for word in words], [not word.endswith("_") for word in words]


# ── Quotation marks. An underscore says that there is no space on that side. ───────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“_ It is late_ ,_ ” he said", "2 1 1 1 1 3 0 0"),
        ('He said :_ "_ It is late_ "_ .', "0 0 0 2 1 1 1 3 0"),
        ("''_ It is late_ '' he said", "2 1 1 1 3 0 0"),
        ("``_ Late_ '' he said", "2 1 3 0 0"),
        ("“_ It is late ¶ “_ Very late_ ”", "2 1 1 1 0 2 1 1 3"),
        ("It is late_ ” he said", "0 0 0 3 0 0"),
        ('"_ Late_ " and "_ dark_ "', "2 1 3 0 2 1 3"),
    ],
)
def test_quotation_marks_open_and_close(text: str, expected: str) -> None:
    assert [int(state) for state in quote_states(*read(text))] == [int(number) for number in expected.split()]


@given(st.lists(st.sampled_from(["“", "”", '"', "''", "a", " ", "\n\n", "("]), max_size=30), st.data())
def test_every_word_has_a_state_and_every_mark_opens_or_closes(words: list[str], data: st.DataObject) -> None:
    spaced = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    states = quote_states(words, spaced)
    assert len(states) == len(words)
    marks = {"“", "”", '"', "''"}
    assert all(
        (state in (Quote.OPENS, Quote.CLOSES)) == (word in marks) for word, state in zip(words, states, strict=True)
    )


# ── Word pieces ──────────────────────────────────────────────────────────────────────────────────


def pieces(*words: str) -> list[str]:
    return [PIECES[i] for i in VOCABULARY.read(words, [True] * len(words)).ids]


def test_words_are_read_in_lower_case_and_without_accents() -> None:
    assert pieces("Lavrov", "café") == [*pieces("lavrov"), "cafe"]


def test_a_word_that_is_not_in_the_vocabulary_is_read_in_pieces() -> None:
    assert pieces("unmovable") == ["un", "##movable"]
    assert pieces("\u4dc0") == ["[UNK]"]


def test_quotation_marks_of_all_kinds_are_read_alike() -> None:
    assert pieces("“", "”", '"', "''", "``") == ['"'] * 5


def test_white_space_has_no_pieces_and_shows_in_what_follows() -> None:
    joined = VOCABULARY.read(["One", "\n\n", "two"], [False, False, False])
    assert joined.begins.tolist() == [0, 1, 1, 2]
    spaced = VOCABULARY.read(["One", "two"], [True, False])
    assert joined.features[1] != spaced.features[1]


def test_upper_and_lower_case_differ_in_their_features_only() -> None:
    upper, lower = (VOCABULARY.read([word], [True]) for word in ("MOSCOW", "moscow"))
    assert upper.ids.tolist() == lower.ids.tolist()
    assert upper.features.tolist() != lower.features.tolist()


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40) | st.sampled_from(["a" * 5000, "\x00", "\ud800", " "]), max_size=20))
def test_any_words_can_be_read(words: list[str]) -> None:
    found = VOCABULARY.read(words, [True] * len(words))
    lengths = np.diff(found.begins)
    assert len(found.ids) == len(found.features) == found.begins[-1]
    assert all(
        (length == 0) == word.isspace() and length <= LONGEST_WORD for word, length in zip(words, lengths, strict=True)
    )
    assert all(0 <= i < len(PIECES) for i in found.ids)
    assert all(0 <= i < FEATURES for i in found.features)


# ── Windows ──────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 6), max_size=200), st.integers(20, 60), st.integers(0, 9))
def test_every_word_counts_in_one_window_and_windows_are_short(lengths: list[int], size: int, context: int) -> None:
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    found = split_windows(begins, size, context)
    assert [word for w in found for word in range(w.begin, w.end)] == list(range(len(lengths)))
    assert all(w.first <= w.begin < w.end <= w.last for w in found)
    assert all(begins[w.last] - begins[w.first] <= size for w in found)


def test_words_near_the_edges_of_a_window_have_context() -> None:
    found = split_windows(np.arange(101), 40, 10)
    assert [(w.first, w.begin, w.end, w.last) for w in found] == [
        (0, 0, 30, 40),
        (20, 30, 50, 60),
        (40, 50, 70, 80),
        (60, 70, 100, 100),
    ]


# ── Tags and decoding ────────────────────────────────────────────────────────────────────────────

TWO = Tags(("a", "b"))


def valid(tags: tuple[int, ...]) -> bool:
    followed = all(TWO.can_follow(x, y) for x, y in pairwise(tags))
    return TWO.can_begin(tags[0]) and TWO.can_end(tags[-1]) and followed


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_the_decoder_finds_the_best_of_all_valid_rows_of_tags(length: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(size=(length, len(TWO))).astype(np.float32)
    transitions = random.normal(size=(len(TWO), len(TWO))).astype(np.float32)

    def total(tags: tuple[int, ...]) -> float:
        steps = sum(transitions[x, y] for x, y in pairwise(tags))
        return float(sum(scores[i, tag] for i, tag in enumerate(tags)) + steps)

    best = max((tags for tags in product(range(len(TWO)), repeat=length) if valid(tags)), key=total)
    assert tuple(Decoder(TWO, transitions).best([scores])[0]) == best


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=8), st.integers(0, 100))
def test_texts_are_decoded_together_as_they_are_alone(lengths: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    decoder = Decoder(ROLE_TAGS, random.normal(size=(13, 13)).astype(np.float32))
    texts = [random.normal(size=(length, 13)).astype(np.float32) for length in lengths]
    together = decoder.best(texts)
    assert [found.tolist() for found in together] == [decoder.best([text])[0].tolist() for text in texts]


@pytest.mark.parametrize("tags", [ROLE_TAGS, NAME_TAGS])
def test_spans_come_back_from_their_tags(tags: Tags) -> None:
    label = tags.labels[1]
    row = [0, *tags.of_span(1, label), *tags.of_span(3, label), 0, *tags.of_span(2, tags.labels[0])]
    assert tags.spans(row) == [(1, 2, label), (2, 5, label), (6, 8, tags.labels[0])]
