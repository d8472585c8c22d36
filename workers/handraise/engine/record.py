"""A record as it was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition
from msgspec import Struct


class Record(Protocol):
    """What the engine uses of a record."""

    @property
    def topic(self) -> str:
        """The full name of its topic."""
        ...

    @property
    def partition(self) -> int:
        """The partition it stands in."""
        ...

    @property
    def offset(self) -> int:
        """Its place there."""
        ...

    @property
    def timestamp(self) -> int:
        """When it was written, by its producer or the broker: epoch milliseconds."""
        ...

    @property
    def key(self) -> bytes | None:
        """As received."""
        ...

    @property
    def value(self) -> bytes | None:
        """As received."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """As received."""
        ...


class Received(Struct, frozen=True, gc=False):
    """A `Record` from a broker.

    aiokafka's own `ConsumerRecord` has four fields more that nobody here reads, and takes as long to make as all else
    that it does for a record.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def received(_: object, source: TopicPartition, record: Any) -> Received:  # noqa: ANN401 - aiokafka carries no types
    """In place of `PartitionRecords._consumer_record` of aiokafka, for clients without deserializers."""
    headers = tuple(record.headers)
    return Received(source.topic, source.partition, record.offset, record.timestamp, record.key, record.value, headers)
