"""A single queue, message by message: what `closed_forms.waiting` says of the mean."""

from __future__ import annotations

import random


def played_waiting(rate: float, capacity: float, messages: int, seed: int) -> float:
    """Mean seconds of waiting of so many messages that come at random, each of which takes 1 / `capacity`.

    Lindley's recursion: a message waits for what is left of those before it.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    waits = whole = 0.0
    for _ in range(messages):
        waits = max(0.0, waits + 1 / capacity - chance.expovariate(rate))
        whole += waits
    return whole / messages
