"""Formulas for what the simulation plays out; the tests hold the two together."""

from __future__ import annotations

import math


def waiting(rate: float, capacity: float) -> float:
    """Mean seconds that a message waits for its turn where messages come at random and each takes the same time.

    An M/D/1 queue (Pollaczek and Khinchine). Rates are a second; `rate` is below `capacity`.
    """
    utilisation = rate / capacity
    return utilisation / (2 * capacity * (1 - utilisation))


def catching_up(pause: float, rate: float, capacity: float) -> float:
    """Seconds from the end of a pause until what came meanwhile is done: backlog / (capacity - rate)."""
    return pause * rate / (capacity - rate)


def hottest_share(partitions: int, conversations: int, spread: float = 0.0) -> float:
    """About the load of the hottest of some partitions, as a multiple of the mean, with conversations placed by hash.

    `spread` is the coefficient of variation of the conversations' own loads. Loads are near normal where conversations
    are many; the expected maximum of that is taken.
    """
    deviation = math.sqrt((partitions - 1) / conversations * (1 + spread**2))
    return 1 + deviation * math.sqrt(2 * math.log(partitions))


def usable_share(partitions: int, workers: int) -> float:
    """What part of the workers' capacity counts: the first that is full has one partition more than the last."""
    return partitions / (workers * math.ceil(partitions / workers))


def even_counts(partitions: int) -> list[int]:
    """The numbers of workers that share the partitions evenly."""
    return [count for count in range(1, partitions + 1) if partitions % count == 0]
