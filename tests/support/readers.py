"""Kafka clients that only hand out a reader, for tests of what reads a log from its beginning."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

Reader = TypeVar("Reader")


class ReaderClients(Generic[Reader]):
    """Hands out the reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def reader(self) -> Reader:
        """The one there is."""
        return self._reader

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - as the real one
        """It needs no start."""
        return client
