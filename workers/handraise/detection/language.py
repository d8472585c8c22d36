"""Which language a text is in: from its script, its function words and the letters that only some languages use."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from typing import Final

from handraise.detection.lexicon import NAMES, Lexicon
from handraise.detection.normalise import fold

UNDETERMINED: Final = "und"

_BITS: Final = 32
"""Room for the votes of one language, which are unpacked as one integer of C."""

_FUNCTION: Final = 2
_TELLING: Final = 5
_OWN: Final = 1
_SCRIPT: Final = 8
_LETTER: Final = 4
_HINT: Final = 2
"""Votes: a function word, a word of one language alone, a word of its phrases alone, a script, a letter, the hint."""

_ENOUGH: Final = 1
_LETTERS: Final = (
    ("es", re.compile("[ñ¿¡]", re.IGNORECASE)),
    ("pt", re.compile("[ãõ]|ç[ãõa]o|lh[oã]", re.IGNORECASE)),
    ("fr", re.compile("[œèêùûîëï]", re.IGNORECASE)),
    ("de", re.compile("[ßäöü]", re.IGNORECASE)),
)
_DEVANAGARI: Final = re.compile("[\u0900-\u097f]")
_ARABIC: Final = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_NOT_ARABIC: Final = re.compile("[ٹڈڑےںگچپژہھ]")
_LATIN: Final = re.compile("[A-Za-z]")
_NAMES_OF_KNOWN: Final = ("eng", "spa", "por", "fra", "fre", "deu", "ger", "hin", "ara")
"""As some producers write them in full; the lexicons have the short ones."""
_NAMES_OF_NONE: Final = (UNDETERMINED, "mis", "mul", "zxx")
_NOT_FOREIGN: Final = frozenset((*(name.partition("_")[0] for name in NAMES), *_NAMES_OF_KNOWN, *_NAMES_OF_NONE))


def is_foreign(tag: str) -> bool:
    """Whether a tag names a language that detection does not know, and takes for another one."""
    return tag.lower().replace("_", "-").partition("-")[0] not in _NOT_FOREIGN


class Languages:
    """Counts votes of a text's tokens; votes of all languages are packed into one number, so that they add up fast."""

    def __init__(self, lexicons: Mapping[str, Lexicon], own_words: Mapping[str, frozenset[str]]) -> None:
        self._names: Final = tuple(lexicons)
        self._unit: Final = {name: 1 << (_BITS * i) for i, name in enumerate(self._names)}
        self._counts: Final = struct.Struct(f"<{len(self._names)}I")
        self._words: Final = _word_votes(lexicons, own_words, self._unit)
        self.votes: Final = _Votes(self)

    def lexicon(self, tokens: Iterable[str], hint: str | None) -> str:
        """The lexicon for a text: the language with most votes, or the hint, or `und`."""
        votes = sum(map(self.votes.__getitem__, tokens))
        hinted = self._hinted(hint, tokens) if hint else ""
        if hinted:
            votes += _HINT * self._unit[hinted]
        counts = self._counts.unpack(votes.to_bytes(self._counts.size, "little"))
        most = max(counts)
        if most < _ENOUGH or counts.count(most) > 1:
            return hinted or UNDETERMINED
        return self._names[counts.index(most)]

    def _hinted(self, hint: str, tokens: Iterable[str]) -> str:
        tag = hint.lower().replace("_", "-")
        name = tag.partition("-")[0]
        if name == "hi" and ("latn" in tag or any(_LATIN.match(token) for token in tokens)):
            name = "hi_latn"
        return name if name in self._unit else ""

    def vote(self, token: str) -> int:
        """The packed votes of one token."""
        if token.isascii():
            return self._words.get(fold(token), 0) if token[0].isalpha() else 0
        if _DEVANAGARI.search(token):
            return _SCRIPT * self._unit["hi"]
        if _ARABIC.search(token):
            return 0 if _NOT_ARABIC.search(token) else _SCRIPT * self._unit["ar"]
        letters = sum(_LETTER * self._unit[name] for name, letter in _LETTERS if letter.search(token))
        return self._words.get(fold(token), 0) + letters


class _Votes(dict[str, int]):
    """Votes by token, remembered."""

    _MOST = 100_000

    def __init__(self, languages: Languages) -> None:
        super().__init__()
        self._languages = languages

    def __missing__(self, token: str) -> int:
        if len(self) >= self._MOST:
            self.clear()
        votes = self[token] = self._languages.vote(token)
        return votes


def _word_votes(
    lexicons: Mapping[str, Lexicon], own_words: Mapping[str, frozenset[str]], unit: Mapping[str, int]
) -> dict[str, int]:
    votes = dict[str, dict[str, int]]()
    for name, lexicon in lexicons.items():
        for words, weight in (
            (lexicon.function_words, _FUNCTION),
            (lexicon.telling_words, _TELLING),
            (tuple(lexicon.expansions), _FUNCTION),
        ):
            for word in words:
                votes.setdefault(fold(word), {})[name] = weight
    for name, own in own_words.items():
        others = frozenset[str]().union(*(other for key, other in own_words.items() if key != name))
        for word in own - others:
            votes.setdefault(word, {}).setdefault(name, _OWN)
    return {word: sum(weight * unit[name] for name, weight in given.items()) for word, given in votes.items()}
