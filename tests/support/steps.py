"""The worker's step without threads, for tests that say when what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from handraise.conversation import Processor
from handraise.detection import Detect
from handraise.engine.folding import Detected, Event
from handraise.events import ChatMessage


async def _no_turn() -> None:
    """Nothing happens meanwhile."""


class WithoutThreads:
    """Detects as soon as it is asked; what happens before and after is what `turn` lets happen."""

    def __init__(self, processor: Processor, detect: Detect, turn: Callable[[], Awaitable[None]] = _no_turn) -> None:
        self._detect = detect
        self._turn = turn
        self.fold = processor.fold
        self.advance = processor.advance
        self.forget = processor.forget

    async def detect(self, events: Sequence[Event]) -> Detected:
        """Find out what the messages among the events say."""
        await self._turn()
        messages = [event for event in events if isinstance(event, ChatMessage)]
        found = self._detect(
            [message.text for message in messages],
            senders=[message.sender for message in messages],
            languages=[message.language for message in messages],
        )
        await self._turn()
        return Detected(found, 0.0)
