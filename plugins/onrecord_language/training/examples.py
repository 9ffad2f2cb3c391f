"""Windows of word pieces with labels, and batches of windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor

from ..pieces import Pieces, WordPieces
from ..tags import NAME_TAGS, ROLE_TAGS
from .corpora import ANY, Text


@dataclass
class Example:
    """A text and its pieces; words of white space have none and do not count."""

    text: Text
    pieces: Pieces

    @classmethod
    def of(cls, text: Text, vocabulary: WordPieces) -> Example:
        """Convert a text to network input."""
        return cls(text, vocabulary.read(text.words, text.spaced))

    def cut(self, size: int, random: Random) -> Iterator[tuple[int, int]]:
        """Cut a text into windows of words; the end of the first one is random."""
        begins = self.pieces.begins
        first, limit = 0, random.randint(size // 4, size)
        while first < len(begins) - 1:
            last = max(int(begins.searchsorted(begins[first] + limit, side="right")) - 1, first + 1)
            yield first, last
            first, limit = last, size


@dataclass
class Batch:
    """Windows as tensors: rows × pieces for the encoder, rows × words for the heads."""

    ids: Tensor
    features: Tensor
    mask: Tensor
    words: Tensor
    """For each word, the position of its first piece in the row."""
    is_word: Tensor
    roles: Tensor
    names: Tensor
    """rows × words × tags: which tags may be right."""
    sentences: Tensor
    names_weight: Tensor
    has_roles: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy the batch to a device."""
        values = {name: value.to(device) if isinstance(value, Tensor) else value for name, value in vars(self).items()}
        return Batch(**values)


Cut = tuple[Example, int, int]


def collate(cuts: list[Cut], vocabulary: WordPieces) -> Batch:
    """Make one batch of windows, pad to the longest."""
    rows = [_row(cut, vocabulary) for cut in cuts]

    def pad(values: list[np.ndarray], fill: int) -> Tensor:
        out = np.full((len(values), max(map(len, values))), fill, np.int64)
        for i, value in enumerate(values):
            out[i, : len(value)] = value
        return torch.from_numpy(out)

    def allowed(name: str, tags: int) -> Tensor:
        bits = pad([row[name] for row in rows], ANY)
        return (bits[:, :, None] >> torch.arange(tags)) & 1 > 0

    ids = pad([row["ids"] for row in rows], 0)
    return Batch(
        ids=ids,
        features=pad([row["features"] for row in rows], 0),
        mask=pad([np.ones(len(row["ids"]), np.int64) for row in rows], 0) > 0,
        words=pad([row["words"] for row in rows], 0),
        is_word=pad([np.ones(len(row["words"]), np.int64) for row in rows], 0) > 0,
        roles=allowed("roles", len(ROLE_TAGS)),
        names=allowed("names", len(NAME_TAGS)),
        sentences=pad([row["sentences"] for row in rows], -1),
        names_weight=torch.tensor([cut[0].text.names_weight for cut in cuts]),
        has_roles=torch.tensor([bool(cut[0].text.roles[0] != ANY) for cut in cuts]),
    )


def _row(cut: Cut, vocabulary: WordPieces) -> dict[str, np.ndarray]:
    example, first, last = cut
    text, pieces = example.text, example.pieces
    offset = int(pieces.begins[first])
    end = int(pieces.begins[last])
    real = [i for i in range(first, last) if pieces.begins[i + 1] > pieces.begins[i]]
    return {
        "ids": np.concatenate([[vocabulary.begin], pieces.ids[offset:end], [vocabulary.end]]),
        "features": np.concatenate([[0], pieces.features[offset:end], [0]]),
        "words": pieces.begins[real] - offset + 1,
        "roles": np.array([text.roles[i] for i in real], np.int64),
        "names": np.array([text.names[i] for i in real], np.int64),
        "sentences": np.array([text.sentences[i] for i in real], np.int64),
    }
