"""Where a customer says that the AI's answer is beside the point, which may be at the beginning of any clause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import field

from handraise.detection.normalise import clip, mask
from handraise.detection.statements import Place, Statements, Words, plain, wordings
from handraise.detection.tokens import CLAUSE_MARKS

_THING: Final = r"(?:[^\s,.?!؟]{1,30}[ ,]+){1,6}?"
"""What is asked about."""
_CONTRAST: Final = re.compile(
    rf"\b(?:i['’]?m|i am|i was) (?:asking|talking) about {_THING}(?:and )?(?<!['’]s )(?<!is )not (?:about\b|(?:the"
    rf"|my|your)\b)"
    r"|(?:\A|[.!;] ?)not (?:about )?(?:the|my|your) [^.?!,\n]{1,30}[,.] ?(?:i['’]?m|i am) (?:asking|talking) about\b"
    rf"|\b(?:pregunto|preguntaba|pregunté|hablo|estoy hablando) (?:por|del?|sobre) {_THING}(?:y )?no (?:por"
    rf"|del?|sobre)\b"
    rf"|\b(?:falando|a falar|perguntando|pergunto|perguntei|falo) (?:d[aoe]s?"
    rf"|sobre) {_THING}(?:e )?não (?:d[aoe]s?|sobre)\b"
    rf"|\bje (?:parle|parlais|demande|demandais) (?:de|du|des|pour) {_THING}(?:et )?pas (?:de|du|des|pour)\b"
    rf"|\bich (?:rede|sprech\w{{1,3}}|frage?) (?:von|vom|nach|über) {_THING}(?:und )?nicht (?:von|vom|nach|über)\b"
    r"|(?:\A|[.!।] ?)(?!\S{0,20}(?:मिला|मिली|आया|आई|हुआ|हुई|गया|गई|किया|दिया|चला|है|था) )\S{1,30} नही[ंं]?,? "
    r"(?:[^\s,]{1,30} ){1,4}?(?:का|की|के बारे में|के लिए) पूछ (?:रहा|रही)"
    r"|(?:\A|[.!] ?)(?!(?:mila|mili|mil|aaya|aya|aayi|hua|hui|gaya|gayi|kiya|diya|chala|hai|tha|bola"
    r"|pata)\b)\w{1,30} nahi+n?,? "
    r"(?:\w{1,30} ){1,4}?(?:ka|ki|ke bare me(?:in)?|ke liye) (?:puch|pooch|puchh|poochh) (?:raha|rahi)\b"
    rf"|(?:[أا]س[أا]ل|بس[أا]ل|بتكلم|بحكي|[أا]تكلم) (?:على|عن) {_THING}و?(?:مو|مش|ليس|مب) (?:على|عن)(?!\w)",
    re.IGNORECASE,
)
"""That one thing is asked about and not another, with both named."""
_NEGATIONS: Final = ("not ", " no ", "não ", "pas ", "nicht ", "नही", "nahi", " مو ", " مش ", "ليس", " مب ")
"""One of these is in each; looking for them is quicker."""


def contrasts(text: str) -> bool:
    """Whether a message says that it asks about one thing and not about another: the answer was about that."""
    read = clip(text)
    folded = read.lower()
    return any(one in folded for one in _NEGATIONS) and _CONTRAST.search(mask(read)) is not None


class Corrections(Statements, frozen=True, forbid_unknown_fields=True):
    """What says that an answer is beside the point, at the beginning of any clause."""

    denials: tuple[str, ...] = ()
    """Words that may stand before it; a statement that begins with one counts at the beginning of a message alone."""
    contrast: tuple[str, ...] = ()
    """Words behind which a clause begins."""
    fillers: tuple[str, ...] = ()
    """Words that change nothing in these statements, though they may in others."""
    again: tuple[str, ...] = ()
    """Words in which it is said that it is so once more; they may stand before it."""
    spellings: dict[str, str] = field(default_factory=dict)
    """Words, and those that say the same here."""


class CorrectionLookup:
    """Looks up at the beginning of each clause whether an answer is said to be beside the point."""

    def __init__(
        self,
        known: Sequence[Corrections],
        read: Callable[[str], Words],
        openers: frozenset[str],
        others: Iterable[Words],
    ) -> None:
        """`read` tells the words of a statement, and `others` are what else is said: its words are common ones."""
        self._denials: Final = frozenset(plain(word) for one in known for word in one.denials)
        self._passed: Final = openers | self._denials | {plain(word) for one in known for word in one.again}
        """Words that may stand before a statement."""
        self._contrast: Final = frozenset(plain(word) for one in known for word in one.contrast)
        self._fillers: Final = frozenset(plain(word) for one in known for word in one.fillers)
        spelt = {plain(word): plain(other) for one in known for word, other in one.spellings.items()}
        self._spellings: Final = {word: spelt.get(other, other) for word, other in spelt.items()}
        """A word that stands for one of another language, which has a spelling there, has that."""
        self._start: Final = {self._spelt(read(text)) for each in known for one in each.start for text in wordings(one)}
        self._whole: Final = {self._spelt(read(text)) for each in known for one in each.whole for text in wordings(one)}
        self._lengths: Final = sorted({len(words) for words in self._start})
        written = {word: {word} for words in self._start | self._whole for word in words}
        for word, other in self._spellings.items():
            written.setdefault(other, {other}).add(word)
        common = Counter(word for words in others for word in words)
        telling = {min(words, key=lambda word: (common[word], -len(word))) for words in self._start | self._whole}
        self._telling: Final = frozenset(one for word in telling for one in written[word])
        """The least common word of each statement: most sentences have none of these."""
        self._seconds: Final = dict[str, set[str]]()
        for first, *more in self._start | self._whole:
            for word in written[first]:
                self._seconds.setdefault(word, set()).update(written[more[0]] if more else {""})

    def is_worth_a_look(self, words: Sequence[tuple[str, int]]) -> bool:
        """Whether a sentence has a word without which it holds no statement; most have none."""
        return not self._telling.isdisjoint([word for word, _ in words])

    def find(self, tokens: Sequence[str], words: Sequence[tuple[str, int]], *, opens: bool) -> Place | None:
        """Where a sentence, its words with the places of their tokens, says so; `opens`: it is a message's first."""
        begins = self._clauses(tokens, words)
        for begin, end in zip(begins, (*begins[1:], len(words)), strict=True):
            for at in range(begin, end):
                word = words[at][0]
                said = self._said(words, at, end) if opens or word not in self._denials else 0
                if said:
                    return Place(words[at][1], words[at + said - 1][1] + 1)
                if word not in self._passed:
                    opens = False
                    break
        return None

    def _clauses(self, tokens: Sequence[str], words: Sequence[tuple[str, int]]) -> list[int]:
        """The first word of each clause."""
        begins = [0]
        before = words[0][1]
        for at, (word, place) in enumerate(words):
            if word in self._contrast:
                begins.append(at + 1)
            elif place > before + 1 and any(token[0] in CLAUSE_MARKS for token in tokens[before + 1 : place]):
                begins.append(at)
            before = place
        return begins

    def _said(self, words: Sequence[tuple[str, int]], at: int, end: int) -> int:
        """How many words from one on are a statement, or all of the clause that goes from it to another; 0 if none."""
        first, second = words[at][0], words[at + 1][0] if at + 1 < len(words) else ""
        if not (first in self._fillers or second in self._fillers or second in self._seconds.get(first, ())):
            return 0
        if self._spelt(word for word, _ in words[at:end]) in self._whole:
            return end - at
        places = [place for place in range(at, len(words)) if words[place][0] not in self._fillers]
        said = self._spelt(words[place][0] for place in places)
        length = next((length for length in self._lengths if said[:length] in self._start), 0)
        return places[length - 1] + 1 - at if length else 0

    def _spelt(self, words: Iterable[str]) -> Words:
        return tuple(self._spellings.get(word, word) for word in words if word not in self._fillers)
