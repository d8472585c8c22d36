"""Giving memory back to the operating system when partitions have come or gone."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Collect what only cycles keep, and hand freed pages back, in some 20 to 100 ms.

    A partition that goes leaves clients and cancelled tasks behind, which are cycles: the collector, spared as it is
    (see `handraise.app.run`), would come by after hours. And what a restore has read lies between what it keeps. By
    itself glibc gives back only the end of its heap, so that a worker to which partitions come and go grows with each.
    Other C libraries have no such call, and do without.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
