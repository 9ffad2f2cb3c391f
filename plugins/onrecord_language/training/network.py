"""The network: a small BERT encoder with word shape features, and three heads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from ..pieces import FEATURES, GAPS, QUOTES, SHAPES
from ..tags import NAME_TAGS, ROLE_TAGS, Tags


@dataclass(frozen=True)
class Shape:
    """Size of the encoder."""

    layers: int = 6
    width: int = 384
    heads: int = 12
    inner: int = 1536
    pieces: int = 30522
    positions: int = 512


class Layer(nn.Module):
    """A layer of BERT with normalization after each part.

    Attention, then two dense layers (Devlin et al. 2019, arXiv:1810.04805).
    """

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.dropout = shape.heads, dropout
        self.asked = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.mixed_norm = nn.LayerNorm(width, eps=1e-12)
        self.up, self.down = nn.Linear(width, shape.inner), nn.Linear(shape.inner, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map batch × pieces × width to the same shape.

        The mask is added to the attention scores.
        """
        batch, length, width = x.shape
        q, k, v = (p.view(batch, length, self.heads, -1).transpose(1, 2) for p in self.asked(x).chunk(3, -1))
        seen = F.scaled_dot_product_attention(q, k, v, mask)
        seen = self.mixed(seen.transpose(1, 2).reshape(batch, length, width))
        x = self.mixed_norm(x + F.dropout(seen, self.dropout, self.training))
        return self.norm(x + F.dropout(self.down(F.gelu(self.up(x))), self.dropout, self.training))


class Crf(nn.Module):
    """A linear-chain conditional random field with partially known gold tags."""

    def __init__(self, tags: Tags) -> None:
        super().__init__()
        allowed = [[tags.can_follow(i, j) for j in range(len(tags))] for i in range(len(tags))]
        self.register_buffer("forbidden", torch.where(torch.tensor(allowed), 0.0, -1e4), persistent=False)
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))

    def loss(self, scores: Tensor, allowed: Tensor, mask: Tensor) -> Tensor:
        """Return -log p(any allowed path) of each row.

        Scores and allowed: rows × words × tags, mask: rows × words.
        """
        rows = len(scores)
        limited = scores.masked_fill(~allowed, -1e4)
        total = self._log_sum(torch.cat([scores, limited]), torch.cat([mask, mask]))
        return total[:rows] - total[rows:]

    def _log_sum(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Return log Σ exp over the paths; a window may begin and end within a span."""
        # A matrix product, scaled at each step, is many times faster than a sum over rows × tags × tags.
        factors = (self.transitions + self.forbidden).exp()
        alpha = scores[:, 0]
        for score, real in zip(scores.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
            scale = alpha.detach().amax(1, keepdim=True)
            onward = ((alpha - scale).exp() @ factors).clamp_min(1e-30).log() + scale + score
            alpha = torch.where(real[:, None], onward, alpha)
        return torch.logsumexp(alpha, 1)


class Network(nn.Module):
    """Maps word pieces to tag and sentence scores for each word's first piece."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        width = shape.width
        self.pieces = nn.Embedding(shape.pieces, width)
        self.positions = nn.Embedding(shape.positions, width)
        self.constant = nn.Parameter(torch.zeros(width))
        self.shapes, self.gaps, self.quotes = (nn.Embedding(n, width) for n in (SHAPES, GAPS, QUOTES))
        for embedding in (self.shapes, self.gaps, self.quotes):
            nn.init.zeros_(embedding.weight)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.head = nn.Linear(width, len(ROLE_TAGS) + len(NAME_TAGS) + 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.roles, self.names = Crf(ROLE_TAGS), Crf(NAME_TAGS)

    def features(self) -> Tensor:
        """Return one vector for each value of Pieces.features."""
        number = torch.arange(FEATURES)
        shape, gap, quote = number // (GAPS * QUOTES), number // QUOTES % GAPS, number % QUOTES
        return self.shapes.weight[shape] + self.gaps.weight[gap] + self.quotes.weight[quote] + self.constant

    def encode(self, ids: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """Return the encoder's output, batch × pieces × width.

        `ids` and `features` are batch × pieces; `mask` is true for real pieces.
        """
        x = self.pieces(ids) + F.embedding(features, self.features()) + self.positions.weight[: ids.shape[1]]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        attention = torch.where(mask, 0.0, -1e4)[:, None, None, :].to(x.dtype)
        for layer in self.layers:
            x = layer(x, attention)
        return x

    def score(self, encoded: Tensor) -> Tensor:
        """Return the head's output for the encoder's output."""
        return self.head(F.dropout(encoded, self.dropout, self.training))

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """Return the head's output for ids and features."""
        return self.score(self.encode(ids, features, mask))


def split(output: Tensor) -> list[Tensor]:
    """Split the head's output: role scores, name scores, sentence score."""
    return list(output.split([len(ROLE_TAGS), len(NAME_TAGS), 1], -1))


def load_pretrained(weights: Path, shape: Shape, layers: list[int]) -> Network:
    """Load BERT's encoder from a safetensors file, with the layers of these numbers."""
    given = load_file(weights)
    network = Network(shape)
    names = {
        "pieces.weight": "embeddings.word_embeddings.weight",
        "positions.weight": "embeddings.position_embeddings.weight",
        "norm": "embeddings.LayerNorm",
    }
    for ours, theirs in enumerate(layers):
        parts = {
            "mixed": "attention.output.dense", "mixed_norm": "attention.output.LayerNorm",
            "up": "intermediate.dense", "down": "output.dense", "norm": "output.LayerNorm",
        }  # fmt: skip
        names |= {f"layers.{ours}.{part}": f"encoder.layer.{theirs}.{name}" for part, name in parts.items()}
    state = network.state_dict()
    for ours, theirs in enumerate(layers):
        for part in ("weight", "bias"):
            asked = [
                given[f"encoder.layer.{theirs}.attention.self.{name}.{part}"] for name in ("query", "key", "value")
            ]
            state[f"layers.{ours}.asked.{part}"] = torch.cat(asked)
    for ours, theirs in names.items():
        for part in [""] if ours.endswith("weight") else [".weight", ".bias"]:
            state[ours + part] = given[theirs + part]
    state["constant"] = given["embeddings.token_type_embeddings.weight"][0]
    network.load_state_dict(state)
    return network
