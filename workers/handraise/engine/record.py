"""A record as it was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Record(Protocol):
    """What the engine uses of aiokafka's `ConsumerRecord`."""

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
