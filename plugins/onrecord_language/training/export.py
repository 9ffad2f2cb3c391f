"""The network as an ONNX file with weights of eight bits, put together node by node.

Written by hand, and not traced from PyTorch, so that every node is one that ONNX Runtime has a fused kernel for,
and so that what is rounded, and how, is in plain sight.
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
"""The largest rounded weight, of seven bits and not eight: processors without VNNI add two products of an unsigned and
a signed byte in sixteen bits, which weights of eight bits overflow."""


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self, state: Mapping[str, NDArray[np.float32]], ranges: Mapping[str, tuple[float, float]]) -> None:
        self.state, self.ranges = state, ranges
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def fused(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        return self.node(kind, inputs, output, "com.microsoft", **attributes)

    def embedding(self, numbers: str, table: NDArray[np.float32], name: str) -> str:
        """Rows of a table; rounded, each row has a scale of its own."""
        if not self.ranges:
            return self.node("Gather", [self.constant(f"{name}.table", table), numbers], f"{name}.rows")
        scale = np.abs(table).max(1, keepdims=True) / 127
        scale[scale == 0] = 1
        rounded = np.round(table / scale).astype(np.int8)
        rows = self.node("Gather", [self.constant(f"{name}.table", rounded), numbers], f"{name}.bytes")
        scales = self.node(
            "Gather", [self.constant(f"{name}.scale", scale.astype(np.float32)), numbers], f"{name}.scales"
        )
        real = self.node("Cast", [rows], f"{name}.real", to=TensorProto.FLOAT)
        return self.node("Mul", [real, scales], f"{name}.rows")

    def dense(self, x: str, name: str) -> str:
        """The dense layer of that name. Where it is rounded, each output has a scale of its own, and x one for all.

        The scale of x is a constant, found beforehand, so that what is found in a text does not depend on the
        texts beside it.
        """
        weight, shift = self.state[f"{name}.weight"].T, self.constant(f"{name}.bias", self.state[f"{name}.bias"])
        if name not in self.ranges:
            product = self.node("MatMul", [x, self.constant(f"{name}.weight", weight)], f"{name}.product")
            return self.node("Add", [product, shift], f"{name}.out")
        low, high = self.ranges[name]
        step = np.float32((high - low) / 255)
        middle = np.uint8(np.round(-low / step))
        step_name, middle_name = self.constant(f"{name}.step", step), self.constant(f"{name}.middle", np.array(middle))
        x = self.node("QuantizeLinear", [x, step_name, middle_name], f"{name}.bytes")
        scale = np.abs(weight).max(0) / WEIGHT_LIMIT
        scale[scale == 0] = 1
        rounded = np.round(weight / scale).clip(-WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
        inputs = [
            x,
            self.constant(f"{name}.weight", rounded),
            step_name,
            self.constant(f"{name}.scale", scale.astype(np.float32)),
            middle_name,
            self.constant(f"{name}.zero", np.zeros(len(scale), np.int8)),
            shift,
        ]
        return self.fused("MatMulIntegerToFloat", inputs, f"{name}.out")


def model(network: Network, ranges: Mapping[str, tuple[float, float]]) -> onnx.ModelProto:
    """The model, rounded if there are ranges of what its dense layers are given.

    In go ids and features (rows × pieces), out come scores (rows × pieces × width). All rows are of one length, so
    that no attention need be masked: faster, and what is found in one row cannot depend on the others.

    Its metadata hold what decoding needs: labels, and scores of one tag after another.
    """
    state = {name: value.detach().float().cpu().numpy() for name, value in network.state_dict().items()}
    shape = network.shape
    g = _Graph(state, ranges)

    def normalised(x: str, skip: str, norm: str) -> str:
        # ONNX Runtime's SkipLayerNormalization, which is both in one, takes four times as long on the CPU.
        both = g.node("Add", [x, skip], f"{norm}.sum")
        inputs = [
            both,
            g.constant(f"{norm}.gamma", state[f"{norm}.weight"]),
            g.constant(f"{norm}.beta", state[f"{norm}.bias"]),
        ]
        return g.node("LayerNormalization", inputs, f"{norm}.out", axis=-1, epsilon=1e-12)

    pieces = g.embedding("ids", state["pieces.weight"], "pieces")
    features = g.node(
        "Gather", [g.constant("features.table", network.features().detach().cpu().numpy()), "features"], "features.rows"
    )
    length = g.node("Shape", ["ids"], "length", start=1, end=2)
    zero, one = g.constant("zero", np.array([0], np.int64)), g.constant("one", np.array([1], np.int64))
    positions = g.node(
        "Slice", [g.constant("positions.table", state["positions.weight"]), zero, length, zero, one], "positions.rows"
    )
    seen = g.node("Add", [features, positions], "seen")
    x = normalised(pieces, seen, "norm")
    for i in range(shape.layers):
        layer = f"layers.{i}"
        asked = g.dense(x, f"{layer}.asked")
        parts = [f"{layer}.{part}.out" for part in ("query", "key", "value")]
        g.nodes.append(helper.make_node("Split", [asked], parts, name=f"{layer}.split", axis=2, num_outputs=3))
        attended = g.fused("MultiHeadAttention", parts, f"{layer}.attended", num_heads=shape.heads)
        x = normalised(g.dense(attended, f"{layer}.mixed"), x, f"{layer}.mixed_norm")
        up = g.fused("Gelu", [g.dense(x, f"{layer}.up")], f"{layer}.active")
        x = normalised(g.dense(up, f"{layer}.down"), x, f"{layer}.norm")
    g.dense(x, "head")
    g.nodes[-1].output[0] = "scores"

    def argument(name: str, kind: int, dimensions: list[str | int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, dimensions)

    made = helper.make_model(
        helper.make_graph(
            g.nodes,
            "onrecord",
            [
                argument("ids", TensorProto.INT32, ["rows", "pieces"]),
                argument("features", TensorProto.INT32, ["rows", "pieces"]),
            ],
            [argument("scores", TensorProto.FLOAT, ["rows", "pieces", len(state["head.bias"])])],
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
    """Write the model; see `model`."""
    onnx.save(model(network, ranges or {}), path)
