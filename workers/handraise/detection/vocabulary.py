"""From words as they are written to the symbols with which phrases are matched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from handraise.detection.normalise import fold, is_masked, umlaut_spelling
from handraise.detection.phrases import (
    ASK,
    CRY,
    FIRST_WORD,
    LAST_WORD,
    LINK,
    NAME,
    NUMBER,
    STOP,
    UNKNOWN,
    Word,
)

_ELONGATED: Final = re.compile(r"(.)\1{2,}")
_DOUBLED: Final = re.compile(r"(.)\1+")
_ARABIC_PREFIXES: Final = ("وبال", "وال", "فال", "بال", "كال", "ولل", "لل", "ال", "و", "ف", "ب", "ل", "ك")
_ARABIC_LEAST: Final = 3
_POSSESSIVE: Final = "'s"
_TYPO_LEAST: Final = 5


class Vocabulary:
    """All words that the lexicons mention, each with its symbol.

    A word is looked up as it is folded; then as the longest known beginning (`asesor*`); then without Arabic
    prefixes, without lengthening ("pleeease"), without a possessive; then as a mistyped anchor word.
    """

    def __init__(self, words: Iterable[Word], anchors: Iterable[str], not_typos: Iterable[str]) -> None:
        words = list(dict.fromkeys(words))
        literals = sorted({word.text for word in words if not word.prefix})
        prefixes = sorted({word.text for word in words if word.prefix})
        if FIRST_WORD + len(literals) + len(prefixes) > LAST_WORD:
            raise ValueError("more words than symbols: widen the range of symbols")
        self._literals: Final = {word: chr(FIRST_WORD + i) for i, word in enumerate(literals)}
        self._prefixes: Final = {word: chr(FIRST_WORD + len(literals) + i) for i, word in enumerate(prefixes)}
        self._longest: Final = max(map(len, prefixes), default=0)
        covered: dict[str, list[str]] = {}
        for text, symbol in [*self._literals.items(), *self._prefixes.items()]:
            for end in range(1, len(text) + 1):
                if text[:end] in self._prefixes:
                    covered.setdefault(text[:end], []).append(symbol)
        self._covered: Final = {prefix: "".join(symbols) for prefix, symbols in covered.items()}
        self._typos: Final = _typos(anchors, {*literals, *not_typos})

    def symbols_of(self, word: Word) -> str:
        """The symbols of all words that a word of a phrase covers."""
        return self._covered[word.text] if word.prefix else self._literals[word.text]

    def add_aliases(self, aliases: Mapping[str, str]) -> None:
        """Let further spellings share the symbol of a known word."""
        for alias, word in aliases.items():
            if word in self._literals:
                self._literals.setdefault(alias, self._literals[word])

    def corrected(self, word: str) -> str:
        """The anchor word of which a folded word is a mistyping, or the word itself."""
        return word if self._exact(word) else self._typos.get(word, word)

    def known(self, word: str) -> str:
        """The symbol of a folded word, or nothing if no lexicon has it in any form."""
        return self._exact(word) or self._respelt(word)

    def _exact(self, word: str) -> str:
        if word in self._literals:
            return self._literals[word]
        for end in range(min(len(word), self._longest), 0, -1):
            if word[:end] in self._prefixes:
                return self._prefixes[word[:end]]
        return ""

    def _respelt(self, word: str) -> str:
        if "\u0600" <= word[:1] <= "\u06ff":
            for prefix in _ARABIC_PREFIXES:
                rest = word.removeprefix(prefix)
                if rest != word and len(rest) >= _ARABIC_LEAST and (symbol := self._exact(rest)):
                    return symbol
        if _ELONGATED.search(word):
            for shorter in (_ELONGATED.sub(r"\1\1", word), _ELONGATED.sub(r"\1", word), _DOUBLED.sub(r"\1", word)):
                if symbol := self._exact(shorter):
                    return symbol
        if word.endswith(_POSSESSIVE) and (symbol := self._exact(word.removesuffix(_POSSESSIVE))):
            return symbol
        if word in self._typos:
            return self._exact(self._typos[word])
        return ""

    def symbol(self, token: str) -> str:
        """The symbol of a token that is one word, a number, a link or the end of a sentence; else nothing."""
        first = token[0]
        if first in ".!?…؟۔।\n":
            return _end(token)
        if is_masked(token):
            return LINK
        word = fold(token)
        if not word:
            return ""
        if symbol := self.known(word):
            return symbol
        if first.isdigit():
            return NUMBER
        if word[0].isalnum():
            return NAME if first.isupper() and not token.isupper() else UNKNOWN
        return ""


def _end(token: str) -> str:
    if "?" in token or "؟" in token:
        return ASK
    if "!" in token:
        return CRY
    if token[0] in "۔।\n" or token in (".", "؟"):
        return STOP
    return ""


def _typos(anchors: Iterable[str], taken: set[str]) -> dict[str, str]:
    """Every likely mistyping of an anchor word, by the anchor.

    A spelling that is a word of a lexicon, or in `not_typos`, is left alone; of two anchors the first keeps it.
    """
    found: dict[str, str] = {}
    for anchor in anchors:
        for typo in _mistypings(anchor):
            if typo not in taken:
                found.setdefault(typo, anchor)
    return found


def _mistypings(word: str) -> Iterable[str]:
    """Two letters swapped; from five letters on also one left out, doubled, or hit beside the right one."""
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if len(word) < _TYPO_LEAST:
        return
    for i, letter in enumerate(word):
        head, tail = word[:i], word[i + 1 :]
        if i:
            yield head + tail
        yield head + letter + letter + tail
        for other in _BESIDE.get(letter, ""):
            yield head + letter + other + tail
            if i:
                yield head + other + tail
                yield head + other + letter + tail


_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS: Final = "aeiou"


def _neighbours() -> dict[str, str]:
    """The letters beside each letter on a keyboard, and for a vowel the other vowels, which are confused by ear."""
    beside = dict[str, set[str]]()
    for upper, lower in zip(_ROWS, (*_ROWS[1:], ""), strict=True):
        for i, letter in enumerate(upper):
            for other in (*upper[i + 1 : i + 2], *lower[max(0, i - 1) : i + 1]):
                beside.setdefault(letter, set()).add(other)
                beside.setdefault(other, set()).add(letter)
    for vowel in _VOWELS:
        beside[vowel].update(set(_VOWELS) - {vowel})
    return {letter: "".join(sorted(others)) for letter, others in beside.items()}


_BESIDE: Final = _neighbours()


def aliases_of(word: str) -> Iterable[str]:
    """Other ways in which a word of a lexicon, as its author wrote it, is spelt."""
    if any(letter in word.casefold() for letter in "äöü"):
        yield umlaut_spelling(word)
