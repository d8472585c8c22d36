"""An installation of Handraise on a test's broker: topics and group of its own, and worker processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaProducer, TopicPartition

from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames, create_topics
from handraise.events import ChatMessage, Sender, encode
from handraise.settings import Delivery, Settings
from tests.support.brokers import ROOT, Broker
from tests.support.waiting import until

COUNTING: Final = ("-m", "tests.support.counting")
WORKER: Final = ("-m", "handraise", "worker")
READY_SECONDS: Final = 40.0
"""A first join takes half the session timeout on the embedded broker; a killed member is waited for as long as that."""


class Record(NamedTuple):
    """A record to be produced."""

    topic: Topic
    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class WorkerProcess:
    """A worker in a process of its own, with its log in a file."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.arguments = arguments
        self.log = log
        self._url: str | None = None
        self._out = log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, cwd=ROOT, stdout=self._out, stderr=subprocess.STDOUT
        )

    def lines(self) -> list[dict[str, Any]]:
        """The log so far, without what is no log line."""
        text = self.log.read_text(errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.lines() if line["event"] == name]

    def url(self) -> str:
        """Where it answers HTTP."""
        if self._url is None:
            until(lambda: self._ended() or bool(self.events("listening")), 60, f"{self.log.name} to listen")
            self._url = str(self.events("listening")[0]["url"])
        return self._url

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its pages."""
        try:
            with urllib.request.urlopen(self.url() + path, timeout=5) as answer:  # noqa: S310 - the worker's own URL
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_ready(self) -> bool:
        """Whether `/readyz` says so."""
        return self.get("/readyz")[0] == 200

    def wait_ready(self) -> Self:
        """Wait until it is ready."""
        until(lambda: self._ended() or self.is_ready(), READY_SECONDS, f"{self.log.name} to be ready")
        if self._ended():
            raise AssertionError(f"the worker ended: {self.log.read_text(errors='replace')[-2_000:]}")
        return self

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(seconds)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        self._out.close()

    def _ended(self) -> bool:
        return self.process.poll() is not None


class Installation:
    """Topics, a group, and the processes that a test starts."""

    def __init__(self, broker: Broker, folder: Path, **settings: Any) -> None:  # noqa: ANN401 - any setting
        unique = uuid.uuid4().hex[:8]
        self.broker = broker
        self.folder = folder
        own: dict[str, Any] = {
            "delivery": Delivery.EXACTLY_ONCE if broker.transactions else Delivery.AT_LEAST_ONCE,
            "partitions": 4,
            "http_port": 0,
            # A first join takes the embedded broker half of it.
            "session_timeout_seconds": 6.0 if broker.transactions else 4.0,
        }
        self.settings = Settings(
            brokers=broker.servers, group=f"group-{unique}", topic_prefix=f"t{unique}.", **{**own, **settings}
        )
        self.clients = Clients(self.settings)
        self.names = TopicNames(self.settings.topic_prefix)
        self.workers: list[WorkerProcess] = []

    def create_topics(self) -> None:
        """Make the topics."""
        asyncio.run(create_topics(self.settings, self.clients))

    def environment(self, **more: str) -> dict[str, str]:
        """For a process that is to use this installation."""
        mine = {
            f"HANDRAISE_{name.upper()}": str(value)
            for name, value in self.settings.model_dump(mode="json", exclude_unset=True).items()
        }
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        return {**os.environ, **mine, "HANDRAISE_LOG_FORMAT": "json", "PYTHONPATH": path, **more}

    def worker(self, arguments: Sequence[str] = COUNTING, **more: str) -> WorkerProcess:
        """Start a worker; by default, one that counts."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        started = WorkerProcess(arguments, self.environment(**more), log)
        self.workers.append(started)
        return started

    @asynccontextmanager
    async def producer(self, compression: str | None = None) -> AsyncIterator[Any]:
        """A producer like one upstream."""
        producer = await self.clients.start(
            AIOKafkaProducer(
                bootstrap_servers=self.broker.servers, acks="all", compression_type=compression, max_batch_size=524_288
            )
        )
        try:
            yield producer
        finally:
            await producer.stop()

    async def produce(self, records: Iterable[Record], compression: str | None = None) -> None:
        """Publish records, and wait until the broker has them."""
        async with self.producer(compression) as producer:
            sent = [
                await producer.send(self.names[topic], value, key=key, headers=list(headers), partition=partition)
                for topic, value, key, headers, partition in records
            ]
            await asyncio.gather(*sent)

    async def read(self, topic: Topic, enough: Callable[[list[Any]], bool], seconds: float = 30.0) -> list[Any]:
        """Everything committed in a topic, once it is enough, and what else comes within half a second.

        Raises:
            TimeoutError: it was not enough in time.
        """
        name = self.names[topic]
        sources = [TopicPartition(name, partition) for partition in range(self.settings.partitions)]
        reader = await self.clients.start(self.clients.reader())
        found: list[Any] = []
        try:
            reader.assign(sources)
            await reader.seek_to_beginning(*sources)
            async with asyncio.timeout(seconds):
                while not enough(found):
                    found += await _poll(reader)
            for _ in range(3):
                found += await _poll(reader)
        except TimeoutError:
            raise TimeoutError(f"only {len(found)} records in {name} after {seconds:g} s") from None
        finally:
            await reader.stop()
        return found

    async def everything(self, topic: Topic, partition: int | None = None) -> list[Any]:
        """All that is committed in a topic, or in one partition of it, when the call begins, in order of partitions."""
        name = self.names[topic]
        found: list[Any] = []
        reader = await self.clients.start(self.clients.reader())
        try:
            for number in range(self.settings.partitions) if partition is None else [partition]:
                source = TopicPartition(name, number)
                reader.assign([source])
                await reader.seek_to_beginning(source)
                end = (await reader.end_offsets([source]))[source]
                # The position passes over transaction markers, which no record stands for.
                while await reader.position(source) < end:
                    found += await _poll(reader)
        finally:
            await reader.stop()
        return found

    async def state(self) -> dict[bytes, bytes]:
        """The newest state of each conversation in the changelog that has not been forgotten."""
        newest = {record.key: record.value for record in await self.everything(Topic.STATE)}
        return {key: value for key, value in newest.items() if value is not None}

    def close(self) -> None:
        """End every process."""
        for one in self.workers:
            one.close()


@contextmanager
def installed(broker: Broker, folder: Path, **settings: Any) -> Iterator[Installation]:  # noqa: ANN401 - any setting
    """An installation with its topics, for one test."""
    made = Installation(broker, folder, **settings)
    made.create_topics()
    try:
        yield made
    finally:
        made.close()


def message(number: int, conversation: str, text: str = "Where is my order?", business: str = "acme") -> Record:
    """A customer's message, as its producer publishes it."""
    sent = ChatMessage(
        message_id=f"m{number}",
        conversation_id=conversation,
        business_id=business,
        sender=Sender.CUSTOMER,
        sent_at=1_764_000_000_000 + number * 1_000,
        text=text,
    )
    return Record(Topic.MESSAGES, encode(sent), conversation.encode())


async def _poll(reader: Any) -> list[Any]:  # noqa: ANN401 - aiokafka carries no types
    fetched = await reader.getmany(timeout_ms=200)
    return [record for records in fetched.values() for record in records]
