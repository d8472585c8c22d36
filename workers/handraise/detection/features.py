"""From a text's tokens to the numbers of its n-grams: what the learned model is trained on and scores by.

The features are words, pairs of neighbouring words, and the runs of 2 to 5 characters within each word. Each is hashed
to one of `SIZE` numbers (feature hashing: Weinberger et al., 2009), so that no vocabulary has to be kept and a word
that was never seen still shares most of its runs with words that were.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from handraise.detection.normalise import fold, is_masked
from handraise.detection.romanised import romanised

BITS: Final = 19
SIZE: Final = 1 << BITS
"""How many numbers features are hashed to."""

SHORTEST: Final = 2
LONGEST: Final = 5
"""The runs of characters that count, in code points; a word's ends count as one each."""

FIRST: Final = "\x02"
LAST: Final = "\x03"
"""The words that stand before the first and after the last of every text."""

_SHOUT: Final = "\x04"
"""The feature that a word in capitals has besides those of the word."""
_LINK: Final = "\x05"
_LONGEST_WORD: Final = 40
_ELONGATED: Final = re.compile(r"(\D)\1{2,}")
_SHORTEST_SHOUT: Final = 3
_LEFT: Final = np.uint32(0x9E3779B1)
_RIGHT: Final = np.uint32(0x85EBCA77)
_SHIFT: Final = np.uint32(32 - BITS)


LONG: Final = 600
"""Features from which a text is long: from there on, what one of them weighs falls with their number, not with its
square root, so that many small leanings of plain words do not add up to a certainty."""


def word_of(token: str) -> str:
    """A token as the model reads it, empty for white space.

    Folded, Hindi in Latin letters, with letters that are repeated for emphasis cut to two, and the figures of a number
    hidden, since what they are says nothing of what is meant; how many they are may.
    """
    if is_masked(token):
        return _LINK
    if token.isspace():
        return ""
    word = _ELONGATED.sub(r"\1\1", fold(romanised(token)))[:_LONGEST_WORD]
    if word[:1].isdigit():
        return "0" * min(len(word), 6)
    return word


def hash_of_word(word: str) -> int:
    """The 32 bits by which a word is known, the same in every process."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def is_shouted(token: str) -> bool:
    """Whether a token is written in capitals for emphasis."""
    return len(token) >= _SHORTEST_SHOUT and token.isupper()


def features_of(token: str, word: str) -> list[int]:
    """The features of one token: its word, the runs of characters in it, and whether it is in capitals."""
    found = [hash_of_word(f"={word}") & (SIZE - 1)]
    if word[:1].isalnum():
        held = f"<{word}>"
        found += [
            hash_of_word(held[at : at + length]) & (SIZE - 1)
            for length in range(SHORTEST, LONGEST + 1)
            for at in range(len(held) - length + 1)
        ]
        if is_shouted(token):
            found.append(hash_of_word(_SHOUT) & (SIZE - 1))
    return found


def weight_of_one(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """What one feature weighs in texts of so many."""
    result: npt.NDArray[np.float64] = np.minimum(1.0, np.sqrt(LONG / counts)) / np.sqrt(counts)
    return result


def pairs(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The features of pairs of words, from the words' hashes (two arrays of one length)."""
    mixed = (left * _LEFT) ^ (right * _RIGHT + _LEFT)
    mixed ^= mixed >> np.uint32(15)
    mixed *= _RIGHT
    mixed ^= mixed >> np.uint32(13)
    return (mixed * _LEFT) >> _SHIFT


def features(tokens: Iterable[str]) -> npt.NDArray[np.uint32]:
    """All features of a text's tokens, with repetition. That the model scores by the same ones is tested."""
    read = [(token, word) for token in (FIRST, *tokens, LAST) if (word := word_of(token))]
    hashes = np.array([hash_of_word(word) for _, word in read], dtype=np.uint32)
    own = [number for token, word in read for number in features_of(token, word)]
    return np.concatenate([np.array(own, dtype=np.uint32), pairs(hashes[:-1], hashes[1:])])
