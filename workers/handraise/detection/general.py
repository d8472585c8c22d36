"""Words that may stand in any message, whatever it is about, as the hashes that a fingerprint has of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from handraise.detection.fingerprint import hash_of
from handraise.detection.lexicon import FOLDER
from handraise.detection.normalise import fold

_FILE: Final = "general.toml"
_LEAST_NUMBER: Final = 10
"""Smaller ones count something in most messages; others are a time, an amount, a name."""
_WRITINGS: Final = MappingProxyType({"hi": ("hi", "hi_latn", "en"), "und": ("en",)})
"""The ways of writing that are read in a language, where it is not one of that name."""


@cache
def general_words(language: str) -> frozenset[int]:
    """The hashes of the general words of a language, as `Signals.language` names it, and of small numbers."""
    every = _by_writing()
    return frozenset[int]().union(*(every.get(one, ()) for one in (*_WRITINGS.get(language, (language,)), "")))


@cache
def _by_writing() -> Mapping[str, frozenset[int]]:
    with (FOLDER / _FILE).open("rb") as file:
        stored = tomllib.load(file)
    found = {name: frozenset(hash_of(fold(word)) for word in words) for name, words in stored.items()}
    return {**found, "": frozenset(hash_of(str(number)) for number in range(_LEAST_NUMBER))}
