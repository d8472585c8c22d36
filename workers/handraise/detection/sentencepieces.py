"""Cut texts into the pieces of the multilingual encoder (SentencePiece: Kudo and Richardson, 2018), by the word.

The package's tokenizer is written in Python and reads a text a character at a time. No piece spans a space, so the best
cut of a text is that of its words one after the other, and words come again.
"""

from __future__ import annotations

from typing import Final, Protocol

_LONGEST: Final = 40
"""Code points of a word that is remembered."""
_MOST: Final = 60_000
"""How many words are remembered."""


class Tokenizer(Protocol):
    """The package's."""

    def encode(self, texts: str, *, add_bos: bool, add_eos: bool) -> list[int]:
        """The numbers of a text's pieces; that of the unknown piece alone where there are none."""
        ...


class SentencePieces(dict[str, tuple[int, ...]]):
    """The numbers of each word's pieces, remembered."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer: Final = tokenizer
        framed = tokenizer.encode("", add_bos=True, add_eos=True)
        self._start, self._unknown, self._end = framed

    def read(self, text: str) -> list[int]:
        """The numbers of a text's pieces, with those of its start and its end."""
        if len(self) >= _MOST:
            self.clear()
        found = [self._start]
        for word in text.split(" "):
            found += self[word]
        if len(found) == 1:
            found.append(self._unknown)
        found.append(self._end)
        return found

    def __missing__(self, word: str) -> tuple[int, ...]:
        pieces = tuple(self._tokenizer.encode(word, add_bos=False, add_eos=False))
        if pieces == (self._unknown,):
            # That is how the tokenizer reads nothing; whatever there is has a piece for the space before it too.
            pieces = ()
        if len(word) <= _LONGEST:
            self[word] = pieces
        return pieces
