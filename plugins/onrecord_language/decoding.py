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

    A step costs little more for fifty texts than for one.
    """

    def __init__(self, tags: Tags, transitions: Floats) -> None:
        count = len(tags)
        allowed = np.array([[tags.can_follow(i, j) for j in range(count)] for i in range(count)])
        can_end = np.array([tags.can_end(tag) for tag in range(count)])
        self.tags = tags
        self._begin = np.where([tags.can_begin(tag) for tag in range(count)], np.float32(0), _NEVER)
        # A row per tag and a column per next tag; the last one is for the end of the text.
        onward = np.where(allowed, transitions, _NEVER)
        self._onward = np.column_stack([onward, np.where(can_end, np.float32(0), _NEVER)]).astype(np.float32)

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
        count = len(self.tags)
        active = np.searchsorted(-np.array(lengths), -np.arange(1, lengths[0] + 1), side="right")
        # The scores of words, and then of the best way to each of their tags: words × tags × texts.
        best = np.zeros((lengths[0], count, len(order)), np.float32)
        for row, i in enumerate(order):
            best[: lengths[row], :, row] = scores[i]
        best[0] += self._begin[:, None]
        into = self._onward[:, :count, None]
        for step in range(1, lengths[0]):
            rows = active[step]
            best[step, :, :rows] += (best[step - 1, :, None, :rows] + into).max(0)
        # The way back: which tag is the best one before the tag that follows.
        tags = np.zeros((lengths[0], len(order)), np.int64)
        following = np.full(len(order), count)
        for step in range(lengths[0] - 1, -1, -1):
            rows = active[step]
            following[:rows] = (best[step, :, :rows] + self._onward[:, following[:rows]]).argmax(0)
            tags[step, :rows] = following[:rows]
        for row, i in enumerate(order):
            found[i] = tags[: lengths[row], row]
        return found
