"""The records of one partition of every source topic, merged into one order."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from handraise.engine.errors import LogTruncatedError
from handraise.engine.intake import Intake
from handraise.engine.observer import Observer
from handraise.engine.record import Record

_POSITION_SECONDS: Final = 0.1
_ANSWER_MS: Final = 2_000
"""How long ago the last answer to a fetch may be while nothing is wrong."""

log = structlog.get_logger(__name__)


class Lag(NamedTuple):
    """What of a topic's partition is not committed yet, and since when (epoch milliseconds; none if unknown)."""

    records: int
    oldest_ms: int | None


class Inbox:
    """Reads partition n of the source topics with the group's consumer.

    Records are fetched ahead while a batch is in hand. What was fetched and is not committed is dropped by `rewind`,
    and read again; only `take` seeks, and nothing of the partition is fetched meanwhile.
    """

    def __init__(
        self,
        member: Any,  # noqa: ANN401 - aiokafka carries no types
        sources: Iterable[TopicPartition],
        observer: Observer,
        ahead_bytes: int,
    ) -> None:
        self._member = member
        self._observer = observer
        self._intake = Intake(member, sources, ahead_bytes)
        self._pending = self._intake.waiting
        self._next: dict[TopicPartition, int] = {}
        self._must_seek = True

    async def begin(self, committed: Mapping[TopicPartition, int]) -> list[TopicPartition]:
        """Go on at the committed offsets, or at the beginning of a topic that has none.

        Returns:
            The topics that have none.
        """
        beginnings = await self._member.beginning_offsets(list(self._pending))
        self._next = {source: committed.get(source, beginnings[source]) for source in self._pending}
        self.rewind()
        return [source for source in self._pending if source not in committed]

    def rewind(self) -> None:
        """Drop what was fetched; the next `take` reads from what is committed."""
        self._intake.drop()
        self._must_seek = True

    async def take(self, limit: int) -> list[Record]:
        """The next records in the order of their timestamps; an empty list when there are none for now.

        Each topic keeps its own order. Timestamps put an outcome behind the message that it answers when both come
        from a backlog; where a topic has more that is not fetched yet, nothing is taken beyond what is.

        Raises:
            LogTruncatedError: a topic ends before the committed offset.
        """
        if self._must_seek:
            self._must_seek = False
            await self._intake.begin(self._next)
        try:
            await self._wait_for_records()
        except NoOffsetForPartitionError:
            # The consumer looked for a committed offset before the seek.
            self.rewind()
        except OffsetOutOfRangeError as error:
            await self._out_of_range(error.args[0])
        # Topics that have more which is not fetched yet.
        incomplete = [source for source in self._pending if self._pending[source] and await self._missing(source)]
        taken = self._merged(limit, incomplete)
        await self._intake.took()
        return taken

    def _merged(self, limit: int, incomplete: Iterable[TopicPartition]) -> list[Record]:
        pending = self._pending
        filled = [records for records in pending.values() if records]
        if len(filled) == 1:
            (records,) = filled
            return [records.popleft() for _ in range(min(limit, len(records)))]
        left = {source.topic: len(pending[source]) for source in incomplete}
        taken = []
        for record in islice(heapq.merge(*filled, key=_timestamp), limit):
            taken.append(record)
            if record.topic in left:
                left[record.topic] -= 1
                if not left[record.topic]:
                    break
        for record in taken:
            pending[TopicPartition(record.topic, record.partition)].popleft()
        return taken

    def after(self, records: Iterable[Record]) -> dict[TopicPartition, int]:
        """The offsets to go on from when these records are done."""
        last = {record.topic: record for record in records}
        return {TopicPartition(topic, record.partition): record.offset + 1 for topic, record in last.items()}

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """These offsets are committed."""
        self._next |= offsets

    def next_offset(self, topic: str) -> int:
        """The offset to go on from in a topic."""
        return next(offset for source, offset in self._next.items() if source.topic == topic)

    async def caught_up(self) -> bool:
        """Whether everything that is in the topics, as far as the last fetch tells, has been taken."""
        if self._must_seek or any(self._pending.values()):
            return False
        return not any([await self._missing(source) for source in self._pending])

    async def has_none_before(self, at_ms: int) -> bool:
        """Whether no record waits to be taken, fetched or not, that is older than this (epoch milliseconds).

        A topic of which something is fetched is judged by the oldest of that: what is not fetched stands behind it. One
        of which nothing is fetched has none if its broker has said so since then: an answer from before, when it could
        last be reached, tells nothing of what came after.
        """
        if self._must_seek:
            return False
        for source, records in self._pending.items():
            if records:
                if records[0].timestamp < at_ms:
                    return False
                continue
            answered = self._heard_at(source)
            if answered is None or answered < at_ms - _ANSWER_MS or await self._missing(source):
                return False
        return True

    def heard_at_ms(self) -> int | None:
        """When the topic that was heard of longest ago was last heard of: the machine's clock, epoch milliseconds.

        The answer to a fetch counts, also one without records; there is one several times a second while nothing is
        waiting to be taken. None before the first, and where the group is about to take the partition away.
        """
        answers = [self._heard_at(source) for source in self._pending]
        known = [answered for answered in answers if answered is not None]
        return min(known) if len(known) == len(answers) else None

    def _heard_at(self, source: TopicPartition) -> int | None:
        """When a topic was last heard of; None before the first answer, and while the partition is being taken away."""
        try:
            answered = self._member.last_poll_timestamp(source)
        except (AssertionError, IllegalStateError):
            return None
        return None if answered is None else int(answered)

    async def lag(self, in_hand: Sequence[Record]) -> dict[TopicPartition, Lag]:
        """What is not committed, the batch in hand included. Topics that this worker no longer has are left out."""
        lags = {}
        for source, records in self._pending.items():
            mine = [record for record in in_hand if record.topic == source.topic]
            waiting = mine or records
            try:
                missing = await self._missing(source)
            except IllegalStateError:
                continue
            lags[source] = Lag(len(mine) + len(records) + missing, waiting[0].timestamp if waiting else None)
        return lags

    async def close(self) -> None:
        """Fetch no more; another inbox may read the partition now."""
        await self._intake.stop()

    async def _wait_for_records(self) -> None:
        """Until there are some, and of each topic that has more; but not for what a whole fetch does not bring.

        Once there are some, it is whole fetches from then on that count, not from the last record: those of one topic
        may come so steadily that another, whose broker is away, would be waited for without end.
        """
        enough: float | None = None
        while True:
            if any(self._pending.values()):
                # Some topics may have more that is still on its way: without it, the order would be that of arrival.
                hungry = [source for source, records in self._pending.items() if not records]
                if not any([await self._missing(source) for source in hungry]):
                    return
                if enough is None:
                    # The first of them may have begun before.
                    enough = self._intake.asked + 2
                elif self._intake.asked >= enough:
                    return
            if not await self._intake.more():
                return

    async def _missing(self, source: TopicPartition) -> int:
        """Offsets of a topic that are there but not fetched; 1 if its end is not known yet."""
        try:
            # After a reassignment there is no position until the next seek, and the consumer would wait for one.
            async with asyncio.timeout(_POSITION_SECONDS):
                position = await self._member.position(source)
        except TimeoutError:
            return 0
        end = self._member.last_stable_offset(source)
        if end is None or end < 0:
            end = self._member.highwater(source)
        return 1 if end is None else max(0, int(end) - int(position))

    async def _out_of_range(self, offsets: Mapping[TopicPartition, int]) -> None:
        for source, offset in offsets.items():
            if offset < self._next[source]:
                # An answer to a fetch from before the last seek.
                continue
            beginning = (await self._member.beginning_offsets([source]))[source]
            if offset >= beginning:
                raise LogTruncatedError(
                    f"{source.topic} partition {source.partition} ends before offset {offset}, up to which it was read"
                    " already: the topic was made anew, or has lost its end. Reset the offsets of the consumer group"
                    " for this topic to where the worker should go on"
                )
            log.error(
                "records_missed",
                topic=source.topic,
                partition=source.partition,
                from_offset=offset,
                to_offset=beginning,
                records=beginning - offset,
                mend="retention removed them before they were read: lengthen it, or add workers",
            )
            self._observer.records_missed(source.topic, source.partition, beginning - offset)
            self._next[source] = beginning
        self.rewind()


def _timestamp(record: Record) -> int:
    return record.timestamp
