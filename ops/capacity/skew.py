"""How evenly partitions are loaded, with Kafka's own partitioner, by the key that messages carry."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Final

from handraise.engine.placement import place

BUSINESSES: Final = 400


def hottest(weights: Iterable[tuple[bytes, float]], partitions: int) -> float:
    """The load of the hottest partition, as a multiple of the mean, of keys with these weights."""
    loads = [0.0] * partitions
    for key, weight in weights:
        loads[place(key, partitions)] += weight
    return max(loads) * partitions / sum(loads)


def conversations(count: int, mean: float, seed: int) -> list[tuple[bytes, float]]:
    """Conversations with their numbers of messages: geometric, of this mean, so that some are very long."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    keys = (b"c-%016x" % chance.getrandbits(64) for _ in range(count))
    return [(key, _geometric(chance, mean)) for key in keys]


def businesses(seed: int) -> list[tuple[bytes, float]]:
    """Businesses with their shares of the messages: the second has half of what the first has, the third a third."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    return [(b"business-%08x" % chance.getrandbits(32), 1 / rank) for rank in range(1, BUSINESSES + 1)]


def largest_business() -> float:
    """The share of the largest of them."""
    return 1 / sum(1 / rank for rank in range(1, BUSINESSES + 1))


def _geometric(chance: random.Random, mean: float) -> int:
    messages = 1
    while chance.random() > 1 / mean:
        messages += 1
    return messages
