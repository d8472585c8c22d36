"""What the reader says of an AI's turns, learned anew on its layers as they are: minutes, and no GPU.

The heads for what an AI says are the last. Each part of the reader makes a vector of a text, from which its word on the
text comes; a small network of one hidden layer learns what an AI says from that. The heads for what customers say stay
as they were tuned.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from handraise.detection.heads import ASSISTANT_SIGNALS, CUSTOMER_HEADS
from handraise.detection.pieces import MOST, Cut, Pieces
from handraise.detection.reader import NETWORKS, PIECES, fitting
from handraise.training.base import Floats

_HIDDEN: Final = 256
_EPOCHS: Final = 8
_BATCH: Final = 256
_DECAY: Final = 1e-2
_RATE: Final = 1e-3
_LOGITS, _INNER = "logits", "inner_out"
_OWN: Final = "answers.{}"
"""What is added to a part's graph is named so."""


class Answers(NamedTuple):
    """The layer between a part's vector and what it says of an AI's turn, and the layer that says it.

    The weights are numbers of a vector by hidden ones, and hidden ones by signals.
    """

    inner: Floats
    inner_offsets: Floats
    outer: Floats
    outer_offsets: Floats


def learn_and_write(
    tokens: Sequence[Sequence[str]],
    before: Sequence[Sequence[Sequence[str]]],
    holds: Floats,
    folder: Path,
) -> None:
    """Fit the heads on AI turns, and write the reader with them in place of those it had.

    Args:
        tokens: of each turn.
        before: of the turns before each, the oldest first.
        holds: whether each of `ASSISTANT_SIGNALS` holds (turns by signals).
        folder: with the reader, which is written anew.
    """
    networks = [onnx.load(folder / name) for name in NETWORKS]
    pieces = (folder / PIECES).read_bytes()
    read_after = Pieces.stored(pieces).read_after
    texts = [read_after(turns, own) for turns, own in zip(before, tokens, strict=True)]
    write(networks, [fit(vectors, holds) for vectors in vectors_of(networks, texts)], folder, pieces)


def fit(vectors: Floats, holds: Floats) -> Answers:
    """The heads of one part."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    network = MLPClassifier(
        (_HIDDEN,), alpha=_DECAY, learning_rate_init=_RATE, batch_size=_BATCH, max_iter=_EPOCHS, random_state=0
    )
    with warnings.catch_warnings():
        # So few times over the rows on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        learned = network.fit((vectors - mean) / spread, holds.astype(np.int64))
    (inner, outer), (inner_offsets, outer_offsets) = learned.coefs_, learned.intercepts_
    scaled = inner / spread[:, None]
    every = scaled, inner_offsets - mean @ scaled, outer, outer_offsets
    return Answers(*(one.astype(np.float32) for one in every))


def write(networks: Sequence[onnx.ModelProto], answers: Sequence[Answers], folder: Path, pieces: bytes) -> None:
    """Write the parts of the reader with these heads."""
    named = 0
    for network, heads in zip(networks, answers, strict=True):
        _put(network.graph, heads)
        named = zlib.crc32(network.graph.SerializeToString(), named)
    for part, (network, name) in enumerate(zip(networks, NETWORKS, strict=True), 1):
        helper.set_model_props(network, fitting(part, f"{named:08x}", pieces))
        onnx.save(network, folder / name)


def vectors_of(networks: Sequence[onnx.ModelProto], texts: Sequence[Cut]) -> list[Floats]:
    """What each part makes of each text, as its heads see it (texts by numbers)."""
    parts = list(map(_tapped, networks))
    places = np.arange(MOST, dtype=np.int64)
    found: list[list[Floats]] = [[] for _ in parts]
    for text in texts:
        own = np.array([text.own])
        feed = {"numbers": np.array(text.pieces, dtype=np.int64), "places": places[: len(text.pieces)]}
        for (session, asked), kept in zip(parts, found, strict=True):
            vector, *inner = session.run(asked, {**feed, "own": own})
            kept.append(vector[0])
            feed = dict(zip(("inner",), inner, strict=False))
    return [np.array(one) for one in found]


def _tapped(network: onnx.ModelProto) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """A part that gives its vector as well, and the names of what is asked of it."""
    tapped = onnx.ModelProto()
    tapped.CopyFrom(network)
    asked = [_vector_of(network.graph)]
    tapped.graph.output.append(helper.make_tensor_value_info(asked[0], onnx.TensorProto.FLOAT, None))
    asked += [one.name for one in network.graph.output if one.name == _INNER]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(tapped.SerializeToString(), options, ["CPUExecutionProvider"]), asked


def _put(graph: onnx.GraphProto, heads: Answers) -> None:
    """Have these heads say the last of the logits, in place of those that did."""
    vector, tuned = _vector_of(graph), _tuned(graph)
    for node in [one for one in graph.node if one.name.startswith(_OWN.format("")) or _LOGITS in one.output]:
        graph.node.remove(node)
    for stored in [one for one in graph.initializer if one.name.startswith(_OWN.format(""))]:
        graph.initializer.remove(stored)
    bounds = {"from": [0], "to": [len(CUSTOMER_HEADS)], "axis": [1]}
    given = {**heads._asdict(), **bounds}
    graph.initializer.extend(
        numpy_helper.from_array(np.array(value), _OWN.format(name)) for name, value in given.items()
    )
    graph.node.extend(
        [
            _node("Slice", [tuned, *map(_OWN.format, bounds)], "customers"),
            _node("MatMul", [vector, _OWN.format("inner")], "hidden"),
            _node("Add", [_OWN.format("hidden"), _OWN.format("inner_offsets")], "moved"),
            _node("Relu", [_OWN.format("moved")], "bent"),
            _node("MatMul", [_OWN.format("bent"), _OWN.format("outer")], "product"),
            _node("Add", [_OWN.format("product"), _OWN.format("outer_offsets")], "said"),
            helper.make_node("Concat", [_OWN.format("customers"), _OWN.format("said")], [_LOGITS], axis=1),
        ]
    )
    (output,) = [one for one in graph.output if one.name == _LOGITS]
    output.type.tensor_type.shape.dim[1].dim_value = len(CUSTOMER_HEADS) + len(ASSISTANT_SIGNALS)


def _node(kind: str, inputs: Sequence[str], output: str) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [_OWN.format(output)], name=_OWN.format(output))


def _tuned(graph: onnx.GraphProto) -> str:
    """The name of the logits as they were tuned, of all the heads that there were then."""
    said = {name: node for node in graph.node for name in node.output}
    last = said.get(_OWN.format("customers")) or said[_LOGITS]
    return str(last.input[0])


def _vector_of(graph: onnx.GraphProto) -> str:
    """The name of what the tuned heads are a linear function of: where what they multiply has been put in 8 bits."""
    made_by = {name: node for node in graph.node for name in node.output}
    node = made_by[_tuned(graph)]
    while node.op_type != "DynamicQuantizeLinear":
        node = next(_made(node, made_by))
    return str(node.input[0])


def _made(node: onnx.NodeProto, made_by: dict[str, onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes that make what a node takes."""
    return (made_by[name] for name in node.input if name in made_by)
