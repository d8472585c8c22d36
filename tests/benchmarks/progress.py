"""How far the workers of an installation are, asked of the broker, so that no worker is held up by the asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psutil
from aiokafka.errors import KafkaError

from handraise.engine.topics import Topic
from tests.support.installation import Installation
from tests.support.waiting import eventually

_SECONDS: Final = 900.0


@asynccontextmanager
async def _asking(to: Installation) -> AsyncIterator[Callable[[], Any]]:
    admin = await to.clients.start(to.clients.admin())

    async def committed() -> int:
        offsets = await admin.list_consumer_group_offsets(to.settings.group)
        name = to.names[Topic.MESSAGES]
        return sum(max(0, of.offset) for source, of in offsets.items() if source.topic == name)

    try:
        yield committed
    finally:
        await admin.close()


def committed(to: Installation) -> int:
    """How many messages are done. Their producer used no transactions, so that offsets count them."""

    async def ask() -> int:
        async with _asking(to) as now:
            return int(await now())

    return asyncio.run(ask())


def wait_for(to: Installation, messages: int) -> None:
    """Wait until so many messages are done.

    Raises:
        TimeoutError: they were not in time.
    """

    async def wait() -> None:
        async with _asking(to) as now:

            async def enough() -> bool:
                try:
                    return bool(await now() >= messages)
                except KafkaError:
                    # A broker that is busy answers another time.
                    return False

            await eventually(enough, _SECONDS, f"{messages:,} messages to be done")

    asyncio.run(wait())


def cpu_seconds(processes: Sequence[int]) -> float:
    """Processor time of processes, by their ids."""
    return sum(sum(psutil.Process(one).cpu_times()[:2]) for one in processes)
