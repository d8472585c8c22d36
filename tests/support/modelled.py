"""A model of Kafka for one partition: logs, transactions with their fences, committed offsets. All in memory.

Each request of a client is a step of its process. A process has only as many steps as it is given: when they are used
up, it stands still in the middle of whatever it does, as one that is stopped or killed there does. What a request does
to the logs lies between two steps, so that a process can also end after its request was carried out and before it
hears of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, ProducerFenced
from aiokafka.structs import OffsetAndMetadata

_BATCH_RECORDS: Final = 3
"""So few that larger results take several batches."""
_FETCH_RECORDS: Final = 4
_LOOKS: Final = 8
"""How often a fetch looks for new records before it ends without any."""


class Standstill(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time: when nothing can be done, the clock is put forward.

    It knows no other time, so that a machine that is slow or busy changes nothing.
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        super().__init__()
        selector: Any = vars(self)["_selector"]
        wait = selector.select

        def select(timeout: float | None) -> list[Any]:
            if timeout:
                self._ahead += timeout
            found: list[Any] = wait(0)
            return found

        selector.select = select

    def time(self) -> float:
        """All that was put forward."""
        return self._ahead


class Process:
    """The steps that a worker may still take; None for any number."""

    def __init__(self) -> None:
        self.steps: int | None = 0
        self.stands_still = asyncio.Event()
        self._more = asyncio.Event()

    def give(self, steps: int | None) -> None:
        """Let it go on for so many steps."""
        self.steps = steps
        self.stands_still.clear()
        self._more.set()

    async def step(self) -> None:
        """Take one, or stand still until there is one to take."""
        while self.steps == 0:
            self._more.clear()
            self.stands_still.set()
            await self._more.wait()
        if self.steps is not None:
            self.steps -= 1
        await asyncio.sleep(0)


@dataclass
class Transaction:
    """What was written and not committed yet."""

    topics: set[str] = field(default_factory=set)
    offsets: dict[str, OffsetAndMetadata] = field(default_factory=dict)
    open: bool = True
    committed: bool = False


class Entry(NamedTuple):
    """A place in a log: a record, or the marker at the end of a transaction."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    transaction: Transaction | None
    is_marker: bool = False


class Model:
    """The broker."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Entry]] = defaultdict(list)
        self.committed: dict[str, OffsetAndMetadata] = {}
        self.epochs: dict[str, int] = defaultdict(int)
        self.under_way: dict[str, Transaction] = {}
        self.generation = 0
        self._clock = count(1_764_000_000_000)

    def now(self) -> int:
        """Every call is a millisecond later."""
        return next(self._clock)

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        transaction: Transaction | None = None,
        timestamp: int | None = None,
        *,
        is_marker: bool = False,
    ) -> int:
        """Write one entry; its offset."""
        log = self.logs[topic]
        offset = log[-1].offset + 1 if log else 0
        at = self.now() if timestamp is None else timestamp
        log.append(Entry(topic, 0, offset, at, key, value, tuple(headers), transaction, is_marker))
        return offset

    def end(self, topic: str) -> int:
        """One behind the last entry that a reader of what is committed may pass."""
        log = self.logs[topic]
        undecided = (entry.offset for entry in log if entry.transaction is not None and entry.transaction.open)
        return next(undecided, log[-1].offset + 1 if log else 0)

    def read(self, topic: str, position: int) -> list[Entry]:
        """What is committed from a position on."""
        end = self.end(topic)
        return [entry for entry in self.logs[topic] if position <= entry.offset < end and _is_visible(entry)]

    def finish(self, transaction: Transaction, *, commit: bool) -> None:
        """End a transaction in all its logs, and its offsets with it."""
        transaction.open, transaction.committed = False, commit
        for topic in sorted(transaction.topics):
            self.append(topic, None, None, transaction=transaction, is_marker=True)
        if commit:
            self.committed |= transaction.offsets

    def compact(self, topic: str, upto: int) -> None:
        """Of each key, keep only the newest record before this offset; the newest ones after it too."""
        newest = {entry.key: entry.offset for entry in self.read(topic, 0) if entry.offset < upto}
        self.logs[topic] = [
            entry
            for entry in self.logs[topic]
            if entry.offset >= min(upto, self.end(topic)) or newest.get(entry.key) == entry.offset or entry.is_marker
        ]


def _is_visible(entry: Entry) -> bool:
    return not entry.is_marker and (entry.transaction is None or entry.transaction.committed)


class _Building:
    """A batch of a producer."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]], int | None]] = []

    def append(
        self, *, key: bytes | None, value: bytes | None, timestamp: int | None, headers: list[tuple[str, bytes]]
    ) -> object | None:
        """Take a record; None if it is full."""
        if len(self.records) == _BATCH_RECORDS:
            return None
        self.records.append((key, value, headers, timestamp))
        return self

    def close(self) -> None:
        """Nothing more."""


class _Written(NamedTuple):
    offset: int


class Producer:
    """As aiokafka's, as far as the engine uses it."""

    def __init__(self, model: Model, process: Process, transactional_id: str | None) -> None:
        self._model = model
        self._process = process
        self._id = transactional_id
        self._epoch = 0
        self._transaction: Transaction | None = None
        self._writing: set[asyncio.Task[_Written]] = set()

    async def start(self) -> None:
        """Fence who had the id before."""
        await self._process.step()
        if self._id is not None:
            self._model.epochs[self._id] += 1
            self._epoch = self._model.epochs[self._id]
            left_open = self._model.under_way.pop(self._id, None)
            if left_open is not None:
                self._model.finish(left_open, commit=False)
        await self._process.step()

    async def stop(self) -> None:
        """Nothing is waiting."""

    async def partitions_for(self, _: str) -> set[int]:
        """Each topic has one."""
        return {0}

    def create_batch(self) -> _Building:
        """To be filled and sent."""
        return _Building()

    async def send_batch(self, batch: _Building, topic: str, *, partition: int) -> asyncio.Task[_Written]:
        """Write a batch, beside whatever else the producer does."""
        assert partition == 0
        # The log has them in the order in which they were handed over.
        writing = asyncio.create_task(self._write(batch, topic, set(self._writing), self._transaction))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return writing

    async def _write(
        self,
        batch: _Building,
        topic: str,
        before: set[asyncio.Task[_Written]],
        transaction: Transaction | None,
    ) -> _Written:
        await asyncio.gather(*before)
        await self._process.step()
        self._check()
        if transaction is not None:
            assert self._id is not None
            self._model.under_way[self._id] = transaction
            transaction.topics.add(topic)
        for key, value, headers, timestamp in batch.records:
            acknowledged = self._model.append(topic, key, value, headers, transaction, timestamp)
        await self._process.step()
        return _Written(acknowledged)

    async def send_and_wait(self, topic: str, *, value: bytes | None, key: bytes, partition: int) -> _Written:
        """Write one record."""
        assert partition == 0
        await self._process.step()
        offset = self._model.append(topic, key, value)
        await self._process.step()
        return _Written(offset)

    async def begin_transaction(self) -> None:
        """Only the client knows of it."""
        self._transaction = Transaction()

    async def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, tuple[int, str]], _: str) -> None:
        """Add the offsets."""
        await self._process.step()
        self._check()
        assert self._transaction is not None
        assert self._id is not None
        self._model.under_way[self._id] = self._transaction
        self._transaction.offsets |= {source.topic: OffsetAndMetadata(*noted) for source, noted in offsets.items()}
        await self._process.step()

    async def commit_transaction(self) -> None:
        """Everything becomes visible at once."""
        assert not self._writing, "not everything was acknowledged"
        await self._process.step()
        self._check()
        assert self._transaction is not None
        assert self._id is not None
        self._model.under_way.pop(self._id, None)
        self._model.finish(self._transaction, commit=True)
        await self._process.step()
        self._transaction = None

    def _check(self) -> None:
        if self._id is not None and self._model.epochs[self._id] != self._epoch:
            raise ProducerFenced


class Consumer:
    """As aiokafka's, as far as the engine uses it: for a reader of one topic, and for a member of the group."""

    def __init__(self, model: Model, process: Process, generation: int) -> None:
        self._model = model
        self._process = process
        self._generation = generation
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    async def start(self) -> None:
        """It has no connection to make."""

    async def stop(self) -> None:
        """It has none to close."""

    def assign(self, sources: Sequence[TopicPartition]) -> None:
        """Anything can be read."""
        self._positions = dict.fromkeys(sources, 0)

    async def seek_to_beginning(self, *sources: TopicPartition) -> None:
        """Nothing is ever removed from the beginning."""
        self._positions |= dict.fromkeys(sources, 0)

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go there."""
        self._positions[source] = offset

    def pause(self, *sources: TopicPartition) -> None:
        """Hand out nothing of these."""
        self._paused.update(sources)

    def resume(self, *sources: TopicPartition) -> None:
        """Hand them out again."""
        self._paused.difference_update(sources)

    async def beginning_offsets(self, sources: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """All begin at 0."""
        return dict.fromkeys(sources, 0)

    async def end_offsets(self, sources: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Of what is committed."""
        await self._process.step()
        return {source: self._model.end(source.topic) for source in sources}

    async def position(self, source: TopicPartition) -> int:
        """Where the next fetch begins."""
        return self._positions[source]

    def last_stable_offset(self, source: TopicPartition) -> int:
        """As of now."""
        return self._model.end(source.topic)

    def highwater(self, source: TopicPartition) -> int:
        """As of now."""
        return self._model.end(source.topic)

    def last_poll_timestamp(self, _: TopicPartition) -> int | None:
        """When its broker was last heard of, in epoch milliseconds: now."""
        return round(time.time() * 1_000)

    def partitions_for_topic(self, _: str) -> set[int]:
        """Each topic has one."""
        return {0}

    async def getmany(
        self, *sources: TopicPartition, timeout_ms: int, max_records: int = _FETCH_RECORDS
    ) -> dict[TopicPartition, list[Entry]]:
        """The next records, as soon as there are some; nothing when there were none for so long."""
        await self._process.step()
        for _ in range(_LOOKS):
            found = self._fetched(set(sources) - self._paused, max_records)
            if found:
                return found
            await asyncio.sleep(timeout_ms / 1_000 / _LOOKS)
        return {}

    def _fetched(self, sources: set[TopicPartition], most: int) -> dict[TopicPartition, list[Entry]]:
        found = {}
        for source in sources:
            records = self._model.read(source.topic, self._positions[source])[: min(most, _FETCH_RECORDS)]
            most -= len(records)
            if records:
                found[source] = records
                self._positions[source] = records[-1].offset + 1
            rest = self._model.read(source.topic, self._positions[source])
            if not rest:
                # Markers, and what was given up, are passed over.
                self._positions[source] = max(self._positions[source], self._model.end(source.topic))
        return found

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Commit outside of a transaction; only a member of now may."""
        await self._process.step()
        if self._generation != self._model.generation:
            raise CommitFailedError
        self._model.committed |= {source.topic: OffsetAndMetadata(*noted) for source, noted in offsets.items()}
        await self._process.step()


class Admin:
    """As aiokafka's, as far as the engine uses it."""

    def __init__(self, model: Model, process: Process) -> None:
        self._model = model
        self._process = process

    async def start(self) -> None:
        """It has no connection to make."""

    async def close(self) -> None:
        """It has none to close."""

    async def list_consumer_group_offsets(
        self, _: str, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """The group's offsets, with what is noted beside them."""
        await self._process.step()
        nowhere = OffsetAndMetadata(-1, "")
        return {source: self._model.committed.get(source.topic, nowhere) for source in partitions}


class ModelClients:
    """Makes the clients of one process, as `handraise.engine.clients.Clients` does."""

    def __init__(self, model: Model, process: Process) -> None:
        self._model = model
        self._process = process

    def producer(self, transactional_id: str | None = None) -> Producer:
        """A producer."""
        return Producer(self._model, self._process, transactional_id)

    def admin(self) -> Admin:
        """For the group's offsets."""
        return Admin(self._model, self._process)

    def reader(self) -> Consumer:
        """A consumer without a group."""
        return Consumer(self._model, self._process, -1)

    def member(self) -> Consumer:
        """A member of the group as it is now."""
        return Consumer(self._model, self._process, self._model.generation)

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - as the real one
        """Start a client."""
        await client.start()
        return client
