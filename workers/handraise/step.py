"""The worker's step: detection, with the reader in threads of its own, and the fold."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from handraise.conversation.processor import Event, Load, Processor, Run, runs
from handraise.detection import Detector
from handraise.detection.detector import Begun, Read
from handraise.engine.folding import Detected, Part
from handraise.events import ChatMessage


class _Spent:
    """Seconds of work on what is looked at together."""

    def __init__(self, seconds: float) -> None:
        self.in_all = seconds
        self._untold = seconds

    def add(self, seconds: float) -> float:
        """Add some; these, and those that nobody was told of yet."""
        self.in_all += seconds
        told, self._untold = self._untold + seconds, 0.0
        return told


class WorkerStep:
    """Detects and folds as `Processor.process` does.

    The reader runs outside of Python, so that while texts are read in threads, the worker goes on with other batches,
    answers the group and is asked for its health.

    Args:
        processor: folds.
        detector: is asked what messages say.
        threads: in so many, texts are read at the same time; in fewer if the process may use fewer processors.
        took: told how many seconds of work it was to find out what messages say that were looked at together.
    """

    def __init__(self, processor: Processor, detector: Detector, threads: int, took: Callable[[float], None]) -> None:
        self._detector: Final = detector
        self._processor: Final = processor
        self._at_once: Final = min(threads, _processors())
        self._pool: Final = ThreadPoolExecutor(self._at_once, "reader")
        self._took: Final = took
        self.fold: Final = processor.fold
        self.advance: Final = processor.advance
        self.forget: Final = processor.forget

    def look(self, events: Sequence[Event]) -> Iterator[Part]:
        """Ask the faster models what the messages among the events say, and cut the events where one is in doubt."""
        messages = [event for event in events if isinstance(event, ChatMessage)]
        began = time.perf_counter()
        begun = self._detector.begin(
            [message.text for message in messages],
            [message.sender for message in messages],
            [message.language for message in messages],
        )
        spent = _Spent(time.perf_counter() - began)
        for run in runs(events, begun.in_doubt):
            yield Part(run.events, partial(self._detect, begun, run, spent))
        if messages:
            self._took(spent.in_all)

    async def _detect(self, begun: Begun, run: Run, spent: _Spent, load: Load) -> Detected:
        """What the messages of a run say; the work on it is added to what was spent."""
        if not run.messages:
            return Detected((), 0.0)
        began = time.perf_counter()
        asked = self._processor.asked(begun, run, load)
        seconds = time.perf_counter() - began
        read = await self._read_all(begun, asked)
        began = time.perf_counter()
        signals = self._detector.end(begun, run.places, [found for found, _ in read])
        at_once = min(self._at_once, max(1, len(read)))
        seconds += time.perf_counter() - began + sum(took for _, took in read) / at_once
        return Detected(signals, spent.add(seconds))

    async def _read_all(self, begun: Begun, asked: Sequence[tuple[int, Sequence[str]]]) -> list[tuple[Read, float]]:
        """What is read in each text, given as its place and the turns before it, and the seconds that it took."""
        loop = asyncio.get_running_loop()
        reading = [loop.run_in_executor(self._pool, self._read, begun, at, before) for at, before in asked]
        try:
            return await asyncio.gather(*reading)
        finally:
            # Once one has failed, or nobody waits any more, the others would only keep the threads from what is wanted.
            for one in reading:
                one.cancel()

    def _read(self, begun: Begun, at: int, before: Sequence[str]) -> tuple[Read, float]:
        began = time.thread_time()
        found = self._detector.read(begun, at, before)
        return found, time.thread_time() - began


def _processors() -> int:
    """How many processors this process may run on. A quota of a container's processor time is not seen."""
    # Not every system lets a process be kept to some of its processors.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
