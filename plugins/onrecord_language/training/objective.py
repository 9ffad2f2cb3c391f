"""What training makes smaller: the losses of the four heads on a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..tags import ROLE_TAGS
from .examples import Batch
from .network import LINK, Network, split


def losses(network: Network, batch: Batch, teacher: Network | None = None) -> dict[str, Tensor]:
    """Mean loss of each head per word that has a label for it, and how far the encoder is from its teacher."""
    encoded = network.encoded(batch.ids, batch.features, batch.mask)
    output = network.scored(encoded)
    words = output.gather(1, batch.words[:, :, None].expand(-1, -1, output.shape[2])).float()
    roles, names, sentences, cues, sources, contents = split(words)
    known = batch.is_word.sum(1)
    certain = (~batch.names.all(-1)).sum(1).clamp(min=1)
    has_sentence = batch.sentences >= 0
    found = {
        "roles": (network.roles.loss(roles, batch.roles, batch.is_word) * batch.has_roles).sum()
        / (known * batch.has_roles).sum().clamp(min=1),
        "names": (network.names.loss(names, batch.names, batch.is_word) * batch.names_weight).sum() / certain.sum(),
    }
    if teacher is not None:
        with torch.no_grad():
            model = teacher.encoded(batch.ids, batch.features, batch.mask)[batch.mask]
        found["teacher"] = F.mse_loss(encoded[batch.mask], model) / model.var()
    if has_sentence.any():
        targets = batch.sentences[has_sentence].float()
        found["sentences"] = F.binary_cross_entropy_with_logits(sentences[:, :, 0][has_sentence], targets)
    if batch.has_roles.any():
        found["links"] = _link_loss(batch, cues, sources, contents)
    return found


def _link_loss(batch: Batch, cues: Tensor, sources: Tensor, contents: Tensor) -> Tensor:
    """Cross entropy of whether a cue and a source or content belong together, over all pairs of gold spans."""
    starts = {role: _starts(batch, role) for role in ROLE_TAGS.labels}
    total, pairs = cues.sum() * 0, 0
    for role, vectors in (("source", sources), ("content", contents)):
        scores = cues @ vectors.transpose(1, 2) / LINK**0.5
        asked = starts["cue"][:, :, None] & starts[role][:, None, :]
        targets = torch.zeros_like(scores)
        for row, links in enumerate(batch.links):
            for cue, other in links:
                targets[row, cue, other] = 1.0
        if asked.any():
            total = total + F.binary_cross_entropy_with_logits(scores[asked], targets[asked], reduction="sum")
            pairs += int(asked.sum())
    return total / max(pairs, 1)


def _starts(batch: Batch, role: str) -> Tensor:
    """Which words begin a gold span of the role."""
    first = batch.roles[:, :, ROLE_TAGS.number("B", role)] | batch.roles[:, :, ROLE_TAGS.number("S", role)]
    return first & batch.has_roles[:, None] & batch.is_word
