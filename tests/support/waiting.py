"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

_POLL_SECONDS: Final = 0.05


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until `holds`.

    Raises:
        TimeoutError: it did not within `seconds`; the message names what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(_POLL_SECONDS)


async def eventually(holds: Callable[[], bool | Awaitable[bool]], seconds: float, what: str) -> None:
    """The same inside an event loop."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        await asyncio.sleep(_POLL_SECONDS)
