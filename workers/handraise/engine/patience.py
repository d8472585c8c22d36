"""Waiting for something to end that may not, when the worker has to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


async def wait_for_end(seconds: float, what: str, ending: Coroutine[Any, Any, object] | asyncio.Task[None]) -> None:
    """Wait for a task to end, no longer than `seconds`; then it is cancelled and left behind.

    Errors of its end are logged, not raised: whoever stops something has nothing to gain from them. Unlike a timeout
    around an await, this holds even for a client that does not let itself be cancelled.
    """
    task = ending if isinstance(ending, asyncio.Task) else asyncio.create_task(ending)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        log.warning("left_behind", what=what, seconds=seconds)
        task.cancel()
    elif not task.cancelled() and task.exception() is not None:
        log.debug("ended_badly", what=what, error=repr(task.exception()))
