"""The reader: a network of six layers, made of multilingual-e5-small, that learns from deep ones and the corpus.

The deep networks (teachers) have all twelve layers and are tuned on the corpus from different seeds: some on texts that
stand alone, the others on these and on texts after the turns before them. The reader begins with every second layer of
the first of these others. What stands before a text is marked by a vector that is added to its pieces, at first zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from handraise.detection.heads import HEADS
from handraise.detection.pieces import Cut, Pieces
from handraise.detection.reader import NETWORK, PIECES, fitting
from handraise.training.base import ATTENTION_HEADS, EPSILON, LAYERS, WIDTH, Floats, base
from handraise.training.graphs import Graph
from handraise.training.tuning import SHARP, layers_of, lesson_of, new_heads, tune

TEACHERS: Final = 3
"""Of either kind."""
KEPT: Final = (1, 3, 5, 7, 9, 11)
"""Which of a teacher's layers the reader begins with."""
_TEACHERS_RATE: Final = 1.5e-4
_TEACHERS_EPOCHS: Final = 3
_RATE: Final = 3e-4
_EPOCHS: Final = 18

Tokens = Sequence[str]


def tune_and_write(
    tokens: Sequence[Tokens], before: Sequence[Sequence[Tokens]], holds: Floats, known: Floats, folder: Path
) -> None:
    """Tune the reader on texts and write it with the word pieces.

    Args:
        tokens: of each text.
        before: the turns before each, the oldest first.
        holds: what holds of each (texts by heads).
        known: where that is known (texts by heads).
        folder: the folder to write to.
    """
    published = base(tokens)
    read_after = Pieces(published.pieces, published.scores).read_after
    texts = [read_after(turns, own) for turns, own in zip(before, tokens, strict=True)]
    alone = [at for at, text in enumerate(texts) if not text.own]
    bare = [texts[i] for i in alone]
    seeds = range(TEACHERS)
    of_texts = [teacher(published.weights, bare, holds[alone], known[alone], seed) for seed in seeds]
    of_turns = [teacher(published.weights, texts, holds, known, seed) for seed in seeds]
    reader = student(of_texts, of_turns, texts, holds, known)
    lines = (f"{piece}\t{score:.4f}\n" for piece, score in zip(published.pieces, published.scores, strict=True))
    known_pieces = "".join(lines).encode()
    (folder / PIECES).write_bytes(known_pieces)
    write(reader, folder / NETWORK, fitting(known_pieces))


def teacher(
    weights: Mapping[str, Floats], texts: Sequence[Cut], holds: Floats, known: Floats, seed: int
) -> dict[str, Floats]:
    """The published network, tuned whole."""
    mark = {"emb.before": np.zeros(WIDTH, dtype=np.float32)}
    start = {**layers_of(weights, range(LAYERS)), **mark, **new_heads(holds.shape[1], seed)}
    return tune(start, texts, holds, known, rate=_TEACHERS_RATE, epochs=_TEACHERS_EPOCHS, seed=seed)


def student(
    of_texts: Sequence[Mapping[str, Floats]],
    of_turns: Sequence[Mapping[str, Floats]],
    texts: Sequence[Cut],
    holds: Floats,
    known: Floats,
) -> dict[str, Floats]:
    """The reader, taught by teachers of both kinds."""
    lesson = lesson_of(of_texts, of_turns, texts)
    return tune(layers_of(of_turns[0], KEPT), texts, holds, known, rate=_RATE, epochs=_EPOCHS, lesson=lesson)


def write(p: Mapping[str, Floats], path: Path, told: Mapping[str, str]) -> None:
    """Write a network from one text to the heads' logits.

    The text is given as the numbers of its pieces, their places, and whether each is its own (1) or stands before it.
    """
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
    before = op("Mul", op("Sub", constant(np.float32(1)), "own"), constant(p["emb.before"]))
    x = normalised(op("Add", op("Add", words, op("Gather", constant(p["emb.place"]), "places")), before), "emb.ln")
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
    total = op("ReduceSum", op("Mul", x, "own"), constant(np.array([0])), keepdims=1)
    pooled = op("Div", total, op("ReduceSum", "own", constant(np.array([0])), keepdims=1))
    logits = graph.linear(pooled, p["heads.w"] * np.float32(SHARP), p["heads.b"])
    numbers = helper.make_tensor_value_info("numbers", TensorProto.INT64, ["length"])
    positions = helper.make_tensor_value_info("places", TensorProto.INT64, ["length"])
    own = helper.make_tensor_value_info("own", TensorProto.FLOAT, ["length", 1])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(HEADS)])
    graph.write(path, [numbers, positions, own], logits, output, told)
