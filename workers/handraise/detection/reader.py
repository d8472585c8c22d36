"""The careful learned model: a network that reads a text whole, a hundred times slower than the n-grams.

It is a small transformer that reads all the languages, made of multilingual-e5-small and tuned on the corpus, and runs
on onnxruntime with weights in 8 bits. It reads a text with the turns before it, where there are any: what is asked for
with "the 19th", and whether "brilliant" is meant, they tell. Each text is read by itself, so that no score depends on
what it is batched with.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
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

NETWORK: Final = "reader.onnx"
PIECES: Final = "pieces.txt"

_REMEMBERED: Final = 4_096


def fitting(pieces: bytes) -> dict[str, str]:
    """What a network says of itself: the heads that it scores, and the word pieces, as their file, that it knows."""
    return {"heads": " ".join(HEADS), "pieces": f"{zlib.crc32(pieces):08x}"}


class Reader:
    """The network and its word pieces; what was read lately with nothing before it is remembered."""

    def __init__(self, network: bytes, pieces: bytes) -> None:
        """The network and its word pieces as training wrote them.

        Raises:
            ValueError: they do not belong together, or the network scores other heads than there are.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Final = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        told = self._session.get_modelmeta().custom_metadata_map
        if told != fitting(pieces):
            raise ValueError("the reader's network is not of these pieces or heads: make train ARGS=--reader")
        lines = [line.split("\t") for line in pieces.decode().split("\n")[:-1]]
        self._pieces: Final = Pieces([piece for piece, _ in lines], [float(score) for _, score in lines])
        self._places: Final = np.arange(MOST, dtype=np.int64)
        self._own: Final = np.ones((MOST, 1), dtype=np.float32)
        self._read = dict[tuple[int, ...], "npt.NDArray[np.float64]"]()

    @classmethod
    def load(cls, folder: Path | None = None) -> Reader:
        """Read what training wrote into a folder, by default the package's."""
        where = resources.files("handraise.detection") / "models" if folder is None else folder
        return cls((where / NETWORK).read_bytes(), (where / PIECES).read_bytes())

    def logits(self, tokens: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
        """The log-odds of every head for each text that has none before it, given as its tokens (texts by heads)."""
        return np.array([self.read(words) for words in tokens]).reshape(-1, len(HEADS))

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> npt.NDArray[np.float64]:
        """The log-odds of every head for one text.

        Several threads may ask at once.

        Args:
            tokens: of the text.
            before: of the turns before it, the oldest first; the last two are read.
        """
        cut = self._pieces.read_after(before, tokens)
        known = None if cut.own else self._read.get(cut.pieces)
        if known is None:
            length = len(cut.pieces)
            own = self._own[:length]
            if cut.own:
                own = own.copy()
                own[: cut.own] = 0.0
            feed = {"numbers": np.array(cut.pieces, dtype=np.int64), "places": self._places[:length], "own": own}
            known = self._session.run(None, feed)[0][0].astype(np.float64)
            if not cut.own:
                if len(self._read) >= _REMEMBERED:
                    self._read.clear()
                self._read[cut.pieces] = known
        return known


@cache
def default_reader() -> Reader:
    """The reader of the package, loaded once in a process."""
    return Reader.load()
