"""When the timers of a partition's conversations are due, on the worker's clock."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import Final

SLOT_MS: Final = 15_000
"""A slot takes some 340 bytes, however few keys it has: of one second, most would have one, and a day has 86,400."""


class Schedule:
    """Due times by key. Every event of a conversation moves its timers, so moving one must cost next to nothing.

    A heap of the keys themselves would keep an entry for each move until its time came. Keys are kept in slots of some
    seconds instead, and the heap holds the number of each slot once. Times are epoch milliseconds.
    """

    def __init__(self) -> None:
        self._due: Final[dict[bytes, int]] = {}
        self._slots: Final[dict[int, dict[bytes, None]]] = {}
        self._order: Final[list[int]] = []
        """The numbers of the slots, those of empty ones too, as a heap."""

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: bytes, due_ms: int | None) -> None:
        """Set when a key is due; None takes it off."""
        before = self._due.pop(key, None)
        if before is not None:
            slot = self._slots[before // SLOT_MS]
            del slot[key]
            if not slot:
                # It stays until its time comes, since its number is in the heap; what it has held is given back.
                slot.clear()
        if due_ms is None:
            return
        self._due[key] = due_ms
        number = due_ms // SLOT_MS
        if number not in self._slots:
            self._slots[number] = {}
            heapq.heappush(self._order, number)
        self._slots[number][key] = None

    def due(self, now_ms: int, limit: int) -> list[bytes]:
        """At most `limit` keys that are due by now, those of earlier slots first. They stay until they are put."""
        found: list[bytes] = []
        kept: list[int] = []
        while self._order and self._order[0] * SLOT_MS <= now_ms and len(found) < limit:
            number = heapq.heappop(self._order)
            slot = self._slots[number]
            if not slot:
                del self._slots[number]
                continue
            kept.append(number)
            ready = (key for key in slot if self._due[key] <= now_ms)
            found.extend(islice(ready, limit - len(found)))
        for number in kept:
            heapq.heappush(self._order, number)
        return found
