"""The network: a small BERT encoder that also sees what lower-case word pieces hide, and three heads on it."""

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
    """The encoder's size."""

    layers: int = 6
    width: int = 384
    heads: int = 12
    inner: int = 1536
    pieces: int = 30522
    positions: int = 512


class Layer(nn.Module):
    """A layer of BERT (Devlin et al. 2019, arXiv:1810.04805): attention, then two dense layers, normalised after."""

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
        """From and to batch × pieces × width; the mask is added to the attention's scores."""
        batch, length, width = x.shape
        q, k, v = (p.view(batch, length, self.heads, -1).transpose(1, 2) for p in self.asked(x).chunk(3, -1))
        seen = F.scaled_dot_product_attention(q, k, v, mask)
        seen = self.mixed(seen.transpose(1, 2).reshape(batch, length, width))
        x = self.mixed_norm(x + F.dropout(seen, self.dropout, self.training))
        return self.norm(x + F.dropout(self.down(F.gelu(self.up(x))), self.dropout, self.training))


class Crf(nn.Module):
    """A linear-chain conditional random field whose gold tags may be known only in part."""

    def __init__(self, tags: Tags) -> None:
        super().__init__()
        allowed = [[tags.follows(i, j) for j in range(len(tags))] for i in range(len(tags))]
        self.register_buffer("forbidden", torch.where(torch.tensor(allowed), 0.0, -1e4), persistent=False)
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))

    def loss(self, scores: Tensor, allowed: Tensor, mask: Tensor) -> Tensor:
        """-log p(one of the allowed paths) of each row. Scores and allowed: rows × words × tags, mask: rows × words."""
        rows = len(scores)
        limited = scores.masked_fill(~allowed, -1e4)
        total = self._log_sum(torch.cat([scores, limited]), torch.cat([mask, mask]))
        return total[:rows] - total[rows:]

    def _log_sum(self, scores: Tensor, mask: Tensor) -> Tensor:
        """log Σ exp over the paths. A window may begin and end within a span."""
        # A product of matrices, not a sum over rows × tags × tags: many times faster, if scaled at each step.
        factors = (self.transitions + self.forbidden).exp()
        alpha = scores[:, 0]
        for score, real in zip(scores.unbind(1)[1:], mask.unbind(1)[1:], strict=True):
            scale = alpha.detach().amax(1, keepdim=True)
            onward = ((alpha - scale).exp() @ factors).clamp_min(1e-30).log() + scale + score
            alpha = torch.where(real[:, None], onward, alpha)
        return torch.logsumexp(alpha, 1)


class Network(nn.Module):
    """Word pieces in; out, for the first piece of every word, scores of tags, and whether a sentence begins."""

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
        """One vector for each value of Pieces.features."""
        number = torch.arange(FEATURES)
        shape, gap, quote = number // (GAPS * QUOTES), number // QUOTES % GAPS, number % QUOTES
        return self.shapes.weight[shape] + self.gaps.weight[gap] + self.quotes.weight[quote] + self.constant

    def encoded(self, ids: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """The encoder's output, batch × pieces × width, of ids and features (batch × pieces); mask: which are real."""
        x = self.pieces(ids) + F.embedding(features, self.features()) + self.positions.weight[: ids.shape[1]]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        attention = torch.where(mask, 0.0, -1e4)[:, None, None, :].to(x.dtype)
        for layer in self.layers:
            x = layer(x, attention)
        return x

    def scored(self, encoded: Tensor) -> Tensor:
        """The head's output of the encoder's."""
        return self.head(F.dropout(encoded, self.dropout, self.training))

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """From ids and features to the head's output."""
        return self.scored(self.encoded(ids, features, mask))


def split(output: Tensor) -> list[Tensor]:
    """The head's parts: role scores, name scores, sentence score."""
    return list(output.split([len(ROLE_TAGS), len(NAME_TAGS), 1], -1))


def pretrained(weights: Path, shape: Shape, layers: list[int]) -> Network:
    """A network whose encoder is BERT's of a safetensors file, of which it takes the layers with these numbers."""
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
