"""How sure a share can be, from how much was counted."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

Z_95: Final = 1.959964
"""Of a normal distribution, 95 % lies within so many standard deviations."""


class Share(Struct, frozen=True):
    """A part of a whole that was counted, and the 95 % interval of the share behind it."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share that was seen."""
        return self.count / self.of


def share(count: int, of: int) -> Share | None:
    """The share with its Wilson score interval; None where nothing was counted.

    Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Unlike the textbook interval it stays within 0 and 1, and is honest for
    the few cases, and for the shares of none and all, that a log of verdicts or a file of a business's own has.
    """
    if of <= 0:
        return None
    seen, square = count / of, Z_95 * Z_95
    middle = (seen + square / (2 * of)) / (1 + square / of)
    half = Z_95 * math.sqrt(seen * (1 - seen) / of + square / (4 * of * of)) / (1 + square / of)
    # Of none and of all, rounding must not put the bound beside the end.
    return Share(count, of, middle - half if count else 0.0, middle + half if count < of else 1.0)
