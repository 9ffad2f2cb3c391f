"""A text longer than the network reads at once, cut into windows that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Window(NamedTuple):
    """Words read together, and those among them whose scores count: the rest is there as context."""

    first: int
    last: int
    """The word after the last."""
    begin: int
    end: int
    """The word after the last that counts."""


def windows(begins: NDArray[np.int64], size: int, context: int) -> list[Window]:
    """Windows of up to `size` pieces, each with up to `context` pieces on both sides of the words that count.

    `begins` are a text's piece offsets by word, as in Pieces. Every word counts in one window.
    """
    count = len(begins) - 1
    found: list[Window] = []
    first = begin = 0
    while begin < count:
        last = max(_word_at(begins, int(begins[first]) + size), begin + 1)
        end = count if last >= count else max(_word_at(begins, int(begins[last]) - context), begin + 1)
        found.append(Window(first, min(last, count), begin, end))
        begin = end
        first = _word_at(begins, max(int(begins[begin]) - context, 0))
    return found


def _word_at(begins: NDArray[np.int64], piece: int) -> int:
    """The last word that begins at or before the piece, or the number of words if all end by then."""
    return int(begins.searchsorted(piece, side="right")) - 1
