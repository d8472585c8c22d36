"""What stands in the dead letters: which there are, and which of them have been replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from handraise.engine.deadletters import read_letter, receipt_of
from handraise.engine.errors import EngineError
from handraise.engine.record import Record
from handraise.engine.topics import Topic, TopicNames
from handraise.events import DeadLetter, DeadLetterReason

_FETCH_WAIT_MS: Final = 200


class Wanted(NamedTuple):
    """Which dead letters are asked for: those that fit everything that is given."""

    reasons: frozenset[DeadLetterReason] = frozenset()
    """One of these; none means any."""
    topic: Topic | None = None
    """The topic that they were read from."""
    partition: int | None = None
    """The partition of the dead letters."""
    first: int = 0
    """The lowest offset there."""
    last: int | None = None
    """The highest offset there."""
    since_ms: int = 0
    """Not older than this, in epoch milliseconds."""
    until_ms: int | None = None
    """Older than this."""


class Found(NamedTuple):
    """A dead letter."""

    record: Record
    described: DeadLetter


class Letterbox:
    """Reads the dead letters, one partition after the other, up to where they end when it is opened."""

    def __init__(self, reader: Any, names: TopicNames, wanted: Wanted) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._reader = reader
        self._names = names
        self._wanted = wanted
        self._ranges: dict[TopicPartition, tuple[int, int]] = {}

    async def measure(self) -> None:
        """Find out from where to where each partition is read.

        Raises:
            EngineError: the one that is asked for is not there.
        """
        reader, wanted = self._reader, self._wanted
        name = self._names[Topic.DEAD_LETTERS]
        # The client learns of a topic's partitions when it is asked for one of them.
        reader.assign([TopicPartition(name, 0)])
        await reader.end_offsets([TopicPartition(name, 0)])
        numbers = sorted(reader.partitions_for_topic(name))
        if wanted.partition is not None and wanted.partition not in numbers:
            there = "there is only 0" if len(numbers) == 1 else f"there are 0 to {numbers[-1]}"
            raise EngineError(f"{name} has no partition {wanted.partition}: {there}")
        sources = [TopicPartition(name, number) for number in numbers if wanted.partition in {None, number}]
        begins, ends = await reader.beginning_offsets(sources), await reader.end_offsets(sources)
        young = await reader.offsets_for_times(dict.fromkeys(sources, wanted.since_ms)) if wanted.since_ms else {}
        for source in sources:
            begin = max(begins[source], wanted.first)
            if wanted.since_ms:
                found = young.get(source)
                begin = max(begin, ends[source] if found is None else found.offset)
            self._ranges[source] = begin, ends[source]

    async def replayed(self) -> set[tuple[int, int]]:
        """Partition and offset of each letter of the range that has been replayed: a receipt stands behind it."""
        return {place async for record in self._records() if (place := receipt_of(record)) is not None}

    async def letters(self) -> AsyncIterator[Found]:
        """The letters that are asked for, as they stand in their partitions."""
        async for record in self._records(self._wanted.last):
            described = read_letter(record)
            if described is not None and self._fits(record, described):
                yield Found(record, described)

    def _fits(self, record: Record, described: DeadLetter) -> bool:
        wanted = self._wanted
        return (
            (not wanted.reasons or described.reason in wanted.reasons)
            and (wanted.topic is None or described.source_topic == self._names[wanted.topic])
            and record.timestamp >= wanted.since_ms
            and (wanted.until_ms is None or record.timestamp < wanted.until_ms)
        )

    async def _records(self, last: int | None = None) -> AsyncIterator[Record]:
        reader = self._reader
        for source, (begin, end) in self._ranges.items():
            stop = end if last is None else min(end, last + 1)
            if begin >= stop:
                continue
            reader.assign([source])
            reader.seek(source, begin)
            # The position passes over transaction markers, which no record stands for.
            while await reader.position(source) < stop:
                fetched = await reader.getmany(source, timeout_ms=_FETCH_WAIT_MS)
                for record in fetched.get(source, ()):
                    if record.offset >= stop:
                        break
                    yield record


async def open_letterbox(reader: Any, names: TopicNames, wanted: Wanted) -> Letterbox:  # noqa: ANN401 - aiokafka carries no types
    """Over a reader that has been started, as the topic is now.

    Raises:
        EngineError: the partition that is asked for is not there.
    """
    box = Letterbox(reader, names, wanted)
    await box.measure()
    return box
