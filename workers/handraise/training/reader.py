"""The reader: a network of six layers, made of multilingual-e5-small, that learns from deep ones and the corpus.

The deep networks (teachers) have all twelve layers and are tuned on the corpus from different seeds: some on texts that
stand alone, the others on these and on texts after the turns before them. The reader begins with every second layer of
the first of these others. What stands before a text is marked by a vector that is added to its pieces, at first zero.

Then each part of the reader but the last learns to say what the whole reader says, with the layers left as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from onnx import TensorProto, helper

from handraise.detection.heads import HEADS
from handraise.detection.pieces import MOST, Cut, Pieces
from handraise.detection.reader import NETWORKS, PARTS, PIECES, fitting
from handraise.training.base import ATTENTION_HEADS, EPSILON, LAYERS, WIDTH, Floats, base
from handraise.training.graphs import Graph
from handraise.training.tuning import SHARP, early_heads, layers_of, lesson_of, new_heads, said_by, tune

TEACHERS: Final = 3
"""Of either kind."""
KEPT: Final = (1, 3, 5, 7, 9, 11)
"""Which of a teacher's layers the reader begins with."""
_IN_A_PART: Final = len(KEPT) // PARTS
_EARLY_TEXTS: Final = 40_000
"""From so many texts its parts learn what the whole says of them."""
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
    reader = with_early_words(reader, texts)
    lines = (f"{piece}\t{score:.4f}\n" for piece, score in zip(published.pieces, published.scores, strict=True))
    known_pieces = "".join(lines).encode()
    (folder / PIECES).write_bytes(known_pieces)
    write(reader, folder, known_pieces)


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


def with_early_words(reader: Mapping[str, Floats], texts: Sequence[Cut]) -> dict[str, Floats]:
    """The reader, with what each of its parts but the last needs to say what the whole would."""
    every = dict(reader)
    if len(texts) > _EARLY_TEXTS:
        chosen = np.random.default_rng(0).choice(len(texts), _EARLY_TEXTS, replace=False)
        texts = [texts[at] for at in chosen]
    whole = said_by(reader, texts).logits
    for part in range(1, PARTS):
        vectors = said_by(layers_of(reader, range(part * _IN_A_PART)), texts).vectors
        every |= {f"early{part}.{name}": value for name, value in early_heads(vectors, whole, part).items()}
    return every


def write(p: Mapping[str, Floats], folder: Path, pieces: bytes) -> None:
    """Write a network's parts into a folder, each from what comes out of the one before to the heads' logits.

    The first is given the numbers of a text's pieces and their places, and each where the text's own pieces begin.

    Args:
        p: the network.
        folder: the folder to write to.
        pieces: its word pieces, as their file.
    """
    whole = zlib.crc32(b"".join(p[name].tobytes() for name in sorted(p)))
    for at, name in enumerate(NETWORKS):
        _write_part(p, at, folder / name, fitting(at + 1, f"{whole:08x}", pieces))


def _write_part(p: Mapping[str, Floats], at: int, path: Path, told: Mapping[str, str]) -> None:
    graph = Graph()
    op, constant = graph.op, graph.constant

    def linear(x: str, name: str) -> str:
        return graph.linear(x, p[f"{name}.w"].T, p[f"{name}.b"])

    def normalised(x: str, name: str) -> str:
        return graph.normalised(x, p[f"{name}.w"], p[f"{name}.b"], EPSILON)

    def split(x: str, *order: int) -> str:
        shape = constant(np.array([-1, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS]))
        return op("Transpose", op("Reshape", x, shape), perm=order)

    def of_its_own(x: str) -> str:
        return op("Slice", x, "own", constant(np.array([MOST])), constant(np.array([0])))

    own = helper.make_tensor_value_info("own", TensorProto.INT64, [1])
    if at:
        inputs, x = [helper.make_tensor_value_info("inner", TensorProto.FLOAT, ["length", WIDTH]), own], "inner"
    else:
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["length"]) for name in ("numbers", "places")]
        inputs.append(own)
        stands_before = op("Unsqueeze", op("Less", "places", "own"), constant(np.array([1])))
        before = op("Where", stands_before, constant(p["emb.before"]), constant(np.float32(0)))
        words = op("Gather", constant(p["emb.word"]), "numbers")
        x = op("Add", op("Add", words, op("Gather", constant(p["emb.place"]), "places")), before)
        x = normalised(x, "emb.ln")
    for layer in range(at * _IN_A_PART, (at + 1) * _IN_A_PART):
        name = f"l{layer}"
        # Of what the last layer makes of the pieces before a text nothing comes of.
        goes_on = of_its_own(x) if layer == len(KEPT) - 1 else x
        query, value = split(linear(goes_on, f"{name}.q"), 1, 0, 2), split(linear(x, f"{name}.v"), 1, 0, 2)
        key = split(linear(x, f"{name}.k"), 1, 2, 0)
        scores = op("Mul", op("MatMul", query, key), constant(np.float32(1 / np.sqrt(WIDTH // ATTENTION_HEADS))))
        attention = op("Transpose", op("MatMul", op("Softmax", scores, axis=-1), value), perm=(1, 0, 2))
        joined = linear(op("Reshape", attention, constant(np.array([-1, WIDTH]))), f"{name}.ao")
        x = normalised(op("Add", goes_on, joined), f"{name}.aln")
        x = normalised(op("Add", x, linear(graph.bent(linear(x, f"{name}.fi")), f"{name}.fo")), f"{name}.oln")
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(HEADS)])
    if at + 1 == PARTS:
        pooled = op("ReduceMean", x, axes=[0], keepdims=1)
        outputs = {graph.linear(pooled, p["heads.w"] * np.float32(SHARP), p["heads.b"]): logits}
    else:
        pooled = op("ReduceMean", of_its_own(x), axes=[0], keepdims=1)
        early = f"early{at + 1}"
        outputs = {
            linear(graph.bent(linear(pooled, f"{early}.in")), f"{early}.out"): logits,
            x: helper.make_tensor_value_info("inner_out", TensorProto.FLOAT, ["length", WIDTH]),
        }
    graph.write(path, inputs, outputs, told)
