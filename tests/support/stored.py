"""Topics as a broker would give them to a reader, for tests without a broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from aiokafka import TopicPartition

from handraise.engine.clients import Clients
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Outcome, encode
from tests.support.records import FakeRecord


class OffsetAt(NamedTuple):
    """What a broker says of a time."""

    offset: int
    timestamp: int


class FakeReader:
    """A consumer of topics of one partition, whose times are in order."""

    def __init__(self, topics: Mapping[str, Sequence[FakeRecord]], removed: int) -> None:
        self._topics = topics
        self._removed = removed
        self._places: dict[TopicPartition, int] = {}

    def assign(self, sources: list[TopicPartition]) -> None:
        """All is there already."""

    def partitions_for_topic(self, _: str) -> set[int]:
        """The one."""
        return {0}

    async def beginning_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind what retention has removed."""
        return dict.fromkeys(sources, self._removed)

    async def end_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind the last record."""
        return {source: self._removed + len(self._topics.get(source.topic, ())) for source in sources}

    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAt | None]:
        """The first record that is as late."""
        return {
            source: next(
                (OffsetAt(one.offset, one.timestamp) for one in self._left(source) if one.timestamp >= at), None
            )
            for source, at in times.items()
        }

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go to an offset."""
        self._places[source] = offset

    async def position(self, source: TopicPartition) -> int:
        """Where it is."""
        return self._places[source]

    async def getmany(self, *sources: TopicPartition, **_: int) -> dict[TopicPartition, list[FakeRecord]]:
        """Everything from where it is."""
        found = {source: self._left(source)[self._places[source] - self._removed :] for source in sources}
        for source, records in found.items():
            self._places[source] += len(records)
        return found

    async def stop(self) -> None:
        """Nothing to be closed."""

    def _left(self, source: TopicPartition) -> list[FakeRecord]:
        return list(self._topics.get(source.topic, ()))


class FakeClients:
    """Gives out one reader."""

    def __init__(self, events: Sequence[tuple[int, ChatMessage | Outcome]], removed: int = 0) -> None:
        topics: dict[str, list[FakeRecord]] = {}
        for written, event in events:
            topic = (Topic.OUTCOMES if isinstance(event, Outcome) else Topic.MESSAGES).value
            records = topics.setdefault(topic, [])
            records.append(
                FakeRecord(encode(event), topic=topic, offset=removed + len(records), timestamp=written, key=b"c")
            )
        self._reader = FakeReader(topics, removed)

    def reader(self) -> FakeReader:
        """The one that there is."""
        return self._reader

    async def start(self, reader: FakeReader) -> FakeReader:
        """It needs none."""
        return reader


def stored(*events: tuple[int, ChatMessage | Outcome], removed: int = 0) -> Clients:
    """For brokers that hold these events, each with when it was written, behind so many others that are gone."""
    fake: Any = FakeClients(events, removed)
    return cast("Clients", fake)
