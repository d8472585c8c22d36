"""Hashes of a text's content words, so that a question asked again is recognised."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

MOST: Final = 32
_ENDINGS: Final = ("ings", "ing", "ies", "ied", "ed", "es", "s")
_STEM_LEAST: Final = 4


def hash_of(word: str) -> int:
    """The hash of a folded word without its usual English ending; the same in every process."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LEAST:
            word = word.removesuffix(ending)
            break
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def fingerprint(hashes: Iterable[int]) -> tuple[int, ...]:
    """The distinct hashes in order, the `MOST` smallest; 0 stands for a word without content."""
    return tuple(sorted(set(hashes) - {0})[:MOST])
