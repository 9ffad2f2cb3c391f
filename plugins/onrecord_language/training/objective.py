"""Training objective: the losses of the heads on a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .examples import Batch
from .network import Network, split


def compute_losses(network: Network, batch: Batch, teacher: Network | None = None) -> dict[str, Tensor]:
    """Return each head's mean loss per labeled word, and the distance to the teacher."""
    encoded = network.encode(batch.ids, batch.features, batch.mask)
    output = network.score(encoded)
    words = output.gather(1, batch.words[:, :, None].expand(-1, -1, output.shape[2])).float()
    roles, names, sentences = split(words)
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
            model = teacher.encode(batch.ids, batch.features, batch.mask)[batch.mask]
        found["teacher"] = F.mse_loss(encoded[batch.mask], model) / model.var()
    if has_sentence.any():
        targets = batch.sentences[has_sentence].float()
        found["sentences"] = F.binary_cross_entropy_with_logits(sentences[:, :, 0][has_sentence], targets)
    return found
