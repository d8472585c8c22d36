"""Publishes messages at a steady rate: a program of its own, so that nothing else holds it up.

It prints when it began, on the clock that all processes of a machine share. A message is due in the first tick at or
after its place divided by the rate; what is late because the machine was busy counts as late.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer
from msgspec import Struct

from tests.benchmarks.traffic import traffic

TICK: Final = 0.005
_SETTLES: Final = 0.2


class Steady(Struct, frozen=True, kw_only=True):
    """What to publish: messages a second, for so many seconds."""

    servers: str
    topic: str
    rate: float
    seconds: float

    def due(self, place: int) -> float:
        """Seconds after the beginning at which a message is to be sent."""
        return math.ceil(place / self.rate / TICK) * TICK


def place_of(message_id: str) -> int:
    """Which message of all it is, by its id."""
    return int(message_id.split("-")[1])


async def main() -> None:
    """Publish."""
    steady = msgspec.json.decode(sys.argv[1], type=Steady)
    made = list(traffic(int(steady.rate * steady.seconds), seed=2))
    producer = AIOKafkaProducer(bootstrap_servers=steady.servers, acks=1, linger_ms=0)
    await producer.start()
    began = time.monotonic() + _SETTLES
    sys.stdout.write(f"{began}\n")
    sys.stdout.flush()
    for place, (key, value) in enumerate(made):
        wait = began + steady.due(place) - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await producer.send(steady.topic, value, key=key)
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(main())
