"""The topics as the log reads them: every partition, from where the database says, without a consumer group.

The offsets are in the database, in the same transactions as the rows, so Kafka has none to keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError, explaining
from handraise.engine.record import Record
from handraise.engine.topics import Topic, TopicNames
from handraise.review.intake import READ, Place
from handraise.review.observer import LogObserver

_WAIT_MS: Final = 200

log = structlog.get_logger(__name__)


class LogTopics:
    """A consumer of everything that the log reads. The topics must exist."""

    def __init__(self, clients: Clients, names: TopicNames, observer: LogObserver) -> None:
        self._clients = clients
        self._names = names
        self._observer = observer
        self._consumer: Any = None
        self._sources: list[TopicPartition] = []

    async def start(self) -> None:
        """Connect, and find the partitions.

        Raises:
            EngineError: no broker answers.
        """
        self._consumer = await self._clients.start(self._clients.reader(reset="none"))
        first = [TopicPartition(self._names[topic], 0) for topic in READ]
        # The client learns of a topic's partitions when it is asked for one of them.
        self._consumer.assign(first)
        await self._consumer.end_offsets(first)
        self._sources = [
            TopicPartition(source.topic, partition)
            for source in first
            for partition in sorted(self._consumer.partitions_for_topic(source.topic))
        ]
        self._consumer.assign(self._sources)

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def seek(self, wanted: Mapping[Place, int]) -> dict[Place, int]:
        """Go to these offsets, and to the beginning of a partition that is not named.

        Returns:
            The partitions that had to go elsewhere than where they should, with where they are now.
        """
        beginnings = await self._consumer.beginning_offsets(self._sources)
        ends = await self._consumer.end_offsets(self._sources)
        moved = {}
        for source in self._sources:
            place = (source.topic, source.partition)
            offset = wanted.get(place, beginnings[source])
            if not beginnings[source] <= offset <= ends[source]:
                self._tell_gap(source, offset, beginnings[source])
                offset = moved[place] = beginnings[source]
            self._consumer.seek(source, offset)
        return moved

    async def take(self, limit: int) -> list[Record] | None:
        """The next records, none if there are none for now; None when a topic no longer has what comes next.

        Raises:
            EngineError: the broker refuses to give any.
        """
        try:
            with explaining("Read"):
                fetched = await self._consumer.getmany(*self._sources, timeout_ms=_WAIT_MS, max_records=limit)
        except OffsetOutOfRangeError:
            return None
        except KafkaError as error:
            raise EngineError(f"the broker gives the log no records ({type(error).__name__}: {error})") from error
        return [record for records in fetched.values() for record in records]

    async def lag(self) -> dict[Topic, int]:
        """How many records of each topic were not taken yet."""
        found = dict.fromkeys(READ, 0)
        for source in self._sources:
            end = self._consumer.highwater(source)
            if end is not None:
                position = await self._consumer.position(source)
                found[self._names.topic(source.topic)] += max(0, end - position)
        return found

    def _tell_gap(self, source: TopicPartition, offset: int, beginning: int) -> None:
        place = {"topic": source.topic, "partition": source.partition, "from_offset": offset, "to_offset": beginning}
        if offset < beginning:
            log.error("records_missed", **place, mend="retention removed them before they were read: lengthen it")
            self._observer.missed(self._names.topic(source.topic), beginning - offset)
        else:
            log.warning(
                "topic_made_anew", **place, effect="it is read from its beginning; what is known is not doubled"
            )
