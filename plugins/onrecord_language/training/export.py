"""Export of the network as an ONNX file with weights of eight bits, node by node.

Written by hand and not traced from PyTorch, so that every node has a fused kernel in ONNX Runtime, and the quantization
is explicit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..tags import NAME_TAGS, ROLE_TAGS
from .network import Network

WEIGHT_LIMIT = 63
"""The largest quantized weight: of seven bits and not eight, since processors without VNNI add two products of an
unsigned and a signed byte in sixteen bits, which eight-bit weights overflow."""


class _Graph:
    """Nodes and constants of the graph."""

    def __init__(self, state: Mapping[str, NDArray[np.float32]], ranges: Mapping[str, tuple[float, float]]) -> None:
        self.state, self.ranges = state, ranges
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add_constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add_node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def add_fused(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        return self.add_node(kind, inputs, output, "com.microsoft", **attributes)

    def add_embedding(self, numbers: str, table: NDArray[np.float32], name: str) -> str:
        """Add a table lookup; a quantized row has its own scale."""
        if not self.ranges:
            return self.add_node("Gather", [self.add_constant(f"{name}.table", table), numbers], f"{name}.rows")
        scale = np.abs(table).max(1, keepdims=True) / 127
        scale[scale == 0] = 1
        rounded = np.round(table / scale).astype(np.int8)
        rows = self.add_node("Gather", [self.add_constant(f"{name}.table", rounded), numbers], f"{name}.bytes")
        scales = self.add_node(
            "Gather", [self.add_constant(f"{name}.scale", scale.astype(np.float32)), numbers], f"{name}.scales"
        )
        real = self.add_node("Cast", [rows], f"{name}.real", to=TensorProto.FLOAT)
        return self.add_node("Mul", [real, scales], f"{name}.rows")

    def add_dense(self, x: str, name: str) -> str:
        """Add the dense layer of that name.

        If quantized, each output has its own scale, and x has one. The scale of x is a constant, measured beforehand,
        so that the result for a text does not depend on the texts in the same batch.
        """
        weight, shift = self.state[f"{name}.weight"].T, self.add_constant(f"{name}.bias", self.state[f"{name}.bias"])
        if name not in self.ranges:
            product = self.add_node("MatMul", [x, self.add_constant(f"{name}.weight", weight)], f"{name}.product")
            return self.add_node("Add", [product, shift], f"{name}.out")
        low, high = self.ranges[name]
        step = np.float32((high - low) / 255)
        middle = np.uint8(np.round(-low / step))
        step_name, middle_name = (
            self.add_constant(f"{name}.step", step),
            self.add_constant(f"{name}.middle", np.array(middle)),
        )
        x = self.add_node("QuantizeLinear", [x, step_name, middle_name], f"{name}.bytes")
        scale = np.abs(weight).max(0) / WEIGHT_LIMIT
        scale[scale == 0] = 1
        rounded = np.round(weight / scale).clip(-WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
        inputs = [
            x,
            self.add_constant(f"{name}.weight", rounded),
            step_name,
            self.add_constant(f"{name}.scale", scale.astype(np.float32)),
            middle_name,
            self.add_constant(f"{name}.zero", np.zeros(len(scale), np.int8)),
            shift,
        ]
        return self.add_fused("MatMulIntegerToFloat", inputs, f"{name}.out")


def build_model(network: Network, ranges: Mapping[str, tuple[float, float]]) -> onnx.ModelProto:
    """Build the model, quantized if the ranges of the dense layers' inputs are given.

    Inputs are ids and features (rows × pieces), outputs are scores (rows × pieces × width). All rows have the same
    length, so attention needs no mask: this is faster, and the result for a row cannot depend on the others. The
    metadata hold what decoding needs: labels and transition scores.
    """
    state = {name: value.detach().float().cpu().numpy() for name, value in network.state_dict().items()}
    shape = network.shape
    g = _Graph(state, ranges)

    def normalize(x: str, skip: str, norm: str) -> str:
        # ONNX Runtime's SkipLayerNormalization, which fuses the two, takes four times as long on the CPU.
        both = g.add_node("Add", [x, skip], f"{norm}.sum")
        inputs = [
            both,
            g.add_constant(f"{norm}.gamma", state[f"{norm}.weight"]),
            g.add_constant(f"{norm}.beta", state[f"{norm}.bias"]),
        ]
        return g.add_node("LayerNormalization", inputs, f"{norm}.out", axis=-1, epsilon=1e-12)

    pieces = g.add_embedding("ids", state["pieces.weight"], "pieces")
    features = g.add_node(
        "Gather",
        [g.add_constant("features.table", network.features().detach().cpu().numpy()), "features"],
        "features.rows",
    )
    length = g.add_node("Shape", ["ids"], "length", start=1, end=2)
    zero, one = g.add_constant("zero", np.array([0], np.int64)), g.add_constant("one", np.array([1], np.int64))
    positions = g.add_node(
        "Slice",
        [g.add_constant("positions.table", state["positions.weight"]), zero, length, zero, one],
        "positions.rows",
    )
    seen = g.add_node("Add", [features, positions], "seen")
    x = normalize(pieces, seen, "norm")
    for i in range(shape.layers):
        layer = f"layers.{i}"
        asked = g.add_dense(x, f"{layer}.asked")
        parts = [f"{layer}.{part}.out" for part in ("query", "key", "value")]
        g.nodes.append(helper.make_node("Split", [asked], parts, name=f"{layer}.split", axis=2, num_outputs=3))
        attended = g.add_fused("MultiHeadAttention", parts, f"{layer}.attended", num_heads=shape.heads)
        x = normalize(g.add_dense(attended, f"{layer}.mixed"), x, f"{layer}.mixed_norm")
        up = g.add_fused("Gelu", [g.add_dense(x, f"{layer}.up")], f"{layer}.active")
        x = normalize(g.add_dense(up, f"{layer}.down"), x, f"{layer}.norm")
    g.add_dense(x, "head")
    g.nodes[-1].output[0] = "scores"

    def make_argument(name: str, kind: int, dimensions: list[str | int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, dimensions)

    made = helper.make_model(
        helper.make_graph(
            g.nodes,
            "onrecord",
            [
                make_argument("ids", TensorProto.INT32, ["rows", "pieces"]),
                make_argument("features", TensorProto.INT32, ["rows", "pieces"]),
            ],
            [make_argument("scores", TensorProto.FLOAT, ["rows", "pieces", len(state["head.bias"])])],
            g.constants,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )
    decoding = {
        name: {"labels": tags.labels, "transitions": np.round(state[f"{name}.transitions"], 4).tolist()}
        for name, tags in (("roles", ROLE_TAGS), ("names", NAME_TAGS))
    }
    helper.set_model_props(made, {"decoding": json.dumps(decoding)})
    return made


def export(network: Network, path: Path, ranges: Mapping[str, tuple[float, float]] | None = None) -> None:
    """Write the model; see `build_model`."""
    onnx.save(build_model(network, ranges or {}), path)
