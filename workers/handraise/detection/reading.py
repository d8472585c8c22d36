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
    def _positions(self) -> tuple[list[int], list[int], list[int]]:
        starts, ends, clauses, clause = list[int](), list[int](), list[int](), 0
        for found in TOKEN.finditer(self.text):
            token = found[0]
            symbols = self._known[token][0]
            if not symbols:
                clause += token[0] in CLAUSE_MARKS or token[0] in ".…"
                continue
            start, end = found.span()
            for _ in symbols:
                starts.append(start)
                ends.append(end)
                clauses.append(clause)
        return starts, ends, clauses

    @property
    def clauses(self) -> Sequence[int]:
        """For each symbol, how many marks between clauses stand before it."""
        return self._positions[2]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the words of the symbols from `start` to `end` stand in the text; end marks at the rim are left out."""
        starts, ends, _ = self._positions
        return starts[start], ends[end - 1]
