"""How the results of a batch reach the log: all at once, or in an order that can be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    InvalidTransactionTimeout,
    KafkaError,
    ProducerClosed,
    TransactionalIdAuthorizationFailed,
    UnknownError,
    UnsupportedVersionError,
)

from handraise.engine.batch import Send
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError, TransactionsUnavailableError, TransactionsUnsupportedError
from handraise.engine.patience import wait_for_end
from handraise.engine.placement import place
from handraise.engine.state import OWNER_MARK, Kept
from handraise.engine.topics import Topic, TopicNames
from handraise.settings import Settings

Offsets = Mapping[TopicPartition, tuple[int, str]]
"""Where to go on, each with a note that is kept with it."""
_CLOSE_SECONDS: Final = 0.75
_ANSWER_SECONDS: Final = 30.0
"""A broker without transactions may not answer at all."""
_NOT_KNOWN: Final = (IncompatibleBrokerVersion, UnsupportedVersionError, UnknownError)
"""The broker does not offer the request, does not take it in this version, or, as the embedded one does, fails at it.
Apache Kafka says the last only of a fault of its own."""


def transactional_id(settings: Settings, part: object) -> str:
    """The id of a producer; the prefix is part of it, since two installations may use one group name."""
    return f"{settings.topic_prefix}{settings.group}-{part}"


async def start_transactional(clients: Clients, its_id: str) -> Any:  # noqa: ANN401 - aiokafka carries no types
    """A producer that has taken a transactional id, and so ended every earlier producer of that id.

    Raises:
        BrokerUnreachableError: no broker answers.
        TransactionsUnsupportedError: the broker has no transactions.
        TransactionsUnavailableError: it does not let one begin; the message names the mend.
    """
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await clients.start(clients.producer(its_id))
    except (KafkaError, TimeoutError) as error:
        raise _refusal(error, its_id) from error


def _refusal(error: KafkaError | TimeoutError, check_id: str) -> EngineError:
    """What is wrong, in words that name the mend."""
    # The client hands on what it did not expect of a coordinator as a plain error with a cause.
    reason = error.__cause__ if type(error) is KafkaError and error.__cause__ is not None else error
    kind = type(reason).__name__
    rights = f"this user has Write and Describe on transactional ids that begin like {check_id}"
    if isinstance(reason, _NOT_KNOWN):
        unsure = "; if it is one already, its log says what failed" if isinstance(reason, UnknownError) else ""
        return TransactionsUnsupportedError(
            f"the broker has no transactions ({kind}), which exactly-once delivery needs: use Apache Kafka 2.5 or newer"
            f"{unsure}. Or set HANDRAISE_DELIVERY=at_least_once and let consumers drop repeats by their ids"
        )
    if isinstance(reason, TransactionalIdAuthorizationFailed):
        return TransactionsUnavailableError(f"the broker does not let this user write transactions: see that {rights}")
    if isinstance(reason, InvalidTransactionTimeout):
        return TransactionsUnavailableError(
            "HANDRAISE_TRANSACTION_TIMEOUT_SECONDS is more than the broker's transaction.max.timeout.ms: set it to less"
        )
    return TransactionsUnavailableError(
        f"the broker does not let a transaction begin ({kind}): see that each partition of __transaction_state has a"
        " leader, that there are as many brokers as transaction.state.log.replication.factor asks for (3 by default),"
        f" without which that topic cannot be made, and that {rights}"
    )


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
    """Puts records and states into a producer, in batches built here.

    A future for each record, as the producer's own `send` makes, would halve the throughput.
    """

    def __init__(self, producer: Any, names: TopicNames, partition: int) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._producer = producer
        self._names = names
        self._partition = partition

    async def send(self, sends: Iterable[Send]) -> list[asyncio.Future[Any]]:
        """Hand records to the producer, each placed by its key; the futures end when the broker has them."""
        packing = _Packing(self._producer)
        for one in sends:
            name, key = self._names[one.topic], one.key
            partitions = len(await self._producer.partitions_for(name))
            # A dead letter may have no key; any partition is as good as another then.
            partition = self._partition % partitions if key is None else place(key, partitions)
            await packing.add(TopicPartition(name, partition), key, one.value, list(one.headers))
        return await packing.close()

    async def keep(self, kept: Mapping[bytes, Kept]) -> list[asyncio.Future[Any]]:
        """The same for states, which go to the partition's own partition of the changelog."""
        packing = _Packing(self._producer)
        changelog = TopicPartition(self._names[Topic.STATE], self._partition)
        for key, one in kept.items():
            headers = [] if one.progress is None else [one.progress.header()]
            await packing.add(changelog, key, one.state, headers, one.at_ms)
        return await packing.close()


class _Packing:
    """Batches under construction, one for each partition; a full one is handed to the producer at once."""

    def __init__(self, producer: Any) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._producer = producer
        self._building: dict[TopicPartition, Any] = {}
        self._waiting: list[asyncio.Future[Any]] = []

    async def add(
        self,
        target: TopicPartition,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
        at_ms: int | None = None,
    ) -> None:
        """Append a record, of this time or of now."""
        building = self._building.get(target)
        if building is not None and building.append(key=key, value=value, timestamp=at_ms, headers=headers) is not None:
            return
        if building is not None:
            await self._queue(target, building)
        self._building[target] = building = self._producer.create_batch()
        # The first record of a batch always fits: the producer's limit is one for more of them.
        building.append(key=key, value=value, timestamp=at_ms, headers=headers)

    async def close(self) -> list[asyncio.Future[Any]]:
        """Hand over what is left; the futures of everything."""
        for target, building in self._building.items():
            await self._queue(target, building)
        return self._waiting

    async def _queue(self, target: TopicPartition, batch: Any) -> None:  # noqa: ANN401 - aiokafka carries no types
        batch.close()
        self._waiting.append(await self._producer.send_batch(batch, target.topic, partition=target.partition))


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
        if offsets:
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
        self._offsets: dict[TopicPartition, tuple[int, str]] = {}
        self._closed = False

    async def open(self) -> int | None:
        """Write a mark into the changelog: its offset is the number of this owner, higher than any before."""
        await self._clients.start(self._producer)
        mark = await self._producer.send_and_wait(
            self._names[Topic.STATE], value=None, key=OWNER_MARK, partition=self._partition
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
        if not offsets:
            return
        try:
            await self._member.commit(offsets)
        except BaseException:
            # To be tried again with the next ones, even if nothing more comes.
            self._offsets = offsets | self._offsets
            raise

    async def close(self) -> None:
        """Stop the producer."""
        self._closed = True
        await wait_for_end(_CLOSE_SECONDS, "a producer to stop", self._producer.stop())
