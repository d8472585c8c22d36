"""What was said lately, and what detection said of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from handraise.detection.signals import Signals
from handraise.events import Sender

_LONGEST: Final = 240
"""Code points of a text that is remembered: what people and AIs say again and again is short."""
_MOST: Final = 10_000
"""Texts that are remembered, in some 12 MB."""

Said = tuple[str, Sender, str | None]
"""Everything that the faster models go by: the text, its sender, and its producer's word on the language."""


class Lately:
    """The signals of texts that were met lately; the one not met for longest makes room for the next.

    Of the turns that customers wrote in MultiDoGO (Peskov et al., 2019), three of five had been written before.
    """

    def __init__(self) -> None:
        self._known: Final = OrderedDict[Said, Signals]()
        self._lock: Final = threading.Lock()

    def find(self, said: Said) -> Signals | None:
        """The signals of a text, if they are remembered."""
        with self._lock:
            found = self._known.get(said)
            if found is not None:
                self._known.move_to_end(said)
            return found

    def add(self, said: Said, signals: Signals) -> None:
        """Remember the signals of a text, if it is short."""
        if len(said[0]) > _LONGEST:
            return
        with self._lock:
            self._known[said] = signals
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
