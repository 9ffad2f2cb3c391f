"""What a network that is being trained reaches on the dev sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from ..decoding import Decoder
from ..pieces import WordPieces
from ..tags import NAME_TAGS, ROLE_TAGS
from ..windows import windows
from .corpora import Text, iob, names_of, polnear
from .examples import Example, collate
from .network import Network, split
from .scores import Tally


def word_scores(
    network: Network, found: list[Example], vocabulary: WordPieces, size: int = 254, context: int = 16
) -> list[np.ndarray]:
    """The head's output for every word that is not white space, each text stitched from its windows."""
    device = next(network.parameters()).device
    jobs = [(i, window) for i, each in enumerate(found) for window in windows(each.pieces.begins, size, context)]
    jobs.sort(key=lambda job: job[1].last - job[1].first)
    parts: dict[tuple[int, int], np.ndarray] = {}
    network.eval()
    with torch.no_grad():
        for at in range(0, len(jobs), 16):
            some = jobs[at : at + 16]
            batch = collate([(found[i], window.first, window.last) for i, window in some], vocabulary).to(device)
            output = network(batch.ids, batch.features, batch.mask)
            output = output.gather(1, batch.words[:, :, None].expand(-1, -1, output.shape[2])).float().cpu().numpy()
            for row, (i, window) in enumerate(some):
                begins = found[i].pieces.begins
                real = [w for w in range(window.first, window.last) if begins[w + 1] > begins[w]]
                keep = [k for k, w in enumerate(real) if window.begin <= w < window.end]
                parts[i, window.begin] = output[row, keep]
    return [np.concatenate([parts[key] for key in sorted(k for k in parts if k[0] == i)]) for i in range(len(found))]


def dev_scores(network: Network, corpora: Path, vocabulary: WordPieces) -> str:
    """F1 of exact spans: of roles on PolNeAR's dev part, of names on CoNLL's."""
    roles = Tally()
    texts = [text for _, text in polnear(corpora, "dev")]
    for text, spans in zip(texts, _found(network, texts, vocabulary, "roles"), strict=True):
        for role in ROLE_TAGS.labels:
            gold = {span for attribution in text.attributions for span in attribution[role]}
            roles.add(role, {span[:2] for span in spans if span[2] == role}, gold)
    names = Tally()
    texts = list(iob(corpora / "ner-conll2003-dev.iob.xz"))
    for text, spans in zip(texts, _found(network, texts, vocabulary, "names"), strict=True):
        for labels in (("PERSON",), ("ORG",), ("LOC",), ("NORP", "EVENT", "MISC")):
            gold = {span[:2] for span in names_of(text) if span[2] in labels}
            names.add(labels[-1], {span[:2] for span in spans if span[2] in labels}, gold)
    told = [f"{label} {tally.f1(label):.1f}" for tally in (roles, names) for label in tally.gold]
    return ", ".join([*told, f"names {names.f1():.1f}"])


def _found(
    network: Network, texts: list[Text], vocabulary: WordPieces, head: Literal["roles", "names"]
) -> Iterator[list[tuple[int, int, str]]]:
    """The spans that a head finds in each text, in its words."""
    crf = network.roles if head == "roles" else network.names
    decoder = Decoder(ROLE_TAGS if head == "roles" else NAME_TAGS, crf.transitions.detach().cpu().numpy())
    outputs = word_scores(network, [Example.of(text, vocabulary) for text in texts], vocabulary)
    scores = [split(torch.from_numpy(output))[head == "names"].numpy() for output in outputs]
    for text, tags in zip(texts, decoder.best(scores), strict=True):
        words = [i for i, word in enumerate(text.words) if not word.isspace()]
        yield [(words[a], words[b - 1] + 1, label) for a, b, label in decoder.tags.spans(tags.tolist())]
