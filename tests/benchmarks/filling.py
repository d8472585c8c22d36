"""Puts records into a topic, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from handraise.engine.placement import place
from handraise.engine.topics import Topic
from tests.benchmarks.traffic import Made
from tests.support.installation import Installation

_BATCH_BYTES: Final = 524_288
_AHEAD: Final = 64
"""Batches that wait for the broker at the most."""


async def fill(
    to: Installation, topic: Topic, made: Iterable[Made], placed_by: Callable[[bytes], bytes] = lambda key: key
) -> None:
    """Publish records, each placed by its key as any producer does it, or by what `placed_by` makes of the key."""
    name, partitions = to.names[topic], to.settings.partitions
    building: dict[int, Any] = {}
    waiting: set[asyncio.Future[Any]] = set()
    # An idempotent producer tries again for as long as it takes; the broker may be busy making the topics.
    producer = AIOKafkaProducer(
        bootstrap_servers=to.settings.brokers, enable_idempotence=True, linger_ms=0, max_batch_size=_BATCH_BYTES
    )
    async with producer:

        async def hand_over(partition: int) -> None:
            batch = building.pop(partition)
            batch.close()
            waiting.add(await producer.send_batch(batch, name, partition=partition))
            if len(waiting) >= _AHEAD:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                waiting.difference_update(done)
                for one in done:
                    one.result()

        for key, value in made:
            partition = place(placed_by(key), partitions)
            while partition not in building or building[partition].append(key=key, value=value, timestamp=None) is None:
                if partition in building:
                    await hand_over(partition)
                building[partition] = producer.create_batch()
        for partition in list(building):
            await hand_over(partition)
        await asyncio.gather(*waiting)
