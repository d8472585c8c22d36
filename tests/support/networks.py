"""Readers that are small and of random weights, for the tests of training."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from handraise.detection.heads import HEADS
from handraise.detection.pieces import END, SPECIAL, START, Cut
from handraise.detection.reader import NETWORKS, PARTS, Reader
from tests.support.tools import for_training

for_training("torch", "onnx", "sklearn")
reader, tuning = (import_module(f"handraise.training.{name}") for name in ("reader", "tuning"))

Floats = npt.NDArray[np.float32]
Weights = dict[str, Floats]

WORDS: Final = ("▁which", "▁day", "?", "▁the", "▁nineteenth", "▁no", "▁brilliant")
PIECES: Final = "".join(f"{word}\t-5.0000\n" for word in WORDS).encode()
LONG, SHORT = ["brilliant"] * 24, ["the", "nineteenth"]
TURNS: Final = [["no"], ["which", "day", "?"]]


def network(layers: int, inner: int = 8) -> Weights:
    """A network of random weights that knows `WORDS`."""
    random, width = np.random.default_rng(1), tuning.WIDTH
    p: Weights = {}

    def linear(name: str, rows: int, columns: int) -> None:
        p[f"{name}.w"] = random.normal(0, 0.08, (rows, columns)).astype(np.float32)
        p[f"{name}.b"] = random.normal(0, 0.08, rows).astype(np.float32)

    def normalised(name: str) -> None:
        p[f"{name}.w"] = random.normal(1, 0.1, width).astype(np.float32)
        p[f"{name}.b"] = random.normal(0, 0.1, width).astype(np.float32)

    p["emb.word"] = random.normal(0, 1, (SPECIAL + len(WORDS), width)).astype(np.float32)
    p["emb.place"] = random.normal(0, 0.3, (128, width)).astype(np.float32)
    p["emb.before"] = random.normal(0, 0.5, width).astype(np.float32)
    normalised("emb.ln")
    for layer in range(layers):
        for part in ("q", "k", "v", "ao"):
            linear(f"l{layer}.{part}", width, width)
        linear(f"l{layer}.fi", inner, width)
        linear(f"l{layer}.fo", width, inner)
        normalised(f"l{layer}.aln")
        normalised(f"l{layer}.oln")
    return {**p, **tuning.new_heads(len(HEADS), 0)}


def whole_network() -> Weights:
    """A network of random weights whose parts have words of their own."""
    p, random = network(len(reader.KEPT)), np.random.default_rng(2)
    for part in range(1, PARTS):
        shapes = {"in.w": (9, tuning.WIDTH), "in.b": (9,), "out.w": (len(HEADS), 9), "out.b": (len(HEADS),)}
        for name, shape in shapes.items():
            p[f"early{part}.{name}"] = random.normal(0, 0.3, shape).astype(np.float32)
    return p


def cut(tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Cut:
    """Tokens, each of which is one of `WORDS`, after turns of such."""
    numbers = {word.removeprefix("▁"): SPECIAL + at for at, word in enumerate(WORDS)}
    found = [START]
    for turn in before:
        found += [*(numbers[token] for token in turn), END]
    own = len(found) if before else 0
    return Cut((*found, *(numbers[token] for token in tokens), END), own)


def written(p: Weights, folder: Path) -> Reader:
    """The reader of a network, as it is run."""
    reader.write(p, folder, PIECES)
    return Reader([(folder / name).read_bytes() for name in NETWORKS], PIECES)
