"""The careful learned model: a network that reads a text whole, a hundred times slower than the n-grams.

It is a small transformer that reads all the languages, made of multilingual-e5-small and tuned on the corpus, and runs
on onnxruntime with weights in 8 bits. It reads a text with the turns before it, where there are any: what is asked for
with "the 19th", and whether "brilliant" is meant, they tell. Each text is read by itself, so that no score depends on
what it is batched with.

Its layers are cut into parts, each of which has a word on the text, so that whoever is sure after the first need not
wait for the rest (early exits: Teerapittayanon et al., 2016; Schwartz et al., 2020).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
import onnxruntime

from handraise.detection.heads import HEADS
from handraise.detection.pieces import MOST, Pieces

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

PARTS: Final = 3
"""Of the network, of as many layers each."""
NETWORKS: Final = tuple(f"reader-{part}.onnx" for part in range(1, PARTS + 1))
PIECES: Final = "pieces.txt"


def fitting(part: int, network: str, pieces: bytes) -> dict[str, str]:
    """What a part of a network, counted from 1, says of itself.

    It says which part it is and of what, the heads that it scores, and the word pieces, as their file, that are read.
    """
    return {"part": f"{part}", "of": network, "heads": " ".join(HEADS), "pieces": f"{zlib.crc32(pieces):08x}"}


class Reader:
    """The parts of the network and its word pieces."""

    def __init__(self, networks: Sequence[bytes], pieces: bytes) -> None:
        """The parts of the network, in order, and its word pieces as training wrote them.

        Raises:
            ValueError: they do not belong together, or the network scores other heads than there are.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._parts: Final = [
            onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"]) for network in networks
        ]
        told: list[Mapping[str, str]] = [part.get_modelmeta().custom_metadata_map for part in self._parts]
        if told != [fitting(part, told[0].get("of", ""), pieces) for part in range(1, PARTS + 1)]:
            raise ValueError("the reader's network is not of these pieces or heads: make train ARGS=--reader")
        self._pieces: Final = Pieces.stored(pieces)
        self._places: Final = np.arange(MOST, dtype=np.int64)

    @classmethod
    def load(cls, folder: Path | None = None) -> Reader:
        """Read what training wrote into a folder, by default the package's."""
        where = resources.files("handraise.detection") / "models" if folder is None else folder
        return cls([(where / network).read_bytes() for network in NETWORKS], (where / PIECES).read_bytes())

    def logits(self, tokens: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
        """The log-odds of every head for each text that has none before it, by its last word (texts by heads).

        A text is given as its tokens.
        """
        return np.array([[*self.read(words)][-1] for words in tokens]).reshape(-1, len(HEADS))

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[npt.NDArray[np.float64]]:
        """The log-odds of every head for one text, by each of the network's parts: each word is surer than the last.

        A part is run when its word is asked for. Several threads may ask at once.

        Args:
            tokens: of the text.
            before: of the turns before it, the oldest first; the last two are read.
        """
        cut = self._pieces.read_after(before, tokens)
        own = np.array([cut.own])
        feed = {"numbers": np.array(cut.pieces, dtype=np.int64), "places": self._places[: len(cut.pieces)]}
        for part in self._parts:
            logits, *inner = part.run(None, {**feed, "own": own})
            yield logits[0].astype(np.float64)
            feed = dict(zip(("inner",), inner, strict=False))


@cache
def default_reader() -> Reader:
    """The reader of the package, loaded once in a process."""
    return Reader.load()
