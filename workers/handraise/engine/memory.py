"""What the worker asks of the C library's memory, so that it does not grow with each partition that comes and goes."""

from __future__ import annotations

import ctypes
import gc
from typing import Any, Final

_M_MMAP_THRESHOLD: Final = -3
_LARGE_BYTES: Final = 2_097_152
"""More than a fetch, which comes all the time: to map, write and free a MiB took 480 microseconds, from the heap 7.
Less than the tables of a large state, which are made anew as they grow."""


def keep_large_blocks_apart() -> None:
    """Have large blocks mapped one by one, so that each goes back to the operating system when it is freed.

    Once a block has been freed, glibc takes all that are as large from its heap, up to 32 MB. What was a table of the
    state would leave its place between the states, and the heap would stay as long as that.
    """
    set_option = _of_the_c_library("mallopt")
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Collect what only cycles keep, and hand freed pages back, in some 20 to 100 ms.

    A partition that goes leaves clients and cancelled tasks behind, which are cycles: the collector, spared as it is
    (see `handraise.app.run`), would come by after hours. And what a restore has read lies between what it keeps: by
    itself, glibc gives back only the end of its heap.
    """
    gc.collect()
    trim = _of_the_c_library("malloc_trim")
    if trim is not None:
        trim(0)


def _of_the_c_library(name: str) -> Any:  # noqa: ANN401 - a function of C
    """A function that glibc has; None with another C library, which does without."""
    return getattr(ctypes.CDLL(None), name, None)
