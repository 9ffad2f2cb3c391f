"""Overlapping windows of a text that is longer than the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Window(NamedTuple):
    """Words that are read together, and the range of words whose scores count.

    The rest is context.
    """

    first: int
    last: int
    """The word after the last."""
    begin: int
    end: int
    """The word after the last that counts."""


def split_windows(begins: NDArray[np.int64], size: int, context: int) -> list[Window]:
    """Return windows of up to `size` pieces, with up to `context` on each side.

    `begins` are a text's piece offsets by word, as in Pieces. Every word counts in exactly one window.
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
    """Return the last word that begins at or before the piece.

    Returns the number of words if all of them end before it.
    """
    return int(begins.searchsorted(piece, side="right")) - 1
