"""A consumer of the output while the fault lasts: when each message's decision could first be seen."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from handraise.engine.deadletters import KEPT_BYTES
from handraise.engine.topics import Topic, TopicNames
from tests.chaos.scripts import EVERY_MESSAGE

log = structlog.get_logger(__name__)


class Seen(NamedTuple):
    """The first sight of a decision."""

    at: float
    """The machine's clock, in seconds."""
    partition: int


class _Named(msgspec.Struct):
    message_id: str
    trigger: str


_DECODER: Final = msgspec.json.Decoder(_Named)
_POLL_MS: Final = 100


class Watch:
    """Reads the decisions and the dead letters as any consumer does that wants only what is committed."""

    def __init__(self, servers: str, names: TopicNames, partitions: int) -> None:
        self._servers = servers
        self._decisions = names[Topic.DECISIONS]
        self._sources = [
            TopicPartition(names[topic], partition)
            for topic in (Topic.DECISIONS, Topic.DEAD_LETTERS)
            for partition in range(partitions)
        ]
        self.seen: dict[str, Seen] = {}
        """By message id."""
        self.letters: list[float] = []
        """When each dead letter was seen."""
        self._last = time.time()

    @property
    def quiet_seconds(self) -> float:
        """How long ago the last record was seen."""
        return time.time() - self._last

    async def run(self) -> None:
        """Read until cancelled."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * KEPT_BYTES,
            fetch_max_wait_ms=_POLL_MS,
        )
        await reader.start()
        try:
            reader.assign(self._sources)
            await reader.seek_to_beginning(*self._sources)
            while True:
                await self._poll(reader)
        finally:
            await reader.stop()

    async def _poll(self, reader: Any) -> None:  # noqa: ANN401 - aiokafka carries no types
        try:
            fetched = await reader.getmany(timeout_ms=_POLL_MS)
        except KafkaError as error:
            log.info("watch_interrupted", error=repr(error))
            await asyncio.sleep(_POLL_MS / 1_000)
            return
        now = time.time()
        self._last = now if fetched else self._last
        for source, records in fetched.items():
            if source.topic != self._decisions:
                self.letters += [now] * len(records)
                continue
            for record in records:
                named = _DECODER.decode(record.value)
                if named.trigger == EVERY_MESSAGE:
                    self.seen.setdefault(named.message_id, Seen(now, source.partition))
