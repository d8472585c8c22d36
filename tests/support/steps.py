"""A step as the engine goes through it, and the worker's without threads, for tests that say when what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from handraise.conversation import Processor
from handraise.conversation.processor import Event, Load, runs
from handraise.detection import Detect, Signals
from handraise.engine.folding import Detected, Part, Step, StepResult
from handraise.events import ChatMessage


async def _no_turn() -> None:
    """Nothing happens meanwhile."""


class WithoutThreads:
    """Detects as soon as it is asked; what happens before and after is what `turn` lets happen."""

    def __init__(self, processor: Processor, detect: Detect, turn: Callable[[], Awaitable[None]] = _no_turn) -> None:
        self._detect = detect
        self._turn = turn
        self._processor = processor
        self.fold = processor.fold
        self.advance = processor.advance
        self.forget = processor.forget

    def look(self, events: Sequence[Event]) -> Iterator[Part]:
        """Every message hangs on what was said before it."""
        for run in runs(events, lambda _: True):
            yield Part(run.events, partial(self._detected, run.messages))

    async def _detected(self, messages: Sequence[ChatMessage], load: Load) -> Detected:
        """Find out what messages say."""
        await self._turn()
        found = self._detect(
            [message.text for message in messages],
            senders=[message.sender for message in messages],
            languages=[message.language for message in messages],
            before=[self._processor.before(message, load) for message in messages],
        )
        await self._turn()
        return Detected(found, 0.0)


class Through(NamedTuple):
    """What comes of events."""

    signals: list[Signals]
    """What each message says."""
    results: list[StepResult]
    """One an event."""
    seconds: float
    """Of work, to find out what is said."""


async def through(step: Step, events: Sequence[Event], states: dict[bytes, bytes] | None = None) -> Through:
    """Look at events, and fold them run by run into the states, which are changed."""
    held = {} if states is None else states
    signals: list[Signals] = []
    results: list[StepResult] = []
    seconds = 0.0
    for run in step.look(events):
        detected = await run.detect(held.get)
        done = step.fold(events[run.events], detected.signals, held.get)
        for one in done:
            if one.state is not None:
                held[one.key] = one.state
            elif one.forgotten:
                held.pop(one.key, None)
        signals += detected.signals
        results += done
        seconds += detected.seconds
    return Through(signals, results, seconds)
