"""Messages that are published in transactions: only what is committed counts, and nothing waits for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.integration.test_worker import at_least, counts
from tests.support.brokers import Broker
from tests.support.installation import WORKER, Installation, Record, WorkerProcess, installed, message
from tests.support.waiting import until


@asynccontextmanager
async def transactional(made: Installation) -> AsyncIterator[Any]:
    """A producer upstream, as a stream processor with exactly-once or an outbox has it."""
    producer = await made.clients.start(
        AIOKafkaProducer(bootstrap_servers=made.broker.servers, transactional_id=f"{made.settings.group}-upstream")
    )
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: Any, made: Installation, records: Iterable[Record]) -> None:  # noqa: ANN401 - aiokafka carries no types
    """Send within the transaction that is open."""
    for topic, value, key, _, _ in records:
        await producer.send_and_wait(made.names[topic], value, key=key)


def told(worker: WorkerProcess, metric: str, label: str = "") -> list[float]:
    """The values of a metric, of which a label says so."""
    lines = worker.get("/metrics")[1].splitlines()
    return [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(metric + "{") and label in line]


@pytest.mark.parametrize("delivery", list(Delivery))
def test_only_what_was_committed_upstream_is_folded(kafka: Broker, tmp_path: Path, delivery: Delivery) -> None:
    """Aborted messages stand between the others and at the end; one transaction is open all the while."""
    numbers = iter(range(1_000))

    def some() -> list[Record]:
        return [message(next(numbers), f"c{one % 4}") for one in range(8)]

    async def main(made: Installation) -> None:
        worker = await asyncio.to_thread(made.worker().wait_ready)
        async with transactional(made) as upstream:
            for _ in range(3):
                await upstream.begin_transaction()
                await send(upstream, made, some())
                await upstream.commit_transaction()
                await upstream.begin_transaction()
                await send(upstream, made, some())
                await upstream.abort_transaction()
            decisions = await made.read(Topic.DECISIONS, at_least(24))
            assert counts(decisions) == {f"c{n}": list(range(1, 7)) for n in range(4)}

            await upstream.begin_transaction()
            await send(upstream, made, some())
            # What stands behind an open transaction is held back from every reader of committed records.
            await made.produce(some())
            assert await asyncio.to_thread(worker.is_ready)
            worker.terminate()
            assert await asyncio.to_thread(worker.wait, 20) == 0
            worker = await asyncio.to_thread(made.worker().wait_ready)
            assert len(await made.read(Topic.DECISIONS, at_least(24))) == 24
            await upstream.abort_transaction()
        decisions = await made.read(Topic.DECISIONS, at_least(32))
        assert counts(decisions) == {f"c{n}": list(range(1, 9)) for n in range(4)}
        assert not worker.events("records_missed")
        assert not worker.events("partition_failed")

    with installed(kafka, tmp_path, delivery=delivery) as made:
        asyncio.run(main(made))


def test_what_was_aborted_upstream_is_nothing_left_to_do(kafka_installation: Installation) -> None:
    """No record stands for the end of a transaction either."""
    made = kafka_installation

    async def main(worker: WorkerProcess) -> None:
        async with transactional(made) as upstream:
            await upstream.begin_transaction()
            await send(upstream, made, [message(number, f"c{number}") for number in range(8)])
            assert await asyncio.to_thread(worker.is_ready)
            await upstream.commit_transaction()
            await upstream.begin_transaction()
            await send(upstream, made, [message(number, f"c{number}") for number in range(8, 16)])
            await upstream.abort_transaction()
        folded, lag = "handraise_messages_total", "handraise_lag_records"
        await asyncio.to_thread(until, lambda: sum(told(worker, folded)) == 8, 20, "what was committed to be folded")
        nothing = [0.0] * made.settings.partitions
        await asyncio.to_thread(until, lambda: told(worker, lag, "messages") == nothing, 10, "nothing to be left to do")

    asyncio.run(main(made.worker(WORKER).wait_ready()))
