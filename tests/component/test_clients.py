"""What becomes of Kafka clients that do not stop as they should."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition, conn
from aiokafka.consumer import fetcher
from aiokafka.errors import NodeNotReadyError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from handraise.engine.clients import RESTORE_FETCH_BYTES, stop_client
from handraise.engine.record import Received

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


def test_the_clients_make_records_of_what_the_engine_reads_alone() -> None:
    """The client's own way takes twice as long; a release of it that no longer goes this way would be noticed here."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    builder.append(0, 1_700_000_000_000, b"key", b"value", [("name", b"told")])
    builder.append(1, 1_700_000_000_001, None, None, [])
    made: Any = fetcher.PartitionRecords(SOURCE, MemoryRecords(bytes(builder.build())), [], 0, None, None, True, 1)
    assert list(made) == [
        Received("chat.state", 0, 0, 1_700_000_000_000, b"key", b"value", (("name", b"told"),)),
        Received("chat.state", 0, 1, 1_700_000_000_001, None, None, ()),
    ]


def test_the_client_reads_as_far_ahead_as_a_fetch_of_a_restore_is_long() -> None:
    """So that the socket is not paused in the midst of one; a release that has no such limit would be noticed here."""
    assert conn.READER_LIMIT > RESTORE_FETCH_BYTES
    assert "READER_LIMIT" in conn.AIOKafkaConnection.connect.__code__.co_names
