"""A loop over aiokafka's consumer that does nothing with what it reads: the ceiling for whatever stands on it."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer

from tests.benchmarks.job import Stopwatch, given_job


async def main() -> None:
    """Read all events."""
    job = given_job()
    watch = Stopwatch(job)
    consumer = AIOKafkaConsumer(
        job.topic, bootstrap_servers=job.servers, group_id=job.name, auto_offset_reset="earliest"
    )
    await consumer.start()
    left = job.events
    while left > 0:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            left -= len(records)
            watch.done(len(records))
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main())
