"""Which partition a key belongs to, by Kafka's default partitioner."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from aiokafka.partitioner import DefaultPartitioner

_REMEMBERED: Final = 65_536
_PARTITIONER: Final = DefaultPartitioner()


# The hash is written in Python and takes some ten times as long as the decoding of a message.
@lru_cache(maxsize=_REMEMBERED)
def place(key: bytes, partitions: int) -> int:
    """The partition of a key, of so many."""
    everywhere = list(range(partitions))
    return int(_PARTITIONER(key, everywhere, everywhere))
