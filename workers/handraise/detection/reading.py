"""A text as symbols, with where each of them stands; positions are worked out only for texts that need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from handraise.detection.tokens import CLAUSE_MARKS, TOKEN


class Reading:
    """A masked text and its symbols. `known` gives the symbols of each token, the first of its pair."""

    def __init__(self, text: str, symbols: str, known: Mapping[str, tuple[str, int]]) -> None:
        self.text: Final = text
        self.symbols: Final = symbols
        self._known: Final = known

    @cached_property
    def clauses(self) -> Sequence[int]:
        """For each symbol, how many marks between clauses stand before it."""
        clauses, clause = list[int](), 0
        for token in TOKEN.findall(self.text):
            symbols = self._known[token][0]
            if symbols:
                clauses += [clause] * len(symbols)
            else:
                clause += token[0] in CLAUSE_MARKS or token[0] in ".…"
        return clauses

    @cached_property
    def _places(self) -> Sequence[tuple[int, int]]:
        """Where the word of each symbol stands."""
        places = list[tuple[int, int]]()
        for found in TOKEN.finditer(self.text):
            symbols = self._known[found[0]][0]
            if symbols:
                places += [found.span()] * len(symbols)
        return places

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the words of the symbols from `start` to `end` stand in the text; end marks at the rim are left out."""
        return self._places[start][0], self._places[end - 1][1]
