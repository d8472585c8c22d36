"""How many records to take at once, or how many timers to fire."""

from __future__ import annotations

from typing import Final

_BUSY_SECONDS: Final = 0.05
"""How much work one batch may be. What of it is not read in threads holds up everything else: other partitions,
heartbeats, `/readyz`."""
_FIRST_GUESS: Final = 0.003
"""Seconds for one record, until the first batch has told: a dear record, so that this batch is small. With a slow
detector, a large one in each partition could hold the worker up for longer than its session lasts."""
_STEP: Final = 0.3
"""How much of the last batch's cost goes into the estimate."""
_STRIDE: Final = 4
"""By how much the first guess falls with each batch that shows it too high, until one does not: from a backlog, batches
are large after four of them, and none is more than this much longer than was thought."""
_TOO_LONG_SECONDS: Final = 4 * _BUSY_SECONDS
"""A batch that held everything up for so long is believed at once, if it was dearer than thought."""


class Pace:
    """Sizes a partition's batches by what its records cost.

    Under light load a batch is what has come since the last one, often a single record, and its results are there at
    once. Under heavy load it is as large as this allows, since each costs a transaction; `most` is the limit however
    little the records cost. A sweep of timers is sized likewise, by a pace of its own.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._seconds = _FIRST_GUESS
        self._guessed = True

    @property
    def limit(self) -> int:
        """The most records to take now."""
        return max(1, min(self._most, int(_BUSY_SECONDS / self._seconds)))

    def took(self, records: int, seconds: float) -> None:
        """So many records took so long to fold."""
        if not records or not seconds:
            return
        each = seconds / records
        self._guessed = self._guessed and each < self._seconds / 2
        if self._guessed:
            self._seconds = max(each, self._seconds / _STRIDE)
            return
        dearer = each - self._seconds
        self._seconds += dearer if dearer > 0 and seconds > _TOO_LONG_SECONDS else _STEP * dearer
