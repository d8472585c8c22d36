"""Cut tokens into the pieces of words that the reader knows: the likeliest cut (Kudo, 2018), as SentencePiece makes it.

The pieces and how likely each is are those of XLM-RoBERTa (Conneau et al., 2020), as far as the languages need them.
Tokens are read in lower case, with compatibility forms unified and stretching undone; accents stay, since the pieces
differ by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from handraise.detection.normalise import INVISIBLE, unmixed
from handraise.detection.tokens import EMOJI

START, END, UNKNOWN = 0, 1, 2
"""The numbers of what a text begins and ends with, and of a letter that no piece has."""
SPECIAL: Final = 3
"""The number of the first piece."""
BEGINNING: Final = "\u2581"
"""What a piece that begins a word begins with."""
MOST: Final = 128
"""How many pieces of a text are read: its first three quarters and its last quarter, where there are more."""
BEFORE: Final = 2
"""How many turns before a text are read with it."""
_MOST_BEFORE: Final = 24
"""How many pieces of each of those are read."""
_MOST_OWN: Final = 72
"""How many of a text that has some before it."""

_LINK: Final = "link"
_MASKED: Final = re.compile("\ue000+")
_LONGEST: Final = 40
"""Code points of a word that is remembered, and that is read of a longer one."""
_MOST_TOKENS: Final = 60_000
_UNLIKELY: Final = 10.0
"""How much less likely than any piece a letter is that none has, in log-probability."""
_PICTURE: Final = re.compile(rf"{BEGINNING}([{EMOJI}])")
_ELONGATED: Final = re.compile(r"(\D)\1{2,}")
_CLOSING: Final = frozenset(".,;:!?)%…؟۔।،؛”»'")
"""Marks that stand right after a word, so that no new word begins with them."""
_UNSEEN: Final = re.compile(f"[{INVISIBLE}]")
_COMBINING: Final = re.compile("[\u0300-\u036f]")
"""Accents that no letter has as one with it."""
_MARKS: Final = str.maketrans(
    {**dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚ʼ`´＇", "'"), **dict.fromkeys("–—", "-"), "…": "..."}
)


class Cut(NamedTuple):
    """A text in pieces, with what was said before it."""

    pieces: tuple[int, ...]
    own: int
    """Where the text itself begins."""


def shortened(pieces: list[int], most: int = MOST) -> list[int]:
    """Pieces, without the middle of those that are more than `most`: three quarters of these begin them."""
    if len(pieces) <= most:
        return pieces
    tail = most // 4
    return [*pieces[: most - tail], *pieces[-tail:]]


class Pieces(dict[str, tuple[int, ...]]):
    """The numbers of each token's pieces, remembered."""

    def __init__(self, pieces: Sequence[str], scores: Sequence[float]) -> None:
        """`pieces` in the order of their numbers from `SPECIAL` on, and the log-probability of each."""
        super().__init__()
        self._scores: Final = scores
        self._least: Final = min(scores) - _UNLIKELY
        beginnings = {piece[:end]: -1 for piece in pieces for end in range(1, len(piece))}
        self._known: Final = beginnings | {piece: at for at, piece in enumerate(pieces)}
        """Each piece's place, and -1 for what some piece only begins with."""

    @classmethod
    def stored(cls, file: bytes) -> Pieces:
        """The pieces of a file as training writes it: a piece and its log-probability a line."""
        lines = [line.split("\t") for line in file.decode().split("\n")[:-1]]
        return cls([piece for piece, _ in lines], [float(score) for _, score in lines])

    def read(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of a text's pieces, with those of its start and its end."""
        if len(self) >= _MOST_TOKENS:
            self.clear()
        found = [START]
        for token in tokens:
            found += self[token]
        found.append(END)
        return shortened(found)

    def read_after(self, before: Sequence[Iterable[str]], tokens: Iterable[str]) -> Cut:
        """A text in pieces after the last `BEFORE` turns before it (the oldest first), each with its end.

        Where nothing comes before it, these are the pieces that `read` finds.
        """
        if not before:
            return Cut(tuple(self.read(tokens)), 0)
        found = [START]
        for turn in before[-BEFORE:]:
            found += shortened(self.read(turn)[1:-1], _MOST_BEFORE)
            found.append(END)
        begin = len(found)
        found += shortened(self.read(tokens)[1:-1], _MOST_OWN)
        found.append(END)
        return Cut(tuple(found), begin)

    def __missing__(self, token: str) -> tuple[int, ...]:
        pieces = tuple(piece for word in written(token) for piece in self.cut(word))
        if len(token) <= _LONGEST:
            self[token] = pieces
        return pieces

    def cut(self, word: str) -> list[int]:
        """The numbers of the pieces of the likeliest cut; a picture that has none is read by its name in Unicode."""
        found = self._likeliest(word)
        if UNKNOWN in found and (picture := _PICTURE.match(word)):
            named = unicodedata.name(picture[1], "").lower().replace("-", " ").split()
            return [piece for name in named for piece in self._likeliest(BEGINNING + name)] or found
        return found

    def _likeliest(self, word: str) -> list[int]:
        length = len(word)
        best, begins, pieces = [0.0] + [-1e38] * length, [0] * (length + 1), [UNKNOWN] * (length + 1)
        for begin in range(length):
            for end in range(begin + 1, length + 1):
                place = self._known.get(word[begin:end])
                if place is None:
                    break
                if place >= 0 and best[begin] + self._scores[place] > best[end]:
                    best[end], begins[end] = best[begin] + self._scores[place], begin
                    pieces[end] = SPECIAL + place
            if best[begin] + self._least > best[begin + 1]:
                best[begin + 1], begins[begin + 1] = best[begin] + self._least, begin
                pieces[begin + 1] = UNKNOWN
        found, end = [], length
        while end:
            found.append(pieces[end])
            end = begins[end]
        return found[::-1]


def written(token: str) -> list[str]:
    """The words of a token as the pieces spell them: none for a line's end; a link is called one, and stands alone."""
    if token.isspace():
        return []
    seen = _UNSEEN.sub("", token)
    if not _MASKED.search(seen):
        return _spelt(seen)
    words = []
    for at, part in enumerate(_MASKED.split(seen)):
        words += [f"{BEGINNING}{_LINK}", *_spelt(part)] if at else _spelt(part)
    return words


def _spelt(seen: str) -> list[str]:
    word = seen if seen.isascii() else _COMBINING.sub("", unicodedata.normalize("NFKC", seen.translate(_MARKS)))
    first, *others = _ELONGATED.sub(r"\1\1", unmixed(word.lower()))[:_LONGEST].split() or [""]
    if not first:
        return []
    return [first if seen[0] in _CLOSING else BEGINNING + first, *(BEGINNING + other for other in others)]
