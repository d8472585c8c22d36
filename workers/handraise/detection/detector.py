"""The detector: phrases and n-grams for every text, and the reader for those on which they are not sure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

import numpy as np

from handraise.detection.acceptance import default_acceptance
from handraise.detection.heads import CUSTOMER_SIGNALS, HEADS
from handraise.detection.lately import Lately, Said
from handraise.detection.mixture import GROUPS, Mixture, default_mixture, evidence
from handraise.detection.ngrams import NgramModel, default_ngrams
from handraise.detection.normalise import fold
from handraise.detection.phrase_detector import PhraseDetector, default_phrases
from handraise.detection.postprocess import Postprocessor
from handraise.detection.reader import PARTS, Reader, default_reader
from handraise.detection.sentences import Sentence, heard_in_any, sentences_of
from handraise.detection.signals import Signals
from handraise.detection.tokens import tokens_of
from handraise.detection.twice import half_way, heads_read_twice
from handraise.events import Sender

if TYPE_CHECKING:
    import numpy.typing as npt

DETECTOR_VERSION: Final = "learned-20"
"""Names what `detect` does; it changes whenever the same text may give other signals."""
FAST_VERSION: Final = f"{DETECTOR_VERSION}-fast"
"""Names what `detect_fast` does."""


class Doubt(NamedTuple):
    """Between which scores of the faster models a signal is in doubt: from which, by language, and to which."""

    english: float
    others: float
    most: float


DOUBT: Final = {
    "human_request": Doubt(0.1, 0.08, 1.0),
    "complaint": Doubt(0.12, 0.08, 0.95),
    "high_value": Doubt(0.15, 0.12, 0.9),
    "distress": Doubt(0.12, 0.1, 0.95),
    "crisis": Doubt(0.04, 0.03, 0.98),
    "affirm": Doubt(0.25, 0.1, 0.85),
    "admission": Doubt(0.16, 0.18, 0.9),
    "promise": Doubt(0.16, 0.18, 0.98),
    "offers_human": Doubt(0.1, 0.1, 0.95),
    "fault": Doubt(0.1, 0.1, 0.95),
}
"""The signals for which the reader is asked when they are in doubt: where it sets enough of them right for what it
costs, counted on writers set aside and held out. Danger is so rare, and missed so dearly, that it is in doubt sooner
than anything else."""


class Sure(NamedTuple):
    """How unlikely a signal has to be, or how likely, to be clear."""

    least: float
    most: float


SURE: Final = (Sure(0.1, 0.99), Sure(0.15, 0.98))
"""When a signal that decides something is clear after the reader's first word, and after its second; danger is as in
`DOUBT`. Where all are, the reader reads no further. The fold takes something from what a later message says, so that
.8 or .9 can be where it decides: what is likely is sooner in doubt than what is not."""

_KNOWN: Final = re.compile("[A-Za-z\u00c0-\u024f\u0600-\u06ff\u0900-\u097f]")
"""Letters of the scripts that the learned models have seen."""
_DEPARTMENT: Final = ("human", "resources")
_COLUMN: Final = {name: at for at, name in enumerate(HEADS)}
_DECISIVE: Final = [_COLUMN[name] for name in DOUBT]
_OF_CUSTOMERS: Final = sum(name in CUSTOMER_SIGNALS for name in DOUBT)
"""So many of those, the first, are what customers say; the others are what an AI says."""
_FROM_ENGLISH: Final = np.array([doubt.english for doubt in DOUBT.values()])
_FROM_OTHERS: Final = np.array([doubt.others for doubt in DOUBT.values()])
_TO: Final = np.array([doubt.most for doubt in DOUBT.values()])
_IS_DANGER: Final = np.array([name == "crisis" for name in DOUBT])
_AFTER_WORDS: Final = [
    (np.where(_IS_DANGER, _FROM_OTHERS, sure.least), np.where(_IS_DANGER, _TO, sure.most)) for sure in SURE
]
"""From and to which scores a signal is still in doubt, after each of the reader's words but the last."""
_ALONE: Final = 4_096
"""Texts in doubt, read as if nothing stood before them, of which the reader's word is remembered."""


class Doubted(NamedTuple):
    """What the faster models say of a text about which they are in doubt."""

    phrases: Signals
    tokens: list[str]
    evidence: npt.NDArray[np.float64]
    """What is weighed; the reader's word has its place in it."""
    read_twice: Sequence[int]
    """The heads for which it is read twice: after what stands before it, and without."""


class Begun(NamedTuple):
    """What the faster models say of some texts, and which of them the reader is to be asked about."""

    said: Sequence[Said]
    known: Mapping[Said, Signals]
    """What those say that are clear without the reader, sentences of an AI's long turns among them."""
    doubted: Mapping[Said, Doubted]
    """The others."""
    sentences: Mapping[Said, Sequence[tuple[Sentence, Said]]]
    """The sentences of the AI's long turns."""

    def in_doubt(self, at: int) -> bool:
        """Whether the reader is to be asked about the text at this place, or about a sentence of it."""
        return not self.doubted.keys().isdisjoint(self.parts(at))

    def parts(self, at: int) -> list[Said]:
        """The text at a place, and its sentences where they are read alone."""
        said = self.said[at]
        return [said, *(part for _, part in self.sentences.get(said, ()))]


Read = dict[Said, "npt.NDArray[np.float64]"]
"""What the reader says of a text that is in doubt, and of its sentences that are: the probability of every head."""


@runtime_checkable
class InSteps(Protocol):
    """Detection in steps, as `Detector` has them."""

    def begin(self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]) -> Begun:
        """Ask the faster models, which hear nothing of what was said before."""
        ...

    def read(self, begun: Begun, at: int, before: Sequence[str]) -> Read:
        """Ask the reader about the text at a place, which is in doubt, after the turns before it."""
        ...

    def end(self, begun: Begun, places: Sequence[int], read: Sequence[Read]) -> list[Signals]:
        """What the texts at some places say, with what `read` found of each of them that is in doubt."""
        ...


class Detector:
    """Phrases, n-grams, and the reader; without a reader, the faster models decide alone.

    Called, it does all: see `detect`. Who wants to ask the reader elsewhere, as in threads, or to find out first what
    was said before a text, takes the three steps of it one by one: `begin`, `read` for each text of which
    `Begun.in_doubt`, and `end`. Only `read` may be called by several threads at once.
    """

    def __init__(self, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture, reader: Reader | None) -> None:
        if ngrams.heads != HEADS:
            raise ValueError(f"the n-grams score {ngrams.heads}, not {HEADS}: train them anew")
        self._phrases: Final = phrases
        self._ngrams: Final = ngrams
        self._mixture: Final = mixture
        self._reader: Final = reader
        self._postprocessor: Final = Postprocessor(phrases, ngrams, mixture)
        self._lately: Final = Lately()
        self._alone = dict[Said, "npt.NDArray[np.float64]"]()

    @property
    def version(self) -> str:
        """Names what it does."""
        return DETECTOR_VERSION if self._reader else FAST_VERSION

    def __call__(
        self,
        texts: Sequence[str],
        *,
        senders: Sequence[Sender] | None = None,
        languages: Sequence[str | None] | None = None,
        before: Sequence[Sequence[str]] | None = None,
    ) -> list[Signals]:
        """What each text says; see `handraise.detection.detect`."""
        begun = self.begin(
            texts,
            [Sender.CUSTOMER] * len(texts) if senders is None else senders,
            [None] * len(texts) if languages is None else languages,
        )
        turns = [()] * len(texts) if before is None else before
        if len(turns) != len(texts):
            raise ValueError(f"{len(texts)} texts, and what comes before {len(turns)}")
        places = range(len(texts))
        read = [self.read(begun, at, turns[at]) for at in places if begun.in_doubt(at)]
        return self.end(begun, places, read)

    def warm_up(self) -> None:
        """Do for once what the first text would have to wait for."""
        self.begin(["Hello"], [Sender.CUSTOMER], [None])
        default_acceptance()
        if self._reader is not None:
            self._reader.logits([["Hello"]])

    def begin(self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]) -> Begun:
        """Ask the faster models, which hear nothing of what was said before."""
        said = list(zip(texts, senders, languages, strict=True))
        known: dict[Said, Signals] = {}
        new: list[Said] = []
        sentences: dict[Said, Sequence[tuple[Sentence, Said]]] = {}
        for one in dict.fromkeys(said):
            parts = sentences_of(*one[:2])
            if parts:
                sentences[one] = [(part, (part.text, *one[1:])) for part in parts]
        for one in dict.fromkeys((*said, *(one for each in sentences.values() for _, one in each))):
            signals = self._lately.find(one)
            if signals is None:
                new.append(one)
            else:
                known[one] = signals
        found = [self._phrases.read(*one) for one in new]
        chosen = [
            at
            for at, ((text, sender, _), (_, tokens)) in enumerate(zip(new, found, strict=True))
            if sender in (Sender.CUSTOMER, Sender.ASSISTANT) and _can_be_read(text, sender, tokens)
        ]
        clear = dict(zip(new, [signals for signals, _ in found], strict=True))
        doubted: dict[Said, Doubted] = {}
        if chosen:
            phrases = [found[at][0] for at in chosen]
            tokens = [_unlike_a_person(new[at][0], found[at][1]) for at in chosen]
            logits = self._ngrams.logits(tokens)
            weighed = evidence(phrases, logits, self._ngrams.most(tokens, logits), None)
            spoken = [signals.language for signals in phrases]
            scores = self._mixture.probabilities(weighed, spoken, words=0)
            unsure = set(self._in_doubt(scores, spoken, [new[at][1] for at in chosen])) if self._reader else ()
            for row, at in enumerate(chosen):
                if row in unsure:
                    del clear[new[at]]
                    read_twice = heads_read_twice(new[at][1], tokens[row], scores[row])
                    doubted[new[at]] = Doubted(phrases[row], tokens[row], weighed[row], read_twice)
                else:
                    clear[new[at]] = self._postprocessor.signals(
                        new[at], phrases[row], tokens[row], scores[row].tolist()
                    )
        for one, signals in clear.items():
            self._lately.add(one, signals)
        return Begun(said, known | clear, doubted, sentences)

    def read(self, begun: Begun, at: int, before: Sequence[str]) -> Read:
        """The probability of every head for the text at a place, which is in doubt, after the turns before it.

        The reader reads no further than until all is clear. A sentence of the text is read alone.
        """
        if self._reader is None or not begun.in_doubt(at):
            raise ValueError("this text is not in doubt, or there is no reader")
        said, *parts = begun.parts(at)
        found = {
            part: self._heard(self._reader, part, begun.doubted[part], ()) for part in parts if part in begun.doubted
        }
        asked = begun.doubted.get(said)
        if asked is not None:
            found[said] = self._heard(self._reader, said, asked, before)
            if before and asked.read_twice:
                alone = self._heard(self._reader, said, asked, ())
                found[said] = half_way(found[said], alone, asked.read_twice)
        return found

    def _heard(self, reader: Reader, said: Said, asked: Doubted, before: Sequence[str]) -> npt.NDArray[np.float64]:
        known = None if before else self._alone.get(said)
        if known is not None:
            return known
        weighed = asked.evidence[None].copy()
        languages = [asked.phrases.language]
        found = np.zeros(len(HEADS))
        for words, logits in enumerate(reader.read(asked.tokens, list(map(tokens_of, before))), 1):
            weighed[0, -len(HEADS) :] = logits
            found = self._mixture.probabilities(weighed, languages, words=words)[0]
            if words < PARTS and self._is_clear(found, said[1], words):
                break
        if not before:
            if len(self._alone) >= _ALONE:
                self._alone.clear()
            self._alone[said] = found
        return found

    def end(self, begun: Begun, places: Sequence[int], read: Sequence[Read]) -> list[Signals]:
        """What the texts at some places say, with what `read` found of each of them that is in doubt.

        Raises:
            ValueError: there is not one finding for each of these.
        """
        unread = [at for at in places if begun.in_doubt(at)]
        if len(read) != len(unread):
            raise ValueError(f"{len(unread)} texts are in doubt, and {len(read)} were read")
        found = iter(read)
        return [self._end(begun, at, next(found) if begun.in_doubt(at) else {}) for at in places]

    def _end(self, begun: Begun, at: int, read: Read) -> Signals:
        """What the text at a place says, as a whole or in one of its sentences."""
        said = begun.said[at]
        whole = self._said(begun, said, read)
        parts = begun.sentences.get(said, ())
        return heard_in_any(whole, [(part, self._said(begun, one, read)) for part, one in parts]) if parts else whole

    def _said(self, begun: Begun, said: Said, read: Read) -> Signals:
        asked = begun.doubted.get(said)
        if asked is None:
            return begun.known[said]
        return self._postprocessor.signals(said, asked.phrases, asked.tokens, read[said].tolist())

    @staticmethod
    def _in_doubt(scores: npt.NDArray[np.float64], languages: Sequence[str], senders: Sequence[Sender]) -> list[int]:
        """The texts for which the faster models are not sure of a signal that decides something."""
        decisive = scores[:, _DECISIVE]
        english = np.array([GROUPS[language] == "en" for language in languages], dtype=bool)
        unsure = (decisive > np.where(english[:, None], _FROM_ENGLISH, _FROM_OTHERS)) & (decisive < _TO)
        customers = np.array([sender is Sender.CUSTOMER for sender in senders], dtype=bool)
        of_customer, of_assistant = unsure[:, :_OF_CUSTOMERS].any(axis=1), unsure[:, _OF_CUSTOMERS:].any(axis=1)
        found: list[int] = np.flatnonzero(np.where(customers, of_customer, of_assistant)).tolist()
        return found

    @staticmethod
    def _is_clear(scores: npt.NDArray[np.float64], sender: Sender, words: int) -> bool:
        """Whether, after so many of the reader's words on a text, no signal that decides something is in doubt."""
        decisive = scores[_DECISIVE]
        least, most = _AFTER_WORDS[words - 1]
        unsure = (decisive > least) & (decisive < most)
        return not (unsure[:_OF_CUSTOMERS] if sender is Sender.CUSTOMER else unsure[_OF_CUSTOMERS:]).any()


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
