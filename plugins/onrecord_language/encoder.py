"""Inference: ONNX Runtime over windows of texts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .decoding import Decoder
from .pieces import Pieces, WordPieces
from .tags import Tags
from .windows import Window, split_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MODEL = Path(__file__).with_name("model")
"""Folder with the weights and the vocabulary."""
WINDOW, CONTEXT = 254, 10
"""Word pieces in a window, and how many on each side serve only as context."""
PIECES_AT_ONCE = 512
"""Most word pieces per call: enough for efficient matrix products, few enough for the CPU caches."""


class Scores(NamedTuple):
    """Scores of a text's words, without white space: arrays of shape words × …."""

    roles: Floats
    names: Floats
    sentence: Floats
    """Positive where a sentence begins."""


@dataclass(frozen=True, slots=True)
class _Job:
    text: int
    window: Window
    length: int


def _length(job: _Job) -> int:
    return job.length


class Encoder:
    """The network with its vocabulary and the decoders of its scores."""

    def __init__(self, folder: Path = MODEL, threads: int = 1) -> None:
        # Must be set before the import, which otherwise starts to collect usage figures for upload.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Windows differ in length: a memory plan for each costs more than it saves.
        options.enable_mem_pattern = False
        self.vocabulary = WordPieces(folder / "vocab.txt")
        self._session = onnxruntime.InferenceSession(
            folder / "network.onnx", options, providers=["CPUExecutionProvider"]
        )
        decoding = json.loads(self._session.get_modelmeta().custom_metadata_map["decoding"])
        self.roles, self.names = (
            Decoder(Tags(tuple(head["labels"])), np.array(head["transitions"], np.float32))
            for head in (decoding["roles"], decoding["names"])
        )
        self._ends = np.cumsum([len(self.roles.tags), len(self.names.tags)])

    def scores(self, texts: Sequence[Pieces]) -> list[Scores]:
        """Return the scores of texts of any length.

        Windows of equal length form a batch, so that nothing is padded.
        """
        words = [np.flatnonzero(np.diff(text.begins)) for text in texts]
        found = [np.zeros((len(at), self._width), np.float32) for at in words]
        jobs = [
            _Job(number, window, int(text.begins[window.last] - text.begins[window.first]))
            for number, text in enumerate(texts)
            if len(words[number])
            for window in split_windows(text.begins, WINDOW, CONTEXT)
        ]
        for length, alike in groupby(sorted(jobs, key=_length), key=_length):
            while batch := list(islice(alike, max(1, PIECES_AT_ONCE // (length + 2)))):
                for job, output in zip(batch, self._read(texts, batch), strict=True):
                    begins, window, at = texts[job.text].begins, job.window, words[job.text]
                    first, last = at.searchsorted([window.begin, window.end])
                    found[job.text][first:last] = output[begins[at[first:last]] - begins[window.first] + 1]
        return [Scores(*np.split(each, self._ends, axis=1)) for each in found]

    @property
    def _width(self) -> int:
        return int(self._session.get_outputs()[0].shape[2])

    def _read(self, texts: Sequence[Pieces], jobs: Sequence[_Job]) -> Floats:
        """Run windows of equal length; returns jobs × pieces × …."""
        ids = np.empty((len(jobs), jobs[0].length + 2), np.int32)
        features = np.zeros_like(ids)
        ids[:, 0], ids[:, -1] = self.vocabulary.begin, self.vocabulary.end
        for row, job in enumerate(jobs):
            text, window = texts[job.text], job.window
            stretch = slice(text.begins[window.first], text.begins[window.last])
            ids[row, 1:-1], features[row, 1:-1] = text.ids[stretch], text.features[stretch]
        output: Floats = self._session.run(["scores"], {"ids": ids, "features": features})[0]
        return output
