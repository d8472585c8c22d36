"""The reader, tuned further on rows that it does not know yet: on two cores in the time of a meal, and no GPU.

The new rows are learned by their labels. So that nothing else is forgotten, more of the old ones are learned again, by
their labels and by what the reader itself said of them (Li and Hoiem, 2016, "Learning without Forgetting"). The vectors
of its word pieces stay as they are, and its weights go only some of the way to where that leads (Wortsman et al., 2022,
"Robust fine-tuning of zero-shot models").

What it says of an AI's turns is to be learned anew after it (`answers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import numpy_helper

from handraise.detection.heads import ASSISTANT_SIGNALS, HEADS
from handraise.detection.pieces import Pieces
from handraise.detection.reader import NETWORKS, PARTS, PIECES
from handraise.training.base import WIDTH, Floats
from handraise.training.graphs import STEPS
from handraise.training.reader import KEPT, Tokens, with_early_words, write
from handraise.training.tuning import PRIOR, SHARP, said_by, tune

OLD: Final = 30_000
"""So many old texts at most are learned again, half of them after the turns before them."""
_OF_ITS_OWN: Final = 0.8
"""What the reader's own word on an old text counts, and not the labels."""
WAY: Final = 0.7
"""How far its weights go, if nothing else is said. With the fifteenth to nineteenth wave, 0, .45, .7 and 1 of the way,
complaints of the nineteenth that were held out had an F1 of .71, .74, .77 and .78, those of the seventh .96, .97, .97
and .97, and the loss on posts to brands, of which none of these waves has any, was .059, .062, .065 and .070 (of the
reader alone, by a script that is not kept)."""
EPOCHS: Final = 3
_RATE: Final = 8e-5
_LEAST: Final = 1e-12
"""What the largest weight of a column is taken for at least, so that one without any is rounded too."""
_LEFT: Final = ("emb.word", "emb.place")
_BEGINNING: Final = ("emb.before", "emb.word", "emb.place", "emb.ln.w", "emb.ln.b")
_LAYER: Final = tuple(f"{of}.{what}" for of in ("q", "v", "k", "ao", "aln", "fi", "fo", "oln") for what in ("w", "b"))
"""What `reader.write` writes of a layer, in that order."""
_EARLY: Final = ("early.in.w", "early.in.b", "early.out.w", "early.out.b")
_HEADS: Final = ("heads.w", "heads.b")


def tune_further(
    tokens: Sequence[Tokens],
    before: Sequence[Sequence[Tokens]],
    holds: Floats,
    known: Floats,
    times: Sequence[int],
    folder: Path,
    way: float = WAY,
) -> None:
    """Tune the reader of a folder on texts and write it there.

    Args:
        tokens: of each text.
        before: the turns before each, the oldest first.
        holds: what holds of each (texts by heads).
        known: where that is known (texts by heads).
        times: how often each is learned in a pass, as one that the reader does not know; 0 for those it knows.
        folder: with the reader, which is written anew.
        way: how far its weights go, from 0 to 1.

    Raises:
        ValueError: the folder's reader is not as training writes it.
    """
    start, pieces = read(folder), (folder / PIECES).read_bytes()
    read_after = Pieces.stored(pieces).read_after
    texts = [read_after(turns, own) for turns, own in zip(before, tokens, strict=True)]
    old = sample([at for at, count in enumerate(times) if not count], before)
    new = [at for at, count in enumerate(times) for _ in range(count)]
    own = 1 / (1 + np.exp(-said_by(start, [texts[at] for at in old]).logits))
    taught = _OF_ITS_OWN * own + (1 - _OF_ITS_OWN) * holds[old]
    answers = slice(len(HEADS) - len(ASSISTANT_SIGNALS), None)
    taught[:, answers] = holds[old, answers]
    chosen = [*old, *new]
    tuned = tune(
        start,
        [texts[at] for at in chosen],
        np.concatenate([taught, holds[new]]).astype(np.float32),
        known[chosen],
        rate=_RATE,
        epochs=EPOCHS,
        left=_LEFT,
    )
    reader = rounded({name: value + np.float32(way) * (tuned[name] - value) for name, value in start.items()})
    write(with_early_words(reader, texts), folder, pieces)


def rounded(network: Mapping[str, Floats]) -> dict[str, Floats]:
    """A network whose layers' weights are some of those in which they are written (`graphs.Graph.write`), by lot.

    They begin as such, and tuning moves nearly all of them by less than half the way to the next: rounded to the
    nearest, they would come out as they began. So each goes to one of its two neighbours, the likelier the nearer that
    is, and on average nothing is lost ("stochastic rounding": Gupta et al., 2015).
    """
    random = np.random.default_rng(0)
    found = dict(network)
    for name, value in sorted(network.items()):
        if re.fullmatch(r"l\d+\.\w+\.w", name) and value.ndim > 1:
            step = np.maximum(np.abs(value).max(axis=1, keepdims=True), _LEAST) / STEPS
            lots = random.random(value.shape, dtype=np.float32)
            found[name] = (step * np.clip(np.floor(value / step + lots), -STEPS, STEPS)).astype(np.float32)
    return found


def sample(old: Sequence[int], before: Sequence[Sequence[Tokens]]) -> list[int]:
    """Of these texts `OLD` at most: half of them with turns before them, as far as there are."""
    random = np.random.default_rng(0)
    groups = [at for at in old if before[at]], [at for at in old if not before[at]]
    return [at for group in groups for at in random.permutation(group)[: OLD // 2].astype(int).tolist()]


def read(folder: Path) -> dict[str, Floats]:
    """The layers and heads of a folder's reader, from the files that `reader.write` wrote.

    Its weights are what they were rounded to. The heads for what an AI says are new ones.

    Raises:
        ValueError: the files hold something else.
    """
    found = dict[str, Floats]()
    in_a_part = len(KEPT) // PARTS
    for part, name in enumerate(NETWORKS):
        layers = [f"l{part * in_a_part + at}.{one}" for at in range(in_a_part) for one in _LAYER]
        names = [*(() if part else _BEGINNING), *layers, *(_HEADS if part + 1 == PARTS else _EARLY)]
        found |= dict(zip(names, _written(onnx.load(folder / name).graph, len(names)), strict=True))
    own = {name: one for name, one in found.items() if name not in _EARLY}
    customers, answers = len(HEADS) - len(ASSISTANT_SIGNALS), len(ASSISTANT_SIGNALS)
    weights = own["heads.w"][:, :customers] / np.float32(SHARP)
    return {
        **{name: np.ascontiguousarray(one.T if name[0] == "l" else one) for name, one in own.items()},
        "heads.w": np.concatenate([weights, np.zeros((WIDTH, answers), dtype=np.float32)], axis=1),
        "heads.b": np.concatenate([own["heads.b"][:customers], np.full(answers, PRIOR, dtype=np.float32)]),
    }


def _written(graph: onnx.GraphProto, count: int) -> list[Floats]:
    """Weights and offsets in the order in which they were written.

    Raises:
        ValueError: they are not so many.
    """
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = dict[int, Floats]()
    for name, value in stored.items():
        of = re.fullmatch(r"constant(\d+)(_quantized)?", name)
        if of is not None and of[2]:
            scale, zero = stored[f"constant{of[1]}_scale"], stored[f"constant{of[1]}_zero_point"]
            found[int(of[1])] = (value.astype(np.float32) - zero.astype(np.float32)) * scale
        elif of is not None and value.dtype == np.float32 and value.size > 1:
            found[int(of[1])] = value
    if len(found) != count:
        raise ValueError(f"{graph.name} has {len(found)} weights and offsets, not {count}: make train ARGS=--reader")
    return [one for _, one in sorted(found.items())]
