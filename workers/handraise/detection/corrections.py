"""Where a customer says that the AI's answer is beside the point, which may be at the beginning of any clause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import field

from handraise.detection.statements import Place, Statements, Words, plain, wordings
from handraise.detection.tokens import CLAUSE_MARKS

_CONTRAST: Final = re.compile(
    r"\b(?:i['’]?m|i am|i was) (?:asking|talking) about\b[^.?!\n]{1,60}?\bnot (?:about )?(?:the|that|this|my"
    r"|your|about)\b"
    r"|(?:\A|[,.;!] ?)not (?:the |about the )?[^.?!,\n]{1,30}[,.] ?(?:i['’]?m |i am |i was )?(?:asking|talking) about\b"
    r"|\b(?:pregunto|preguntaba|pregunté|hablo|estoy hablando) (?:por|de|del|sobre)\b[^.?!\n]{1,60}?\bno (?:por"
    r"|del?|sobre)\b"
    r"|\b(?:falando|a falar|perguntando|pergunto|perguntei|falo) (?:d[aoe]s?"
    r"|sobre)\b[^.?!\n]{1,60}?\bnão (?:d[aoe]s?|sobre)\b"
    r"|\bje (?:parle|parlais|demande|demandais) (?:de|du|des|pour)\b[^.?!\n]{1,60}?\bpas (?:de|du|des|pour)\b"
    r"|\bich (?:rede|sprech\w*|frage?) (?:von|vom|nach|über)\b[^.?!\n]{1,60}?\bnicht (?:von|vom|nach|über)\b"
    r"|नही[ंं]?[, ]+(?:\S+ ){1,4}?(?:का|की|के बारे में|के लिए) पूछ (?:रहा|रही)"
    r"|\bnahi+n?[, ]+(?:\w+ ){1,4}?(?:ka|ki|ke bare me(?:in)?|ke liye) (?:puch|pooch|puchh|poochh) (?:raha|rahi)\b"
    r"|(?:[أا]س[أا]ل|بس[أا]ل|بتكلم|بحكي|[أا]تكلم) (?:على|عن) [^.؟!\n]{1,60}? (?:مو|مش|وليس|ليس|مب) (?:على|عن)?(?!\w)",
    re.IGNORECASE,
)
"""That something is asked about and not something else, with both named."""
_NEGATIONS: Final = ("not ", " no ", "não ", "pas ", "nicht ", "नही", "nahi", " مو ", " مش ", "ليس", " مب ")
"""One of these is in each; looking for them is quicker."""


def contrasts(text: str) -> bool:
    """Whether a message says that it asks about one thing and not about another: the answer was about that."""
    folded = text.lower()
    return any(one in folded for one in _NEGATIONS) and _CONTRAST.search(text) is not None


class Corrections(Statements, frozen=True, forbid_unknown_fields=True):
    """What says that an answer is beside the point, at the beginning of any clause."""

    denials: tuple[str, ...] = ()
    """Words that may stand before it; a statement that begins with one counts at the beginning of a message alone."""
    contrast: tuple[str, ...] = ()
    """Words behind which a clause begins."""
    fillers: tuple[str, ...] = ()
    """Words that change nothing in these statements, though they may in others."""
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
        self._passed: Final = openers | self._denials
        """Words that may stand before a statement."""
        self._contrast: Final = frozenset(plain(word) for one in known for word in one.contrast)
        self._fillers: Final = frozenset(plain(word) for one in known for word in one.fillers)
        self._spellings: Final = {plain(word): plain(other) for one in known for word, other in one.spellings.items()}
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
                if (opens or word not in self._denials) and self._is_said(words, at, end):
                    return Place(words[at][1], words[end - 1][1] + 1)
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

    def _is_said(self, words: Sequence[tuple[str, int]], at: int, end: int) -> bool:
        """Whether a statement begins with a word, or is all of the clause that goes from it to another."""
        first, second = words[at][0], words[at + 1][0] if at + 1 < len(words) else ""
        if not (first in self._fillers or second in self._fillers or second in self._seconds.get(first, ())):
            return False
        said = self._spelt(word for word, _ in words[at:])
        clause = self._spelt(word for word, _ in words[at:end])
        return clause in self._whole or any(said[:length] in self._start for length in self._lengths)

    def _spelt(self, words: Iterable[str]) -> Words:
        return tuple(self._spellings.get(word, word) for word in words if word not in self._fillers)
