"""How positive or negative a text sounds, from the words of the lexicons."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

from handraise.detection.lexicon import Lexicon
from handraise.detection.normalise import fold
from handraise.detection.phrases import ASK, CRY, STOP, Word
from handraise.detection.vocabulary import Vocabulary

NEGATIVE: Final = -0.25
POSITIVE: Final = 0.25
"""Texts at or below the one, at or above the other, are called negative and positive; between them, neutral."""

_NEGATED: Final = -0.7
"""What a negated word counts: "not good" is milder than "bad"."""
_REACH: Final = 3
_BUT: Final = 0.5
"""What comes before "but" counts by so much, since what matters follows."""
_SHOUT: Final = 1.25
_CRY: Final = 0.08
"""What each of up to three exclamation marks adds to the strength."""
_SOFTEN: Final = 0.7
"""The sum at which a text is three fifths as strong as it can be; larger values make scores milder."""

_ENDS: Final = frozenset((STOP, ASK, CRY))
_SHOUTED: Final = re.compile(r"\b[A-Z]{3,}\b.*\b[A-Z]{3,}\b", re.DOTALL)


def words_of_sentiment(lexicon: Lexicon) -> Iterable[Word]:
    """Every word that the lexicon's sentiment needs in the vocabulary."""
    for written in (*lexicon.sentiment.words, *lexicon.sentiment.intensifiers):
        yield _word(written)


def _word(written: str) -> Word:
    if len(written) > 1 and written.endswith("*"):
        return Word(fold(written[:-1]), prefix=True)
    return Word(fold(written))


class Valences:
    """The valences of one language's words, by symbol."""

    def __init__(
        self, lexicons: Iterable[Lexicon], vocabulary: Vocabulary, negators: frozenset[str], breakers: frozenset[str]
    ) -> None:
        words: dict[str, float] = {}
        factors: dict[str, float] = {}
        for lexicon in lexicons:
            _fill(words, lexicon.sentiment.words, vocabulary)
            _fill(factors, lexicon.sentiment.intensifiers, vocabulary)
        self._words: Final = words
        self._factors: Final = factors
        self._negators: Final = negators
        self._breakers: Final = breakers

    def score(self, symbols: str, text: str, tones: Iterable[tuple[int, int, float]]) -> float:
        """The sentiment of a text: from -1 to 1, 0 when nothing in it sounds like anything.

        `tones` are phrases that were judged as a whole: from symbol, to symbol, valence.
        """
        given = {start: (end, valence) for start, end, valence in tones}
        if not given and self._words.keys().isdisjoint(symbols):
            return 0.0
        total = self._sum(symbols, given)
        if not total:
            return 0.0
        strength = 1.0 + _CRY * min(3, text.count("!"))
        if _SHOUTED.search(text):
            strength *= _SHOUT
        total *= strength
        return total / math.sqrt(total * total + _SOFTEN * _SOFTEN)

    def _sum(self, symbols: str, given: Mapping[int, tuple[int, float]]) -> float:
        total, factor, negated, skip = 0.0, 1.0, 0, 0
        for at, symbol in enumerate(symbols):
            if at in given:
                skip, valence = given[at]
                total += valence
            if at < skip:
                continue
            if symbol in _ENDS:
                factor, negated = 1.0, 0
                continue
            if symbol in self._breakers:
                total, factor, negated = total * _BUT, 1.0, 0
            elif symbol in self._negators:
                negated = _REACH + 1
            elif symbol in self._factors:
                factor *= self._factors[symbol]
                continue
            valence = self._words.get(symbol, 0.0)
            if valence:
                total += valence * factor * (_NEGATED if negated else 1.0)
            factor = 1.0
            negated = max(0, negated - 1)
        return total


def _fill(values: dict[str, float], written: Mapping[str, float], vocabulary: Vocabulary) -> None:
    """Values by symbol; the more exact entry wins, whichever comes first."""
    for key in sorted(written, key=lambda key: (not key.endswith("*"), len(key))):
        for symbol in vocabulary.symbols_of(_word(key)):
            values[symbol] = written[key]
