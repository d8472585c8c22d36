"""Long lists, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

ItemT = TypeVar("ItemT")
SIZE: Final = 500
"""A statement names no more values than this, which every database allows."""


def chunks(items: Sequence[ItemT], size: int = SIZE) -> Iterator[list[ItemT]]:
    """The items in their order, at most `size` at a time."""
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])
