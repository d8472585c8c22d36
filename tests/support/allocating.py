"""`python -m tests.support.allocating NAME`: what takes a process of its own to be measured.

It prints how many bytes the process had in memory before what is to be looked at, and after.
"""

from __future__ import annotations

import sys
from typing import Final

import psutil

from handraise.engine.memory import give_back, keep_large_blocks_apart

SMALL_BYTES: Final = 8_192
SMALL: Final = 16_384
KEPT: Final = 64
"""One of so many small blocks stays, as a state does of what a restore has read."""
LARGE_BYTES: Final = 4_194_304
LARGE: Final = 16
BEHIND_BYTES: Final = 98_304
"""Too large for a hole that was there before, and not large enough to be apart."""


def scattered() -> tuple[int, int]:
    """Before and after memory is given back, most of which was freed between what is kept."""
    blocks = [b"." * SMALL_BYTES for _ in range(SMALL)]
    kept = [*blocks[::KEPT], blocks[-1]]
    del blocks
    before = _resident()
    give_back()
    after = _resident()
    del kept
    return before, after


def large() -> tuple[int, int]:
    """Before and after large blocks are taken and freed, with something that is kept behind each."""
    keep_large_blocks_apart()
    # From a large block that is freed, glibc concludes that it had better keep the next ones.
    first = b"." * LARGE_BYTES
    del first
    before = _resident()
    blocks, kept = [], []
    for _ in range(LARGE):
        blocks.append(b"." * LARGE_BYTES)
        kept.append(b"." * BEHIND_BYTES)
    del blocks
    after = _resident()
    del kept
    return before, after


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    measured = {"scattered": scattered, "large": large}[sys.argv[1]]()
    sys.stdout.write("{} {}\n".format(*measured))
