"""The reader of English: MiniLM (Wang et al., 2020; all-MiniLM-L6-v2, Apache-2.0), tuned on the corpus.

Tuned with JAX, since its wheels are small and run on a processor alone; the shipped file needs onnxruntime only.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import jax
import numpy as np
from onnx import TensorProto, helper
from safetensors.numpy import load as load_tensors

from handraise.detection.heads import HEADS
from handraise.detection.readers import ENGLISH, PIECES
from handraise.detection.wordpieces import WordPieces
from handraise.training.graphs import Graph
from handraise.training.linear import tokens_of
from handraise.training.tuning import Floats, Parameters, new_heads, tune

_BASE: Final = "all_minilm_l6_v2"
_HEADS: Final = 12
_WIDTH: Final = 384
_EPSILON: Final = 1e-12
_LAYERS: Final = (0, 1, 2, 3, 4, 5)
"""Which layers of MiniLM are kept."""
_SHARP: Final = 5.0
"""Makes the new heads learn faster than the rest."""
_RATE: Final = 1e-4
_SHARES: Final = (1.0, 0.7)
"""How much of the rows each epoch goes through: those with the highest loss."""
_DROPOUT: Final = 0.1


def base() -> tuple[dict[str, Floats], list[str]]:
    """MiniLM's parameters, and its word pieces in the order of their numbers."""
    with (resources.files(_BASE) / "model.zip").open("rb") as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
    names = {Path(name).name: name for name in archive.namelist()}
    parameters = load_tensors(archive.read(names["model.safetensors"]))
    vocabulary = json.loads(archive.read(names["tokenizer.json"]))["model"]["vocab"]
    wanted = {
        key: value.astype(np.float32)
        for key, value in parameters.items()
        if "position_ids" not in key and "pooler" not in key and _is_kept(key)
    }
    return wanted, sorted(vocabulary, key=vocabulary.__getitem__)


def _is_kept(key: str) -> bool:
    parts = key.split(".")
    return "layer" not in parts or int(parts[parts.index("layer") + 1]) in _LAYERS


def _normalised(x: jax.Array, p: Mapping[str, jax.Array], name: str) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    spread = jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
    return centred * spread * p[f"{name}.weight"] + p[f"{name}.bias"]


def _logits(p: Parameters, numbers: jax.Array, mask: jax.Array, key: jax.Array) -> jax.Array:
    """The heads' logits for padded texts (texts by pieces)."""
    texts, length = numbers.shape

    def linear(x: jax.Array, name: str) -> jax.Array:
        return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    def dropped(x: jax.Array, place: int) -> jax.Array:
        keep = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - _DROPOUT, x.shape)
        return x * keep / (1 - _DROPOUT)

    def split(x: jax.Array) -> jax.Array:
        return x.reshape(texts, length, _HEADS, -1).transpose(0, 2, 1, 3)

    x = p["embeddings.word_embeddings.weight"][numbers] + p["embeddings.position_embeddings.weight"][:length]
    x = dropped(_normalised(x + p["embeddings.token_type_embeddings.weight"][0], p, "embeddings.LayerNorm"), 0)
    padding = (1 - mask)[:, None, None, :] * -1e9
    for layer in _LAYERS:
        name = f"encoder.layer.{layer}"
        query, key_, value = (split(linear(x, f"{name}.attention.self.{part}")) for part in ("query", "key", "value"))
        attention = jax.nn.softmax(query @ key_.swapaxes(-1, -2) / np.sqrt(_WIDTH // _HEADS) + padding, -1) @ value
        joined = linear(
            attention.transpose(0, 2, 1, 3).reshape(texts, length, _WIDTH), f"{name}.attention.output.dense"
        )
        x = _normalised(x + dropped(joined, 10 * layer + 1), p, f"{name}.attention.output.LayerNorm")
        inner = jax.nn.gelu(linear(x, f"{name}.intermediate.dense"), approximate=False)
        x = _normalised(
            x + dropped(linear(inner, f"{name}.output.dense"), 10 * layer + 2), p, f"{name}.output.LayerNorm"
        )
    pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return pooled @ p["heads.weight"] * _SHARP + p["heads.bias"]


def tune_and_write(texts: Sequence[str], holds: Floats, known: Floats, folder: Path) -> None:
    """Tune MiniLM and new heads on all rows, and write both with the word pieces."""
    parameters, vocabulary = base()
    reader = WordPieces(vocabulary)
    pieces = [reader.read(tokens_of(text)) for text in texts]
    start = {**parameters, **new_heads(_WIDTH)}
    _write(tune(start, _logits, pieces, holds, known, rate=_RATE, shares=_SHARES), folder / ENGLISH)
    (folder / PIECES).write_text("\n".join(vocabulary) + "\n", encoding="utf-8")


def _write(p: Mapping[str, Floats], path: Path) -> None:
    """One text, given as the numbers of its pieces and their places, to the heads' logits."""
    graph = Graph()
    op, constant = graph.op, graph.constant

    def linear(x: str, name: str) -> str:
        return graph.linear(x, p[f"{name}.weight"].T, p[f"{name}.bias"])

    def normalised(x: str, name: str) -> str:
        return graph.normalised(x, p[f"{name}.weight"], p[f"{name}.bias"], _EPSILON)

    def split(x: str, *order: int) -> str:
        return op("Transpose", op("Reshape", x, constant(np.array([-1, _HEADS, _WIDTH // _HEADS]))), perm=order)

    words = op("Gather", constant(p["embeddings.word_embeddings.weight"]), "numbers")
    places = p["embeddings.position_embeddings.weight"] + p["embeddings.token_type_embeddings.weight"][0]
    x = normalised(op("Add", words, op("Gather", constant(places), "places")), "embeddings.LayerNorm")
    for layer in _LAYERS:
        name = f"encoder.layer.{layer}"
        query = split(linear(x, f"{name}.attention.self.query"), 1, 0, 2)
        key = split(linear(x, f"{name}.attention.self.key"), 1, 2, 0)
        value = split(linear(x, f"{name}.attention.self.value"), 1, 0, 2)
        scores = op("Mul", op("MatMul", query, key), constant(np.float32(1 / np.sqrt(_WIDTH // _HEADS))))
        attention = op("Transpose", op("MatMul", op("Softmax", scores, axis=-1), value), perm=(1, 0, 2))
        joined = linear(op("Reshape", attention, constant(np.array([-1, _WIDTH]))), f"{name}.attention.output.dense")
        x = normalised(op("Add", x, joined), f"{name}.attention.output.LayerNorm")
        inner = linear(x, f"{name}.intermediate.dense")
        # Written so that onnxruntime knows it for a GELU, and works it out in one pass instead of five.
        bent = op("Add", op("Erf", op("Div", inner, constant(np.float32(np.sqrt(2))))), constant(np.float32(1)))
        inner = op("Mul", op("Mul", inner, bent), constant(np.float32(0.5)))
        x = normalised(op("Add", x, linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm")
    pooled = op("ReduceMean", x, axes=[0], keepdims=1)
    logits = graph.linear(pooled, p["heads.weight"] * np.float32(_SHARP), p["heads.bias"])
    numbers = helper.make_tensor_value_info("numbers", TensorProto.INT64, ["length"])
    positions = helper.make_tensor_value_info("places", TensorProto.INT64, ["length"])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(HEADS)])
    graph.write(path, [numbers, positions], logits, output)
