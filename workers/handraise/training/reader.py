"""The reader: a network of six layers, made of multilingual-e5-small, that learns from deep ones and the corpus.

The deep networks (teachers) have all twelve layers and are tuned on the corpus from different seeds. The reader begins
with every second layer of the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from handraise.detection.heads import HEADS
from handraise.detection.pieces import Pieces
from handraise.detection.reader import NETWORK, PIECES, fitting
from handraise.training.base import ATTENTION_HEADS, EPSILON, LAYERS, WIDTH, Floats, base
from handraise.training.graphs import Graph
from handraise.training.tuning import SHARP, layers_of, lesson_of, new_heads, tune

TEACHERS: Final = 3
KEPT: Final = (1, 3, 5, 7, 9, 11)
"""Which of a teacher's layers the reader begins with."""
_TEACHERS_RATE: Final = 1.5e-4
_TEACHERS_EPOCHS: Final = 3
_RATE: Final = 3e-4
_EPOCHS: Final = 9


def tune_and_write(tokens: Sequence[Sequence[str]], holds: Floats, known: Floats, folder: Path) -> None:
    """Tune the reader on all rows, given as the tokens of their texts, and write it with the word pieces."""
    published = base(tokens)
    cut = Pieces(published.pieces, published.scores).read
    pieces = [cut(text) for text in tokens]
    teachers = [teacher(published.weights, pieces, holds, known, seed) for seed in range(TEACHERS)]
    reader = student(teachers, pieces, holds, known)
    lines = (f"{piece}\t{score:.4f}\n" for piece, score in zip(published.pieces, published.scores, strict=True))
    known_pieces = "".join(lines).encode()
    (folder / PIECES).write_bytes(known_pieces)
    write(reader, folder / NETWORK, fitting(known_pieces))


def teacher(
    weights: Mapping[str, Floats], pieces: Sequence[Sequence[int]], holds: Floats, known: Floats, seed: int
) -> dict[str, Floats]:
    """The published network, tuned whole."""
    start = {**layers_of(weights, range(LAYERS)), **new_heads(holds.shape[1], seed)}
    return tune(start, pieces, holds, known, rate=_TEACHERS_RATE, epochs=_TEACHERS_EPOCHS, seed=seed)


def student(
    teachers: Sequence[Mapping[str, Floats]], pieces: Sequence[Sequence[int]], holds: Floats, known: Floats
) -> dict[str, Floats]:
    """The reader, taught."""
    lesson = lesson_of(teachers, pieces)
    return tune(layers_of(teachers[0], KEPT), pieces, holds, known, rate=_RATE, epochs=_EPOCHS, lesson=lesson)


def write(p: Mapping[str, Floats], path: Path, told: Mapping[str, str]) -> None:
    """Write a network from one text, given as the numbers of its pieces and their places, to the heads' logits."""
    graph = Graph()
    op, constant = graph.op, graph.constant

    def linear(x: str, name: str) -> str:
        return graph.linear(x, p[f"{name}.w"].T, p[f"{name}.b"])

    def normalised(x: str, name: str) -> str:
        return graph.normalised(x, p[f"{name}.w"], p[f"{name}.b"], EPSILON)

    def split(x: str, *order: int) -> str:
        shape = constant(np.array([-1, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS]))
        return op("Transpose", op("Reshape", x, shape), perm=order)

    words = op("Gather", constant(p["emb.word"]), "numbers")
    x = normalised(op("Add", words, op("Gather", constant(p["emb.place"]), "places")), "emb.ln")
    for layer in range(len(KEPT)):
        name = f"l{layer}"
        query, value = split(linear(x, f"{name}.q"), 1, 0, 2), split(linear(x, f"{name}.v"), 1, 0, 2)
        key = split(linear(x, f"{name}.k"), 1, 2, 0)
        scores = op("Mul", op("MatMul", query, key), constant(np.float32(1 / np.sqrt(WIDTH // ATTENTION_HEADS))))
        attention = op("Transpose", op("MatMul", op("Softmax", scores, axis=-1), value), perm=(1, 0, 2))
        joined = linear(op("Reshape", attention, constant(np.array([-1, WIDTH]))), f"{name}.ao")
        x = normalised(op("Add", x, joined), f"{name}.aln")
        inner = linear(x, f"{name}.fi")
        # Written so that onnxruntime knows it for a GELU, and works it out in one pass instead of five.
        bent = op("Add", op("Erf", op("Div", inner, constant(np.float32(np.sqrt(2))))), constant(np.float32(1)))
        inner = op("Mul", op("Mul", inner, bent), constant(np.float32(0.5)))
        x = normalised(op("Add", x, linear(inner, f"{name}.fo")), f"{name}.oln")
    pooled = op("ReduceMean", x, axes=[0], keepdims=1)
    logits = graph.linear(pooled, p["heads.w"] * np.float32(SHARP), p["heads.b"])
    numbers = helper.make_tensor_value_info("numbers", TensorProto.INT64, ["length"])
    positions = helper.make_tensor_value_info("places", TensorProto.INT64, ["length"])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(HEADS)])
    graph.write(path, [numbers, positions], logits, output, told)
