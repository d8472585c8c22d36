"""When Kafka is slow or silent, a worker holds little, stays in its group, and says that it makes no headway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil
import pytest

from handraise.engine.topics import Topic
from tests.support.brokers import Broker, free_port, kafka_cluster
from tests.support.installation import Installation, WorkerProcess, message
from tests.support.proxy import Proxy, behind
from tests.support.waiting import eventually, until

MESSAGES: Final = 6_000
TEXT: Final = "a long text " * 800
BACKLOG_MB: Final = MESSAGES * len(TEXT) / 1_048_576
MOST_MB: Final = 24.0
"""What a worker may gain by a backlog: of four partitions a batch and what is fetched ahead, as Python objects."""
SESSION_SECONDS: Final = 6.0


def memory_mb(worker: WorkerProcess) -> float:
    """What a worker holds."""
    return float(psutil.Process(worker.process.pid).memory_info().rss) / 1_048_576


def readiness(worker: WorkerProcess) -> tuple[int, str]:
    """What `/readyz` says."""
    return worker.get("/readyz")


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_backlog_that_cannot_be_worked_on_costs_no_memory_and_no_membership(
    kafka_installation: Installation, compression: str | None
) -> None:
    """The topic of decisions is gone; when it is there again, each message has one decision.

    Compressed, a partition's whole backlog fits into one fetch.
    """
    made = kafka_installation
    small = {"HANDRAISE_FETCH_BYTES": "262144", "HANDRAISE_TRANSACTION_TIMEOUT_SECONDS": "5"}
    worker = made.worker(**small).wait_ready()
    asyncio.run(remove(made, Topic.DECISIONS))
    before = memory_mb(worker)
    backlog = [message(number, f"c{number % 40}", TEXT) for number in range(MESSAGES)]
    asyncio.run(made.produce(backlog, compression))
    held: list[float] = []
    said: set[str] = set()

    def has_tried_twice() -> bool:
        held.append(memory_mb(worker))
        status, body = readiness(worker)
        assert worker.get("/healthz")[0] == 200
        said.update([body] if status == 503 else [])
        return len(worker.events("partition_begins_again")) >= 8

    until(has_tried_twice, 120, "each partition to be tried twice")
    assert max(held) - before < MOST_MB < BACKLOG_MB / 2, held
    assert any("partition 0" in body for body in said), said
    assert len(worker.events("partitions_assigned")) == 1
    made.create_topics()
    decisions = asyncio.run(made.read(Topic.DECISIONS, lambda records: len(records) >= MESSAGES, 120))
    assert len(decisions) == MESSAGES
    until(lambda: readiness(worker)[0] == 200, 30, "the worker to be ready again")


def test_a_worker_that_hears_of_no_broker_is_not_ready_until_it_does(kafka_jars: None, tmp_path: Path) -> None:
    """Nothing is to be done meanwhile, so that nothing but the silence can tell."""
    del kafka_jars

    async def main() -> None:
        async with behind_a_network(tmp_path) as (made, network):
            worker = made.worker(HANDRAISE_BROKERS=f"127.0.0.1:{network.port}")
            await asyncio.to_thread(worker.wait_ready)
            quiet_until = time.monotonic() + 1.5 * SESSION_SECONDS

            async def says(status: int, words: str) -> bool:
                found, body = await asyncio.to_thread(readiness, worker)
                return found == status and words in body

            while time.monotonic() < quiet_until:
                assert await says(200, "ready"), "an idle worker is a ready one"
            network.mute()
            await eventually(lambda: says(503, "no broker answers for partition"), 60, "the silence to be told")
            assert (await asyncio.to_thread(worker.get, "/healthz"))[0] == 200
            network.heal()
            await eventually(lambda: says(200, "ready"), 120, "the worker to be ready again")
            await made.produce([message(1, "c1")])
            assert len(await made.read(Topic.DECISIONS, bool)) == 1

    asyncio.run(main())


@pytest.mark.parametrize("delivery", ["at_least_once", "exactly_once"])
def test_a_worker_that_hears_of_no_broker_ends_when_it_is_told_to(
    kafka_jars: None, tmp_path: Path, delivery: str
) -> None:
    """Under at-least-once there are offsets that it would have committed on its way out, of several partitions."""
    del kafka_jars

    async def main() -> None:
        async with behind_a_network(tmp_path) as (made, network):
            worker = made.worker(HANDRAISE_BROKERS=f"127.0.0.1:{network.port}", HANDRAISE_DELIVERY=delivery)
            await asyncio.to_thread(worker.wait_ready)
            async with made.producer() as producer:
                for number in range(150):
                    _, value, key, _, _ = message(number, f"c{number % 40}")
                    await producer.send_and_wait(made.names[Topic.MESSAGES], value, key=key)
                    await asyncio.sleep(0.01)
            network.refuse()
            worker.terminate()
            assert await asyncio.to_thread(worker.wait, 12) in (0, 1)

    asyncio.run(main())


@asynccontextmanager
async def behind_a_network(folder: Path) -> AsyncIterator[tuple[Installation, Proxy]]:
    """An installation on a broker of its own, with a network that can be made bad."""
    network = Proxy(free_port(), free_port(), Random(1))  # noqa: S311 - to be repeated, not to be secret
    with kafka_cluster(folder, properties=behind(network)) as cluster:
        broker = Broker("kafka", cluster.servers, transactions=True)
        made = Installation(broker, folder, session_timeout_seconds=SESSION_SECONDS)
        await asyncio.to_thread(made.create_topics)
        await network.start()
        try:
            yield made, network
        finally:
            made.close()
            await network.stop()


async def remove(made: Installation, topic: Topic) -> None:
    """Delete a topic."""
    admin: Any = await made.clients.start(made.clients.admin())
    try:
        await admin.delete_topics([made.names[topic]])
    finally:
        await admin.close()


pytestmark = pytest.mark.kafka
