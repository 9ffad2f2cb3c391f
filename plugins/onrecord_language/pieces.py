"""Network input: word piece ids, and features that lower-case pieces lack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .quotes import quote_states

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES, GAPS, QUOTES = 7, 4, 4
FEATURES = SHAPES * GAPS * QUOTES
"""Number of feature values: word shape × white space before the word × position relative to quotation marks."""
LONGEST_WORD = 16
"""In pieces. The rest of a longer word is ignored; it is an address or no word at all."""
_PART = re.compile(r"[^\W_]+|[^\w\s]|_")
_SAME = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "`": "'"})
_CACHED_WORDS = 200_000


@dataclass(frozen=True, slots=True)
class Pieces:
    """The word pieces of a text of n words."""

    ids: NDArray[np.int64]
    """Vocabulary ids of the pieces."""
    features: NDArray[np.int64]
    """For each piece a number below FEATURES."""
    begins: NDArray[np.int64]
    """n + 1 offsets: word i has the pieces from begins[i] up to begins[i + 1]. White space has none."""


class WordPieces:
    """A word piece vocabulary, lower-case without accents.

    Wu et al. 2016, arXiv:1609.08144.
    """

    def __init__(self, vocabulary: Path) -> None:
        from curated_tokenizers import WordPieceProcessor  # type: ignore[attr-defined]

        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        self.begin, self.end = pieces.index("[CLS]"), pieces.index("[SEP]")
        self._unknown = pieces.index("[UNK]")
        self._processor = WordPieceProcessor(pieces)
        self._words: dict[str, tuple[tuple[int, ...], int]] = {}

    def read(self, words: Sequence[str], spaced: Sequence[bool]) -> Pieces:
        """Return the pieces of a text's words; `spaced` tells where white space follows."""
        ids: list[int] = []
        features: list[int] = []
        begins = [0]
        known = self._words
        gap = 3
        for word, space, quote in zip(words, spaced, quote_states(words, spaced), strict=True):
            if word.isspace():
                gap = 3 if "\n" in word else max(gap, 2)
            else:
                pieces, shape = known.get(word) or self._new(word)
                base = (shape * GAPS) * QUOTES + quote
                ids.extend(pieces)
                features.append(base + gap * QUOTES)
                features.extend([base] * (len(pieces) - 1))
                gap = 2 if space else 1
            begins.append(len(ids))
        return Pieces(np.array(ids, np.int64), np.array(features, np.int64), np.array(begins, np.int64))

    def _new(self, word: str) -> tuple[tuple[int, ...], int]:
        if len(self._words) >= _CACHED_WORDS:
            self._words.clear()
        plain = "".join(
            char for char in unicodedata.normalize("NFD", word[:200].lower()) if unicodedata.category(char) != "Mn"
        )
        # No piece contains a lone surrogate, and the library would fail on it.
        text = '"' if word in ("''", "``") else plain.translate(_SAME).encode("utf-8", "replace").decode("utf-8")
        ids = [piece for part in _PART.findall(text) for piece in self._processor.encode(part)[0]]
        pieces = tuple(self._unknown if piece < 0 else piece for piece in ids[:LONGEST_WORD])
        result = self._words[word] = (pieces or (self._unknown,), _shape(word))
        return result


def _shape(word: str) -> int:
    if word.islower():
        return 0
    if word.istitle():
        return 1 if len(word) > 1 else 2
    if word.isupper():
        return 3 if len(word) > 1 else 2
    if any(char.isdigit() for char in word):
        return 4
    if any(char.isalpha() for char in word):
        return 5
    return 6
