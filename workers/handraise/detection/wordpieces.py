"""Cut tokens into the pieces of words that the reader knows (WordPiece: Schuster and Nakajima, 2012)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from handraise.detection.normalise import fold, is_masked

START: Final = "[CLS]"
END: Final = "[SEP]"
UNKNOWN: Final = "[UNK]"
MOST: Final = 128
"""How many pieces of a text are read: its first three quarters and its last quarter, where there are more."""

_LINK: Final = "link"
_LONGEST: Final = 40
_ELONGATED: Final = re.compile(r"(\D)\1{2,}")
_PART: Final = re.compile(r"\w+|[^\w\s]", re.ASCII)
_ASCII: Final = str.maketrans(
    {**dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚", "'"), **dict.fromkeys("–—", "-"), "…": "..."}
)
"""Marks as the reader knows them."""
_MOST_TOKENS: Final = 60_000


def shortened(pieces: list[int]) -> list[int]:
    """A text's pieces, without the middle of those that have more than `MOST`."""
    if len(pieces) <= MOST:
        return pieces
    tail = MOST // 4
    return [*pieces[: MOST - tail], *pieces[-tail:]]


class WordPieces(dict[str, tuple[int, ...]]):
    """The numbers of each token's pieces, remembered."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """`pieces` in the order of their numbers; those within a word begin with `##`."""
        super().__init__()
        self._numbers: Final = {piece: number for number, piece in enumerate(pieces)}
        self._start: Final = self._numbers[START]
        self._end: Final = self._numbers[END]
        self._unknown: Final = self._numbers[UNKNOWN]

    def read(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of a text's pieces, with those of its start and its end."""
        if len(self) >= _MOST_TOKENS:
            self.clear()
        found = [self._start]
        for token in tokens:
            found += self[token]
        found.append(self._end)
        return shortened(found)

    def __missing__(self, token: str) -> tuple[int, ...]:
        pieces = tuple(self._pieces(token))
        if len(token) <= _LONGEST:
            self[token] = pieces
        return pieces

    def _pieces(self, token: str) -> list[int]:
        if is_masked(token):
            token = _LINK
        elif token.isspace():
            return []
        token = token.translate(_ASCII)
        folded = _ELONGATED.sub(r"\1\1", fold(token))
        found = []
        for part in _parts(folded):
            found += self._pieces_of_word(part)
        return found

    def _pieces_of_word(self, word: str) -> list[int]:
        """The longest piece that the word begins with, then the longest of the rest, and so on."""
        found, begin, end = [], 0, min(len(word), _LONGEST)
        while begin < end:
            for stop in range(end, begin, -1):
                number = self._numbers.get(f"##{word[begin:stop]}" if begin else word[:stop])
                if number is not None:
                    found.append(number)
                    begin = stop
                    break
            else:
                return [self._unknown]
        return found


def _parts(word: str) -> list[str]:
    """Words and marks; a picture is read by its name in Unicode, since the reader knows words only."""
    if word.isascii():
        return _PART.findall(word)
    if len(word) <= 3 and not word[0].isalpha():  # noqa: PLR2004 - a picture with its modifiers
        return unicodedata.name(word[0], "").lower().replace("-", " ").split()
    return word.replace("'", " ' ").split()
