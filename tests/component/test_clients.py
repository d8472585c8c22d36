"""What becomes of Kafka clients that cannot start or do not stop as they should."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition, conn
from aiokafka.consumer import fetcher
from aiokafka.errors import NodeNotReadyError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from pydantic import SecretStr

from handraise.engine.clients import RESTORE_FETCH_BYTES, Clients, stop_client
from handraise.engine.errors import BrokerUnreachableError, EngineError
from handraise.engine.record import Received
from handraise.settings import Settings
from tests.support.brokers import free_port
from tests.support.tools import tool

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


@pytest.fixture
def own_key(tmp_path: Path) -> dict[str, Any]:
    """A certificate, and its key under a password."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = [tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-subj", "/CN=worker", "-passout", "pass:hidden"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return {"ssl_certificate_file": certificate, "ssl_key_file": key}


def test_what_cannot_be_used_for_tls_is_told_by_its_setting(own_key: dict[str, Any]) -> None:
    """And nobody is asked for the password of a key, in a terminal that a service does not have."""
    tls: dict[str, Any] = {"security_protocol": "SSL", "brokers": "127.0.0.1:1"}
    no_key = own_key | {"ssl_key_file": Path(__file__)}
    for settings, told in (
        (Settings(**tls, ssl_ca_file=Path(__file__)), "HANDRAISE_SSL_CA_FILE"),
        (Settings(**tls, **own_key), "HANDRAISE_SSL_KEY_PASSWORD"),
        (Settings(**tls, **own_key, ssl_key_password=SecretStr("wrong")), "HANDRAISE_SSL_KEY_PASSWORD"),
        (Settings(**tls, **own_key, ssl_key_password=SecretStr("a whole key" * 100)), "HANDRAISE_SSL_KEY_PASSWORD"),
        (Settings(**tls, **no_key), "HANDRAISE_SSL_KEY_FILE"),
    ):
        with pytest.raises(EngineError, match=told):
            Clients(settings).reader()


def test_a_key_with_a_password_is_used(own_key: dict[str, Any]) -> None:
    async def main() -> None:
        tls: dict[str, Any] = {"security_protocol": "SSL", "brokers": "127.0.0.1:1"}
        settings = Settings(**tls, **own_key, ssl_key_password=SecretStr("hidden"))
        await stop_client(Clients(settings).reader(), "a reader to stop")

    asyncio.run(main())


def test_a_listener_that_wants_another_kind_of_connection_is_not_said_to_be_away() -> None:
    """As one with a password, TLS or another protocol does it: it takes the connection, and ends it."""

    async def main() -> str:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings: dict[str, Any] = {"brokers": f"127.0.0.1:{free_port()},127.0.0.1:{port}"}
        clients = Clients(Settings(**settings))
        with pytest.raises(BrokerUnreachableError) as refused:
            await clients.start(clients.reader())
        server.close()
        with pytest.raises(BrokerUnreachableError, match=r"no broker answers at .*: start Kafka there"):
            await clients.start(clients.reader())
        return str(refused.value)

    told = asyncio.run(main())
    assert "HANDRAISE_SECURITY_PROTOCOL" in told
    assert "start Kafka" not in told


def test_a_comma_too_many_does_not_name_a_broker_on_this_machine() -> None:
    """To the client, what is empty is a host: the one that it runs on."""
    settings: dict[str, Any] = {"brokers": "kafka-1:9092, kafka-2:9092,"}

    async def main() -> list[tuple[str, int]]:
        reader = Clients(Settings(**settings)).reader()
        hosts = [(host, port) for host, port, _ in reader._client.hosts]  # noqa: SLF001 - who it would ask first
        await stop_client(reader, "a reader to stop")
        return hosts

    assert sorted(asyncio.run(main())) == [("kafka-1", 9092), ("kafka-2", 9092)]
