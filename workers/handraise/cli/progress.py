"""How far a run is, on a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, TextIO

_EVERY_SECONDS: Final = 0.1
_ERASE_LINE: Final = "\r\x1b[K"


class Progress:
    """A line that counts events and makes room for whatever else is written; nothing at all outside of a terminal.

    Args:
        stream: where the line goes, as a rule stderr.
        clock: seconds that only grow.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._wanted = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._count = 0
        self._drawn_at: float | None = None
        self._visible = False

    def advance(self) -> None:
        """Count an event."""
        self._count += 1
        if not self._wanted:
            return
        now = self._clock()
        if self._drawn_at is None or now - self._drawn_at >= _EVERY_SECONDS:
            self._stream.write(f"{_ERASE_LINE}{self._count:,} {'event' if self._count == 1 else 'events'}")
            self._stream.flush()
            self._drawn_at, self._visible = now, True

    def clear(self) -> None:
        """Take the line away, before something else is written to the terminal and at the end."""
        if self._visible:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()
            self._visible = False

    def say(self, sentence: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._stream.write(f"{sentence}\n")
