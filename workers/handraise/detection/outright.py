"""What is said outright: sentences of which no careful reader could doubt what they say.

The learned models know the wording of people who do not say what they want, and are unsure of those who do: "I want to
make a complaint" stands next to "how do I make a complaint" in all that they know, and hardly anybody of the corpus
says it. So what is said outright is looked up (`lexicon/outright.toml`), and counts whatever the models think.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct, field

from handraise.detection.corrections import CorrectionLookup, Corrections
from handraise.detection.lexicon import FOLDER
from handraise.detection.statements import Joined, Place, Statements, Words, plain, wordings

SCORE: Final = 0.98
"""Of a signal that is said outright."""
_END_MARKS: Final = frozenset(".!?…؟۔।")
_LAUGHING: Final = frozenset("😂🤣😅😆😁😄😜😝😛😹😭💀☠")
"""Pictures with which things are said in jest, if not always."""
_ASKING: Final = frozenset("?؟")


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said outright in one way of writing."""

    openers: tuple[str, ...] = ()
    """Words that stand before a sentence and change nothing."""
    fillers: tuple[str, ...] = ()
    """Words that change nothing wherever they stand: how much something is so."""
    closers: tuple[str, ...] = ()
    """What stands behind a sentence and changes nothing: a cry for help, or what is to be done."""
    contractions: dict[str, str] = field(default_factory=dict)
    """Written words, and the two that they stand for."""
    jest: tuple[str, ...] = ()
    """Beginnings of words of a message in which nothing is meant as it is said: laughter."""
    complaint: Statements = Statements()
    distress: Statements = Statements()
    crisis: Statements = Statements()
    human_request: Statements = Statements()
    high_value: Statements = Statements()
    refusal: Statements = Statements()
    """That nobody is wanted; it counts only where nothing else is said."""
    correction: Corrections = Corrections()
    """That the AI's answer is not what was asked, or that it was told already."""
    promise: Statements = Statements()
    """Of an AI, that it hands over; in languages other than English the phrases count outright anyhow."""
    admission: Statements = Statements()
    """Of an AI, that it does not know."""
    rephrase: Statements = Statements()
    """Of an AI, that it wants to be asked in other words: that it has not understood is no admission then."""
    praise: Statements = Statements()
    """Of an AI, that nothing is better: that it cannot think of anything is no admission then."""
    arrival: Joined = Joined()
    """Of a customer, whether who comes calls before, or who it is that calls: no wish for a human."""
    closing: Statements = Statements()
    """Of an AI, where further questions may go: no offer of a person, unless the phrases find one beside it."""


SIGNALS: Final = (
    "complaint",
    "distress",
    "crisis",
    "human_request",
    "high_value",
    "refusal",
    "promise",
    "admission",
    "rephrase",
    "praise",
    "arrival",
    "closing",
)
CORRECTION: Final = "correction"
_ASKED: Final = frozenset(("arrival", "high_value"))
"""Signals that a question may say outright."""


class Outright:
    """Looks statements up in a text's tokens, in all languages at once: people mix them."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        known = list(languages.values())
        self._openers: Final = frozenset(plain(word) for one in known for word in one.openers)
        self._fillers: Final = frozenset(plain(word) for one in known for word in one.fillers)
        self._jest: Final = tuple(plain(word) for one in known for word in one.jest)
        self._closers: Final = {tuple(map(plain, text.split())) for one in known for text in one.closers}
        self._closing: Final = sorted({len(words) for words in self._closers}, reverse=True)
        self._contractions: Final = {
            plain(word): words.split() for one in known for word, words in one.contractions.items()
        }
        self._whole: Final = dict[Words, str]()
        self._start: Final = dict[Words, str]()
        for one in known:
            for signal in SIGNALS:
                statements: Statements = getattr(one, signal)
                self._whole.update((self._read(one), signal) for text in statements.whole for one in wordings(text))
                self._start.update((self._read(one), signal) for text in statements.start for one in wordings(text))
        self._asked: Final = {words: signal for words, signal in self._whole.items() if signal in _ASKED}
        """What counts though it is a question."""
        self._lengths: Final = sorted({len(words) for words in self._start})
        self._heads: Final = {
            self._read(text) for one in known for stated in one.arrival.head for text in wordings(stated)
        }
        self._tails: Final = {
            self._read(text) for one in known for stated in one.arrival.tail for text in wordings(stated)
        }
        self._head_lengths: Final = sorted({len(words) for words in self._heads})
        self._tail_lengths: Final = sorted({len(words) for words in self._tails})
        self._firsts: Final = frozenset(words[0] for words in (*self._whole, *self._start, *self._heads))
        self._corrections: Final = CorrectionLookup(
            [one.correction for one in known], self._read_whole, self._openers, (*self._whole, *self._start)
        )

    def find(self, tokens: Sequence[str]) -> dict[str, Place]:
        """Where each signal that is said outright is said.

        In a message that laughs that is nothing, but for a correction in another sentence.

        A refusal counts only where nothing else is said: who does not want one person may want another. A correction is
        no signal of its own: it is found beside what else its sentence says.
        """
        found = dict[str, Place]()
        sentences = 0
        for begin, end in _sentences(tokens):
            spoken, opened = self._spoken(tokens, begin, end)
            words = spoken[opened:] if opened else spoken
            if words and self._corrections.is_worth_a_look(words) and CORRECTION not in found:
                place = self._corrections.find(tokens, spoken, opens=not sentences)
                if place is not None:
                    found[CORRECTION] = place
            sentences += bool(words)
            if not words or words[0][0] not in self._firsts:
                continue
            said = tuple(word for word, _ in words)
            stated = said if said in self._whole else self._without_closers(said)
            asks = stated == said and end < len(tokens) and not _ASKING.isdisjoint(tokens[end])
            signal, length = (self._asked if asks else self._whole).get(stated), len(stated)
            if signal is None:
                signal, length = self._begun(said)
            if signal is not None:
                found.setdefault(signal, Place(words[0][1], words[length - 1][1] + 1))
        if sentences > 1:
            found.pop("refusal", None)
        if found and self._laughs(tokens):
            place = found.get(CORRECTION)
            return {} if place is None or self._laughs(_around(tokens, place)) else {CORRECTION: place}
        return found

    def _laughs(self, tokens: Sequence[str]) -> bool:
        return any(token[0] in _LAUGHING or plain(token).startswith(self._jest) for token in tokens)

    def _spoken(self, tokens: Sequence[str], begin: int, end: int) -> tuple[list[tuple[str, int]], int]:
        """The words of a sentence that change anything, each with the place of its token; and how many open it."""
        found: list[tuple[str, int]] = []
        opened = 0
        for at in range(begin, end):
            word = plain(tokens[at]) if tokens[at][0].isalnum() else ""
            if word and word not in self._fillers:
                opens = len(found) == opened and word in self._openers
                found += [(one, at) for one in self._contractions.get(word, (word,))]
                if opens:
                    opened = len(found)
        return found, opened

    def _begun(self, said: Words) -> tuple[str | None, int]:
        """What a sentence begins with that says a signal, and how many words that is."""
        for length in self._lengths:
            signal = self._start.get(said[:length])
            if signal is not None:
                return signal, length
        for length in self._head_lengths:
            if said[:length] in self._heads:
                for more in self._tail_lengths:
                    if said[length : length + more] in self._tails:
                        return "arrival", length + more
        return None, 0

    def _without_closers(self, said: Words) -> Words:
        for length in self._closing:
            if length < len(said) and said[-length:] in self._closers:
                return self._without_closers(said[:-length])
        return said

    def _read(self, text: str) -> Words:
        words, opened = self._spoken(text.split(), 0, len(text.split()))
        return tuple(word for word, _ in words[opened:])

    def _read_whole(self, text: str) -> Words:
        words, _ = self._spoken(text.split(), 0, len(text.split()))
        return tuple(word for word, _ in words)


def _around(tokens: Sequence[str], place: Place) -> Sequence[str]:
    """The sentence that a place is in, and what stands behind it before the next word: a laugh may."""
    begin, end = next((begin, end) for begin, end in _sentences(tokens) if begin <= place.begin <= end)
    next_word = next((at for at in range(end, len(tokens)) if tokens[at][0].isalnum()), len(tokens))
    return tokens[begin:next_word]


def _sentences(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    begin = 0
    for at, token in enumerate(tokens):
        if token[0] in _END_MARKS or "\n" in token:
            yield begin, at
            begin = at + 1
    yield begin, len(tokens)


@cache
def default_outright() -> Outright:
    """The statements of the package, read once in a process."""
    stored = tomllib.loads((FOLDER / "outright.toml").read_text("utf-8"))
    return Outright(msgspec.convert(stored, dict[str, Language]))
