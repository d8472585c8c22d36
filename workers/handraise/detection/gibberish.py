"""Key mashing and noise, told from words that are merely unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LATIN_WORD: Final = re.compile(r"[a-zA-Z]+")
_VOWELS: Final = re.compile(r"[aeiouyàâäáãåéèêëíìîïóòôöõúùûü]", re.IGNORECASE)
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_RUN: Final = 4
_CONSONANTS: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}", re.IGNORECASE)
_REPEATED: Final = re.compile(r"(\w{2,4})\1{2,}|(\w)\2{4,}", re.IGNORECASE)
_LONG: Final = 25
_SYMBOL_NOISE: Final = re.compile(r"[^\w\s]{4,}")


def looks_mashed(word: str) -> bool:
    """Whether a word is one that no language would have: a run along a row of keys, no vowels, repetitions."""
    if not _LATIN_WORD.fullmatch(word) or len(word) < _RUN:
        return False
    lower = word.lower()
    vowels = len(_VOWELS.findall(lower))
    if vowels == 0 or len(lower) > _LONG or _CONSONANTS.search(lower) or _REPEATED.search(lower):
        return True
    for row in _ROWS:
        for line in (row, row[::-1]):
            if any(line[i : i + _RUN] in lower for i in range(len(line) - _RUN + 1)) and lower not in _WORDS_ON_ROWS:
                return True
    return len(lower) > _LONG_ENOUGH and vowels / len(lower) < _FEW_VOWELS


_LONG_ENOUGH: Final = 7
_FEW_VOWELS: Final = 0.2
"""Longer words with a smaller share of vowels are no words of a Latin script."""
_PICTURES: Final = 0x2000
"""Symbols, arrows and emoji begin here: they say something."""
_WORDS_ON_ROWS: Final = frozenset(
    {"property", "poverty", "qwerty", "powerpoint", "liberty", "puberty", "route", "tyre"}
)


def is_gibberish(words: Sequence[str], text: str) -> bool:
    """Whether a text without one known word is noise. `words` are its unknown words; links and emoji are not given."""
    if not words:
        stripped = text.strip()
        return (
            bool(stripped)
            and stripped.isprintable()
            and bool(_SYMBOL_NOISE.fullmatch(stripped))
            and (any(mark not in ".!?…" for mark in stripped) and all(ord(mark) < _PICTURES for mark in stripped))
        )
    return sum(map(looks_mashed, words)) * 2 > len(words)


SAYING_NOTHING: Final = frozenset("bcdfglnpqtvy")
"""Letters that mean nothing however often they come: "kkkk", "jjjj" and "hhhh" laugh, "mmm" hums, "aaaa" may scream."""


def is_one_key_held(text: str) -> bool:
    """Whether a text, as it was written, is nothing but keys held down: a phone in a pocket."""
    words = _LATIN_WORD.findall(text)
    held = [word.lower() for word in words if len(word) >= _RUN]
    alone = all(len(word) == 1 or len(word) >= _RUN for word in words)
    return bool(held) and alone and all(len(set(word)) == 1 and word[0] in SAYING_NOTHING for word in held)
