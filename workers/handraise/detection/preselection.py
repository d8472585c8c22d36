"""Which rules can match a text at all, told from the symbols that are in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import repeat
from operator import or_
from typing import Final, Generic, TypeVar

SLOTS: Final = 3
"""How many of a phrase's required words are looked at."""

RuleT = TypeVar("RuleT")


class Preselection(Generic[RuleT]):
    """Chooses, of some rules, those for which a text has a symbol of each set that the rule needs.

    A mask has `SLOTS` parts of one bit per rule. A rule's bit in the part of a slot says that the slot's need is met.
    """

    def __init__(self, rules: Sequence[tuple[RuleT, Sequence[frozenset[str]]]]) -> None:
        """`rules`, each with at most `SLOTS` sets of symbols."""
        self._rules: Final = [rule for rule, _ in rules]
        self._size: Final = len(rules)
        self._bits: Final = [1 << place for place in range(len(rules))]
        self._open = 0
        """What is met by any text."""
        self._masks: Final = dict[str, int]()
        for place, (_, needs) in enumerate(rules):
            for slot in range(SLOTS):
                bit = 1 << (slot * self._size + place)
                if slot >= len(needs):
                    self._open |= bit
                    continue
                for symbol in needs[slot]:
                    self._masks[symbol] = self._masks.get(symbol, 0) | bit

    def of(self, symbols: str) -> list[RuleT]:
        """The rules that a text of these symbols may match, in their order."""
        size = self._size
        met = reduce(or_, map(self._masks.get, set(symbols), repeat(0)), self._open)
        left = met & (met >> size) & (met >> 2 * size) & ((1 << size) - 1)
        found = []
        while left:
            place = left.bit_length() - 1
            found.append(self._rules[place])
            left ^= self._bits[place]
        found.reverse()
        return found
