"""Viterbi decoding: the best valid tag sequence for the scores of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .tags import Tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_NEVER = np.float32(-1e4)


class Decoder:
    """Finds the best tags for many texts at once.

    A step costs the same for one text as for fifty.
    """

    def __init__(self, tags: Tags, transitions: Floats) -> None:
        count = len(tags)
        allowed = np.array([[tags.can_follow(i, j) for j in range(count)] for i in range(count)])
        self.tags = tags
        # One row per next tag, since each needs the best previous tag.
        self._into = np.where(allowed, transitions, _NEVER).T.astype(np.float32)
        self._begin = np.where([tags.can_begin(tag) for tag in range(count)], np.float32(0), _NEVER)
        self._end = np.where([tags.can_end(tag) for tag in range(count)], np.float32(0), _NEVER)

    def spans(self, scores: Sequence[Floats]) -> list[list[tuple[int, int, str]]]:
        """Return the spans of each text: first word, word after the last, label."""
        return [self.tags.spans(tags.tolist()) for tags in self.best(scores)]

    def best(self, scores: Sequence[Floats]) -> list[NDArray[np.int64]]:
        """Return the best tags of each text for scores of shape words × tags."""
        order = sorted(range(len(scores)), key=lambda i: -len(scores[i]))
        lengths = [len(scores[i]) for i in order]
        found: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * len(scores)
        if not lengths or not lengths[0]:
            return found
        active = np.searchsorted(-np.array(lengths), -np.arange(1, lengths[0] + 1), side="right")
        padded = np.zeros((lengths[0], len(order), len(self.tags)), np.float32)
        for row, i in enumerate(order):
            padded[: lengths[row], row] = scores[i]
        came_from = np.zeros(padded.shape, np.uint8)
        best = padded[0] + self._begin
        for step in range(1, lengths[0]):
            rows = active[step]
            onward = best[:rows, None, :] + self._into
            came_from[step, :rows] = onward.argmax(2)
            best[:rows] = onward.max(2) + padded[step, :rows]
        last = (best + self._end).argmax(1)
        for row, i in enumerate(order):
            found[i] = tags = np.zeros(lengths[row], np.int64)
            if lengths[row]:
                tags[-1] = last[row]
                for step in range(lengths[row] - 1, 0, -1):
                    tags[step - 1] = came_from[step, row, tags[step]]
        return found
