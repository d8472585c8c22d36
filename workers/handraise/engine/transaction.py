"""How the results of a batch reach the log: all at once, or in an order that can be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import ProducerClosed

from handraise.engine.batch import Send
from handraise.engine.clients import Clients
from handraise.engine.patience import wait_for_end
from handraise.engine.state import Kept
from handraise.engine.topics import Topic, TopicNames
from handraise.settings import Settings

Offsets = Mapping[TopicPartition, int]
_CLOSE_SECONDS: Final = 0.75


def transactional_id(settings: Settings, part: object) -> str:
    """The id of a producer; the prefix is part of it, since two installations may use one group name."""
    return f"{settings.topic_prefix}{settings.group}-{part}"


class Delivery(Protocol):
    """Writes the results of one partition's batches."""

    async def open(self) -> int | None:
        """Begin to write for the partition; the number of this owner, if the state is to carry it."""
        ...

    async def commit(self, sends: Iterable[Send], kept: Mapping[bytes, Kept], offsets: Offsets) -> None:
        """Make the results of a batch durable, with the offsets to go on from."""
        ...

    async def flush(self) -> None:
        """Commit offsets that are not committed yet."""
        ...

    async def close(self) -> None:
        """Stop writing; what is not committed is lost, and is read again by the next owner."""
        ...


class Writer:
    """Puts records and states into a producer; the partition's states go to its partition of the changelog."""

    def __init__(self, producer: Any, names: TopicNames, partition: int) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._producer = producer
        self._names = names
        self._partition = partition

    async def send(self, sends: Iterable[Send]) -> list[asyncio.Future[Any]]:
        """Hand records to the producer; the futures end when the broker has them."""
        return [
            await self._producer.send(self._names[one.topic], one.value, key=one.key, headers=list(one.headers))
            for one in sends
        ]

    async def keep(self, kept: Mapping[bytes, Kept]) -> list[asyncio.Future[Any]]:
        """The same for states. They travel in batches built here: a future for each would halve the throughput."""
        waiting = []
        building = self._producer.create_batch()
        for key, (state, progress) in kept.items():
            headers = [] if progress is None else [progress.header()]
            if building.append(key=key, value=state, timestamp=None, headers=headers) is None:
                waiting.append(await self._queue(building))
                building = self._producer.create_batch()
                building.append(key=key, value=state, timestamp=None, headers=headers)
        if building.record_count():
            waiting.append(await self._queue(building))
        return waiting

    async def _queue(self, batch: Any) -> asyncio.Future[Any]:  # noqa: ANN401 - aiokafka carries no types
        batch.close()
        queued: asyncio.Future[Any] = await self._producer.send_batch(
            batch, self._names[Topic.STATE], partition=self._partition
        )
        return queued


class ExactlyOnce:
    """One transaction for a batch: its results, its states and its offsets become visible together, or never."""

    def __init__(self, settings: Settings, clients: Clients, names: TopicNames, partition: int) -> None:
        self._clients = clients
        self._group = settings.group
        self._producer = clients.producer(transactional_id(settings, partition))
        self._writer = Writer(self._producer, names, partition)

    async def open(self) -> int | None:
        """Fence whoever wrote for the partition before, and abort what it left open."""
        await self._clients.start(self._producer)
        return None

    async def commit(self, sends: Iterable[Send], kept: Mapping[bytes, Kept], offsets: Offsets) -> None:
        """Write and commit in one transaction."""
        producer = self._producer
        await producer.begin_transaction()
        await asyncio.gather(*await self._writer.send(sends), *await self._writer.keep(kept))
        await producer.send_offsets_to_transaction(dict(offsets), self._group)
        await producer.commit_transaction()

    async def flush(self) -> None:
        """Nothing to do: offsets are part of each transaction."""

    async def close(self) -> None:
        """Give the producer up; an open transaction is aborted by the next owner's fence."""
        await wait_for_end(_CLOSE_SECONDS, "a producer to stop", self._producer.stop())


class AtLeastOnce:
    """Results first, then the states, then the offsets, each acknowledged before the next.

    A crash between them repeats results, never loses one: the states say which records they hold already. Offsets are
    committed in the background, since a commit takes longer than a batch.
    """

    def __init__(self, clients: Clients, names: TopicNames, member: Any, partition: int) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._clients = clients
        self._names = names
        self._member = member
        self._partition = partition
        self._producer = clients.producer()
        self._writer = Writer(self._producer, names, partition)
        self._offsets: dict[TopicPartition, int] = {}
        self._closed = False

    async def open(self) -> int | None:
        """Write a mark into the changelog: its offset is the number of this owner, higher than any before."""
        await self._clients.start(self._producer)
        mark = await self._producer.send_and_wait(
            self._names[Topic.STATE], value=None, key=b"", partition=self._partition
        )
        return int(mark.offset)

    async def commit(self, sends: Iterable[Send], kept: Mapping[bytes, Kept], offsets: Offsets) -> None:
        """Write in order, and note the offsets for the next flush."""
        await asyncio.gather(*await self._writer.send(sends))
        if self._closed:
            # Handed back while the results were on their way: the next owner has read the states already.
            raise ProducerClosed
        await asyncio.gather(*await self._writer.keep(kept))
        self._offsets |= offsets

    async def flush(self) -> None:
        """Commit the offsets noted since the last flush."""
        offsets, self._offsets = self._offsets, {}
        if offsets:
            await self._member.commit(offsets)

    async def close(self) -> None:
        """Stop the producer."""
        self._closed = True
        await wait_for_end(_CLOSE_SECONDS, "a producer to stop", self._producer.stop())
