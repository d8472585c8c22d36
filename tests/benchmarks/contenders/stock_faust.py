"""Faust as its documentation shows it: an agent over a topic, with a table in memory and its changelog."""

from __future__ import annotations

import sys
from typing import Any

import faust

from tests.benchmarks.job import TELLS_AT, Stopwatch, given_job
from tests.support.brokers import free_port


def main() -> None:
    """Run a worker until it is killed."""
    job = given_job()
    watch = Stopwatch(job)
    app = faust.App(
        job.name,
        broker=f"kafka://{job.servers}",
        store="memory://",
        datadir=job.folder,
        topic_partitions=job.partitions,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        web_bind="127.0.0.1",
        web_port=free_port(),
        env_prefix="BENCHMARK_",
    )
    messages = app.topic(job.topic, key_type=bytes, value_serializer="json")
    tenths = app.topic(job.tells, key_type=bytes, value_serializer="json")
    counts = app.Table("counts", default=int, partitions=job.partitions, key_type=bytes)

    @app.agent(messages)
    async def count(stream: Any) -> None:  # noqa: ANN401 - faust's streams are not generic in what they yield
        async for key, message in stream.items():
            counts[key] += 1
            if not counts[key] % TELLS_AT:
                await tenths.send(key=key, value={"about": message["message_id"], "count": counts[key]})
            watch.done()

    sys.argv = [sys.argv[0], "worker", "-l", "warn"]
    app.main()


if __name__ == "__main__":
    main()
