"""Follows the topic of policies, so that every worker knows them all.

A consumer group would give each worker only some of the partitions; this reader has no group and reads them all. It
begins at the beginning and is done with what is there before the worker folds its first message, and then follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, Final, Protocol

import structlog
from aiokafka import TopicPartition
from mode import Service

from handraise.engine.clients import Clients, stop_client
from handraise.engine.errors import RecordUnreadableError
from handraise.engine.health import Health
from handraise.engine.observer import Observer
from handraise.engine.record import Record

_FETCH_WAIT_MS: Final = 500
_NAMED: Final = 10
"""The most businesses that one line of the log names."""
_LONGEST_KEY: Final = 200
"""As long as a business_id may be."""
_KEPT: Final = "the one before stays in force until a restart: by then Kafka may have removed it from the topic"
_KEPT_IF_THERE: Final = (
    "the one before is in force if the topic still holds it, else what serves without a published one"
)

log = structlog.get_logger(__name__)


class PolicyRefusedError(ValueError):
    """A published policy is not usable; the message names the path and the reason, and no value."""


class PolicyShelf(Protocol):
    """Holds the policies in force, by business."""

    def accept(self, key: bytes | None, document: bytes) -> str:
        """Put a published policy in force and hand back its version.

        Raises:
            PolicyRefusedError: it is not usable, and the one before stays in force.
        """
        ...

    def remove(self, key: bytes) -> bool:
        """Take a published policy out of force; False if there was none."""
        ...

    @property
    def businesses(self) -> int:
        """How many businesses have a policy of their own."""
        ...

    @property
    def without_base(self) -> Collection[str]:
        """The businesses whose policy inherits from one that is not there."""
        ...

    @property
    def unfit(self) -> Collection[str]:
        """The businesses whose policy does not go together with what it inherits, of those asked for."""
        ...

    @property
    def version(self) -> str:
        """Names the exact set of policies in force."""
        ...

    @property
    def own_triggers(self) -> Collection[str]:
        """The triggers that the policies in force add to the built-in ones."""
        ...


class PolicyFollower(Service):
    """Keeps the shelf as the topic says. Its start ends when every policy that is there is in force, or refused."""

    mundane_level = "debug"

    def __init__(self, topic: str, clients: Clients, shelf: PolicyShelf, observer: Observer, health: Health) -> None:
        self._topic = topic
        self._clients = clients
        self._shelf = shelf
        self._observer = observer
        self._health = health
        self._reader: Any = None
        self._sources: list[TopicPartition] = []
        self._refused: set[bytes | None] = set()
        super().__init__()

    async def on_start(self) -> None:
        """Read what is there. The topic must exist.

        Raises:
            RecordUnreadableError: a record is there that the client cannot unpack.
        """
        self._reader = await self._clients.start(self._clients.reader())
        # The client learns of a topic's partitions when it is asked for one of them.
        self._reader.assign([TopicPartition(self._topic, 0)])
        await self._reader.end_offsets([TopicPartition(self._topic, 0)])
        partitions = self._reader.partitions_for_topic(self._topic)
        self._sources = [TopicPartition(self._topic, partition) for partition in sorted(partitions)]
        self._reader.assign(self._sources)
        await self._reader.seek_to_beginning(*self._sources)
        for source, end in (await self._reader.end_offsets(self._sources)).items():
            while await self._reader.position(source) < end:
                await self._read(live=False)
        self._tell()
        log.info("policies_read", businesses=self._shelf.businesses, version=self._shelf.version)
        self._health.done("policies")

    async def on_stop(self) -> None:
        """Stop following."""
        if self._reader is not None:
            await stop_client(self._reader, "the reader of the policies to stop")

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop:
            if await self._read(live=True):
                self._tell()
            # Whether a policy fits what it inherits shows when the first message of its business is judged.
            self._tell_faults()

    async def _read(self, *, live: bool) -> bool:
        try:
            fetched = await self._reader.getmany(*self._sources, timeout_ms=_FETCH_WAIT_MS)
        except UnicodeDecodeError as error:
            raise await self._unreadable() from error
        records = [record for source in fetched.values() for record in source]
        for record in records:
            self._apply(record, live=live)
            # Policies may come by the thousand: the group and the probes are answered between them.
            await asyncio.sleep(0)
        return bool(records)

    async def _unreadable(self) -> RecordUnreadableError:
        place = "in one of its partitions"
        for source, end in (await self._reader.end_offsets(self._sources)).items():
            try:
                # One by one, so that the position is that of the record, or of a gap before it.
                while await self._reader.position(source) < end:
                    await self._reader.getmany(source, timeout_ms=_FETCH_WAIT_MS, max_records=1)
                    await asyncio.sleep(0)
            except UnicodeDecodeError:
                place = f"at partition {source.partition}, offset {await self._reader.position(source)} or soon after"
                break
        # Kafka deletes no records, up to an offset, of a topic that is only compacted; and no group's offset leads past
        # one, since this topic is read without a group, too.
        return RecordUnreadableError(
            f"a record of {self._topic} has a header whose name is not UTF-8, and cannot be unpacked: {place}. Every"
            " worker reads this topic from its beginning, so resetting offsets does not help. Mend its producer; stop"
            " the workers, delete the topic, run `handraise topics create`, and publish all policies again"
        )

    def _apply(self, record: Record, *, live: bool) -> None:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        self._refused.discard(record.key)
        if not record.value:
            if record.key is not None and self._shelf.remove(record.key) and live:
                self._observer.policy_removed()
                log.info("policy_removed", **place)
            return
        try:
            version = self._shelf.accept(record.key, record.value)
        except PolicyRefusedError as error:
            self._refused.add(record.key)
            effect = _KEPT if live else _KEPT_IF_THERE
            log.warning("policy_refused", key=_shown(record.key), **place, problem=str(error), effect=effect)
            if live:
                self._observer.policy_refused()
            return
        if live:
            self._observer.policy_accepted()
            log.info("policy_accepted", **place, version=version)

    def _tell(self) -> None:
        if self._shelf.without_base:
            log.warning(
                "policies_without_base",
                business_ids=list(self._shelf.without_base)[:_NAMED],
                policies=len(self._shelf.without_base),
                effect="the built-in default stands in for what they inherit from",
            )
        self._tell_faults()
        self._observer.policies_in_force(self._shelf.businesses, self._shelf.version, self._shelf.own_triggers)

    def _tell_faults(self) -> None:
        self._observer.policies_faulty(
            refused=len(self._refused), without_base=len(self._shelf.without_base), unfit=len(self._shelf.unfit)
        )


def _shown(key: bytes | None) -> str | None:
    """The key of a record for the log: that of a business, unless it was published under a wrong one."""
    return None if key is None else key.decode(errors="replace")[:_LONGEST_KEY]
