"""Ranges of the dense layers' inputs, which quantization to eight bits needs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .examples import Batch
from .network import Network

SHARE = 0.99999
"""Share of a layer's inputs that its range covers. Few values are far outside, but clipping more costs accuracy."""
_ROWS = 100
"""Words sampled from each batch."""


def measure_ranges(network: Network, batches: Sequence[Batch]) -> dict[str, tuple[float, float]]:
    """Return, by dense layer, the bounds of its inputs on these texts."""
    layers = {name: module for name, module in network.layers.named_modules() if isinstance(module, nn.Linear)}
    seen: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers.values()}
    mask = torch.zeros(0)

    def record(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        rows = inputs[0].detach()[mask]
        seen[layer].append(rows[:: max(1, len(rows) // _ROWS)].float().cpu())

    hooks = [layer.register_forward_pre_hook(record) for layer in layers.values()]
    network.eval()
    with torch.no_grad():
        for batch in batches:
            mask = batch.mask
            network.encode(batch.ids, batch.features, batch.mask)
    for hook in hooks:
        hook.remove()
    return {f"layers.{name}": _range(torch.cat(seen[layer])) for name, layer in layers.items()}


def _range(rows: Tensor) -> tuple[float, float]:
    numbers = rows.flatten().sort().values
    last = len(numbers) - 1
    return min(float(numbers[round((1 - SHARE) * last)]), 0.0), float(numbers[round(SHARE * last)])
