"""Building an ONNX graph a node at a time, and writing it with weights in 8 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

STEPS: Final = 64
"""A weight of a product is written as so many steps at most on either side of zero, of a column's largest weight."""


class Graph:
    """The nodes and constants of a graph; each call returns the name of its result."""

    def __init__(self) -> None:
        self._nodes = list[onnx.NodeProto]()
        self._constants = list[onnx.TensorProto]()

    def constant(self, value: Any) -> str:
        """A constant."""
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node of one output."""
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def linear(self, x: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None) -> str:
        """`x @ weight + bias`."""
        product = self.op("MatMul", x, self.constant(weight))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def normalised(self, x: str, scale: npt.NDArray[Any], bias: npt.NDArray[Any], epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        return self.op(
            "LayerNormalization", x, self.constant(scale), self.constant(bias), axis=-1, epsilon=float(epsilon)
        )

    def bent(self, x: str) -> str:
        """A GELU, written so that onnxruntime knows it for one and works it out in one pass instead of five."""
        root, one, half = (self.constant(np.float32(value)) for value in (np.sqrt(2), 1, 0.5))
        return self.op("Mul", self.op("Mul", x, self.op("Add", self.op("Erf", self.op("Div", x, root)), one)), half)

    def write(
        self,
        path: Path,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Mapping[str, onnx.ValueInfoProto],
        told: Mapping[str, str],
    ) -> None:
        """Write the graph with the weights of its products and look-ups in 8 bits, and what is `told` of it.

        Seven bits are used, so that processors with and without instructions for it come to the same sums.

        Args:
            path: the file to write.
            inputs: what the graph takes.
            outputs: what it gives, by the name of the result that each is.
            told: goes with it as its metadata.
        """
        for result, output in outputs.items():
            self._nodes.append(helper.make_node("Identity", [result], [output.name]))
        graph = helper.make_graph(self._nodes, path.stem, inputs, list(outputs.values()), self._constants)
        whole = path.with_suffix(".whole")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), whole)
        quantize_dynamic(
            whole,
            path,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        whole.unlink()
        network = onnx.load(path)
        helper.set_model_props(network, dict(told))
        onnx.save(network, path)
