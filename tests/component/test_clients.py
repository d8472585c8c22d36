"""What becomes of Kafka clients that do not stop as they should."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import NodeNotReadyError

from handraise.engine.clients import stop_client

SOURCE = TopicPartition("chat.state", 0)


def test_the_connections_of_a_reader_are_closed_though_its_stop_ends_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """While its broker is away, the client waits before it fetches again, and ends in the cancellation of that wait."""
    closed = []

    async def main() -> None:
        reader = AIOKafkaConsumer(enable_auto_commit=False)
        client: Any = vars(reader)["_client"]
        closing = client.close

        async def bootstrap() -> None:
            """There is no broker to ask."""

        async def send(*_: object) -> None:
            raise NodeNotReadyError

        async def close() -> None:
            await closing()
            closed.append(reader)

        monkeypatch.setattr(client, "bootstrap", bootstrap)
        monkeypatch.setattr(client, "send", send)
        monkeypatch.setattr(client, "set_topics", lambda _: None)
        monkeypatch.setattr(client, "close", close)
        monkeypatch.setattr(client.cluster, "leader_for_partition", lambda _: 1)
        await reader.start()
        reader.assign([SOURCE])
        reader.seek(SOURCE, 0)
        await asyncio.sleep(0.05)
        await stop_client(reader, "a reader to stop")

    asyncio.run(main())
    assert len(closed) == 1
