"""The worker's step: detection, with the reader in threads of its own, and the fold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from handraise.conversation.processor import Processor
from handraise.detection import Detector
from handraise.engine.folding import Detected, Event
from handraise.events import ChatMessage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class WorkerStep:
    """Detects and folds as `Processor.process` does.

    The reader runs outside of Python, so that while texts are read in threads, the worker goes on with other batches,
    answers the group and is asked for its health.

    Args:
        processor: folds.
        detector: is asked what messages say.
        threads: in so many, texts are read at the same time.
        took: told how many seconds each batch had to wait for what its messages say.
    """

    def __init__(self, processor: Processor, detector: Detector, threads: int, took: Callable[[float], None]) -> None:
        self._processor: Final = processor
        self._detector: Final = detector
        self._threads: Final = threads
        self._pool: Final = ThreadPoolExecutor(threads, "reader")
        self._took: Final = took
        self.fold: Final = processor.fold
        self.advance: Final = processor.advance
        self.forget: Final = processor.forget

    async def detect(self, events: Sequence[Event]) -> Detected:
        """Find out what the messages among the events say."""
        began = time.perf_counter()
        messages = [event for event in events if isinstance(event, ChatMessage)]
        begun = self._detector.begin(
            [message.text for message in messages],
            [message.sender for message in messages],
            [message.language for message in messages],
        )
        begun_in = time.perf_counter() - began
        run = asyncio.get_running_loop().run_in_executor
        read = await asyncio.gather(*(run(self._pool, self._read, tokens) for tokens in begun.unread))
        ends = time.perf_counter()
        signals = self._detector.end(begun, [logits for logits, _ in read])
        ended = time.perf_counter()
        self._took(ended - began)
        return Detected(signals, begun_in + sum(seconds for _, seconds in read) / self._threads + ended - ends)

    def _read(self, tokens: Sequence[str]) -> tuple[npt.NDArray[np.float64], float]:
        began = time.thread_time()
        logits = self._detector.read(tokens)
        return logits, time.thread_time() - began
