"""The detector: phrases and n-grams for every text, and the reader for those on which they are not sure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from handraise.detection.heads import CUSTOMER_SIGNALS, HEADS, INTENTS
from handraise.detection.lately import Lately, Said
from handraise.detection.mixture import GROUPS, Mixture, default_mixture, evidence
from handraise.detection.ngrams import NgramModel, default_ngrams
from handraise.detection.normalise import clip, fold, mask, original_offset
from handraise.detection.outright import SCORE, Place, default_outright
from handraise.detection.phrase_detector import PhraseDetector, default_phrases
from handraise.detection.reader import Reader, default_reader
from handraise.detection.signals import Intent, Signals, Span
from handraise.detection.tokens import EMOJI, TOKEN
from handraise.events import Sender

if TYPE_CHECKING:
    import numpy.typing as npt

DETECTOR_VERSION: Final = "learned-8"
"""Names what `detect` does; it changes whenever the same text may give other signals."""
FAST_VERSION: Final = f"{DETECTOR_VERSION}-fast"
"""Names what `detect_fast` does."""

_CAREFULLY: Final = (0.08, 0.98)
_ROUGHLY: Final = (0.15, 0.95)
DOUBT: Final = {
    "human_request": _CAREFULLY,
    "complaint": _ROUGHLY,
    "high_value": _CAREFULLY,
    "distress": _ROUGHLY,
    "crisis": (0.02, 0.98),
    "affirm": _CAREFULLY,
    "admission": _ROUGHLY,
    "promise": _ROUGHLY,
}
"""The signals for which the reader is asked when they are in doubt, and between which scores of the faster models they
are. Rough ones spare a quarter of the reading, and decide as many conversations rightly; requests read so would be
missed more often. Danger is so rare, and missed so dearly, that it is in doubt sooner than anything else."""

_SOONER: Final = 0.5
"""In other languages than English, where the n-grams know less, doubt begins at this share of the lower scores."""

_SHOWN: Final = 0.2
"""From this score, words are shown as evidence."""
_MOST_WORDS: Final = 3
_LEAST_SHARE: Final = 0.15
"""A word is shown if it added to the log-odds at least so much."""
_CALM: Final = 0.55
"""How negative a text that is surely negative is at least; the rest is for distress."""
_TELLING: Final = re.compile(rf"\w|[{EMOJI}]")
"""What may be shown as evidence: words and pictures, not marks."""
_KNOWN: Final = re.compile("[A-Za-z\u00c0-\u024f\u0600-\u06ff\u0900-\u097f]")
"""Letters of the scripts that the learned models have seen."""
_INTENTS: Final = tuple(Intent)
_DEPARTMENT: Final = ("human", "resources")
_SURE_PROMISE: Final = 0.9
"""From this score, the phrases are right about an AI's promise in languages other than English: 56 times of 56 in what
writers wrote that no model had learned from. In English, where they err in one of nine, they are only weighed."""
_COLUMN: Final = {name: at for at, name in enumerate(HEADS)}
_DECISIVE: Final = [_COLUMN[name] for name in DOUBT]
_FROM: Final = np.array([least for least, _ in DOUBT.values()])
_TO: Final = np.array([most for _, most in DOUBT.values()])
_SCORES: Final = tuple((name, _COLUMN[name]) for name in CUSTOMER_SIGNALS)
_ANSWERS: Final = tuple((name, _COLUMN[name]) for name in ("admission", "promise"))
_FLAGS: Final = tuple((name, _COLUMN[name]) for name in ("deferral", "asks_detail"))
_NEGATIVE, _POSITIVE = _COLUMN["negative"], _COLUMN["positive"]
_INTENT_COLUMNS: Final = slice(_COLUMN[INTENTS[0]], _COLUMN[INTENTS[-1]] + 1)
"""They stand side by side, in the order of `Intent`."""


class Detector:
    """Phrases, n-grams, and the reader; without a reader, the faster models decide alone."""

    def __init__(self, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture, reader: Reader | None) -> None:
        if ngrams.heads != HEADS:
            raise ValueError(f"the n-grams score {ngrams.heads}, not {HEADS}: train them anew")
        self._phrases: Final = phrases
        self._ngrams: Final = ngrams
        self._mixture: Final = mixture
        self._reader: Final = reader
        self._outright: Final = default_outright()
        self._lately: Final = Lately()

    def detect(self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]) -> list[Signals]:
        """What each text says."""
        said = list(zip(texts, senders, languages, strict=True))
        found: dict[Said, Signals] = {}
        new: list[Said] = []
        for one in dict.fromkeys(said):
            known = self._lately.find(one)
            if known is None:
                new.append(one)
            else:
                found[one] = known
        if new:
            for one, signals in zip(new, self._detect(*zip(*new, strict=True)), strict=True):
                found[one] = signals
                self._lately.add(one, signals)
        return [found[one] for one in said]

    def _detect(
        self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]
    ) -> list[Signals]:
        read = self._phrases.read
        found = [read(text, sender, tag) for text, sender, tag in zip(texts, senders, languages, strict=True)]
        said = [
            sender in (Sender.CUSTOMER, Sender.ASSISTANT) and _can_be_read(text, sender, tokens)
            for text, sender, (_, tokens) in zip(texts, senders, found, strict=True)
        ]
        chosen = [at for at, speaks in enumerate(said) if speaks]
        result = [signals for signals, _ in found]
        if not chosen:
            return result
        tokens = [_unlike_a_person(texts[at], found[at][1]) for at in chosen]
        scores = self._probabilities([result[at] for at in chosen], tokens, [senders[at] for at in chosen])
        for at, words, row in zip(chosen, tokens, scores.tolist(), strict=True):
            result[at] = self._signals(texts[at], senders[at], result[at], words, row)
        return result

    def _probabilities(
        self, signals: Sequence[Signals], tokens: Sequence[list[str]], senders: Sequence[Sender]
    ) -> npt.NDArray[np.float64]:
        """The probability of every head for each text."""
        logits = self._ngrams.logits(tokens)
        weighed = evidence(signals, logits, self._ngrams.most(tokens, logits), None)
        languages = [one.language for one in signals]
        scores = self._mixture.probabilities(weighed, languages, full=False)
        rows = self._in_doubt(scores, languages, senders) if self._reader else []
        if self._reader and rows:
            weighed[rows, -len(HEADS) :] = self._reader.logits([tokens[row] for row in rows])
            scores[rows] = self._mixture.probabilities(weighed[rows], [languages[row] for row in rows], full=True)
        return scores

    @staticmethod
    def _in_doubt(scores: npt.NDArray[np.float64], languages: Sequence[str], senders: Sequence[Sender]) -> list[int]:
        """The texts for which the faster models are not sure of a signal that decides something."""
        decisive = scores[:, _DECISIVE]
        sooner = np.array([1.0 if GROUPS[language] == "en" else _SOONER for language in languages])
        unsure = (decisive > _FROM * sooner[:, None]) & (decisive < _TO)
        customers = np.array([sender is Sender.CUSTOMER for sender in senders])
        of_customer, of_assistant = unsure[:, :-2].any(axis=1), unsure[:, -2:].any(axis=1)
        found: list[int] = np.flatnonzero(np.where(customers, of_customer, of_assistant)).tolist()
        return found

    def _signals(self, text: str, sender: Sender, phrases: Signals, tokens: list[str], row: list[float]) -> Signals:
        if sender is Sender.ASSISTANT:
            scores = {name: round(row[column], 3) for name, column in _ANSWERS}
            if phrases.promise >= _SURE_PROMISE and GROUPS[phrases.language] != "en":
                scores["promise"] = max(scores["promise"], phrases.promise)
            flags = {name: row[column] >= 0.5 for name, column in _FLAGS}  # noqa: PLR2004 - likelier than not
            return replace(phrases, **scores, **flags, spans=self._spans(text, phrases, tokens, scores))
        scores = {name: round(row[column], 3) for name, column in _SCORES}
        outright = self._outright.find(tokens)
        scores |= {name: max(scores[name], SCORE) for name in outright}
        scores["distress"] = max(scores["distress"], scores["crisis"])
        sentiment = row[_POSITIVE] - row[_NEGATIVE] * (_CALM + (1.0 - _CALM) * scores["distress"])
        intents = row[_INTENT_COLUMNS]
        return replace(
            phrases,
            **scores,
            sentiment=round(max(-1.0, min(1.0, sentiment)), 3) + 0.0,
            intent=_INTENTS[intents.index(max(intents))],
            spans=self._spans(text, phrases, tokens, scores, outright),
        )

    def _spans(
        self,
        text: str,
        phrases: Signals,
        tokens: list[str],
        scores: dict[str, float],
        outright: Mapping[str, Place] = MappingProxyType({}),
    ) -> tuple[Span, ...]:
        """The phrases' evidence for what scores; else what is said outright, or the words that moved it most."""
        if not phrases.spans and max(scores.values()) < _SHOWN:
            return ()
        kept = [span for span in phrases.spans if scores.get(span.signal, 1.0) >= _SHOWN]
        shown = {span.signal for span in kept}
        unshown = [name for name, score in scores.items() if score >= _SHOWN and name not in shown]
        if unshown:
            places = [found.span() for found in TOKEN.finditer(mask(clip(text)))]
            for name in unshown:
                if name in outright:
                    begin, end = places[outright[name].begin][0], places[outright[name].end - 1][1]
                    length = len(text)
                    kept.append(Span(name, original_offset(begin, length), original_offset(end, length), scores[name]))
                else:
                    kept += self._words(text, tokens, places, name, scores[name])
        kept.sort(key=lambda span: (span.start, span.end, span.signal))
        return tuple(kept)

    def _words(
        self, text: str, tokens: list[str], places: list[tuple[int, int]], name: str, score: float
    ) -> list[Span]:
        worth = self._ngrams.worth(tokens, name)
        words = [i for i, token in enumerate(tokens) if worth[i] > 0.0 and _TELLING.match(token)]
        plain = self._phrases.function_words
        telling = [i for i in words if fold(tokens[i]) not in plain] or words
        best = sorted(telling, key=lambda i: (-worth[i], i))[:_MOST_WORDS]
        shown = [i for i in best if worth[i] >= _LEAST_SHARE] or best[:1]
        length = len(text)
        return [
            Span(name, original_offset(places[i][0], length), original_offset(places[i][1], length), score)
            for i in shown
        ]


def _can_be_read(text: str, sender: Sender, tokens: Sequence[str]) -> bool:
    """Whether there is anything that the learned models know: letters of their scripts, or a customer's signs."""
    if _KNOWN.search(text):
        return any(token[0].isalnum() for token in tokens) or sender is Sender.CUSTOMER
    return sender is Sender.CUSTOMER and bool(tokens) and not any(map(str.isalpha, text))


def _unlike_a_person(text: str, tokens: list[str]) -> list[str]:
    """The tokens as the learned models read them: a department of human resources is no wish for a human."""
    if text.isascii() and _DEPARTMENT[0] not in text.lower():
        return tokens
    folded = [fold(token) for token in tokens]
    if _DEPARTMENT[0] not in folded:
        return tokens
    pairs = [at for at in range(len(folded) - 1) if tuple(folded[at : at + 2]) == _DEPARTMENT]
    if not pairs:
        return tokens
    read = list(tokens)
    for at in pairs:
        read[at : at + 2] = "job", "vacancies"
    return read


@cache
def default_detector() -> Detector:
    """The detector of the package, built once in a process."""
    return Detector(default_phrases(), default_ngrams(), default_mixture(), default_reader())


@cache
def fast_detector() -> Detector:
    """The detector of the package without its reader, which is not even loaded."""
    return Detector(default_phrases(), default_ngrams(), default_mixture(), None)
