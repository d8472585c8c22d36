"""The worker's step: texts are read in threads, and what comes of it is what the detector says without them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, cast

import pytest
from msgspec.structs import replace

from handraise.conversation import Processor
from handraise.conversation.processor import Event, Load
from handraise.demo.samples import load_samples
from handraise.detection import Detector, Signals
from handraise.detection.detector import Begun, default_detector
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import Reader, default_reader
from handraise.engine.folding import decode_event
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender
from handraise.policy import default_policy
from handraise.step import WorkerStep
from tests.support.records import outcome_record
from tests.support.steps import Through, through

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WAIT_SECONDS = 10.0
OUTCOME: Final = decode_event(Topic.OUTCOMES, outcome_record(0).value)
_ASKED: Final = (
    (
        "I want to send this lamp back.",
        "Of course. Which reason should I put on the label: broken, wrong size, or changed my mind?",
        "broken",
    ),
    ("We want to buy laptops for our team.", "How many laptops do you need?", "about 40 of them"),
)
CHATS: Final = [
    [
        ChatMessage(
            message_id=f"{chat}-{turn}",
            conversation_id=f"c{chat}",
            business_id="acme",
            sender=Sender.ASSISTANT if turn == 1 else Sender.CUSTOMER,
            sent_at=1_764_000_000_000 + turn * 1_000,
            text=text,
        )
        for turn, text in enumerate(texts)
    ]
    for chat, texts in enumerate(_ASKED)
]
"""Two chats whose last message says something else where the turns before it are not heard."""


class Watched:
    """The reader, that has something done before it reads a text."""

    def __init__(self) -> None:
        self.read_in: set[str] = set()
        self.times = 0

    def before(self) -> None:
        """Nothing."""

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[npt.NDArray[np.float64]]:
        """Read, and keep in which thread."""
        self.before()
        self.times += 1
        for word in default_reader().read(tokens, before):
            self.read_in.add(threading.current_thread().name)
            yield word


class Held(Watched):
    """Reads nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.may_read = threading.Event()

    def before(self) -> None:
        """Wait."""
        self.asked.set()
        assert self.may_read.wait(WAIT_SECONDS), "the loop stood still while a text was to be read"


class Crowd(Watched):
    """Counts how many read at once, and waits for one more than are wanted before it reads the first text."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.most = 0
        self._reading = 0
        self._lock = threading.Lock()
        self._one_too_many = threading.Barrier(wanted + 1)

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[npt.NDArray[np.float64]]:
        """Read, and keep how many do."""
        with self._lock:
            self._reading += 1
            self.most = max(self.most, self._reading)
        try:
            yield from super().read(tokens, before)
        finally:
            with self._lock:
                self._reading -= 1

    def before(self) -> None:
        """Give one more the time to come; once it has not, nobody waits any more."""
        with suppress(threading.BrokenBarrierError):
            self._one_too_many.wait(0.5)


class Broken(Watched):
    """Cannot read."""

    def before(self) -> None:
        """Fail."""
        raise ZeroDivisionError


def step_with(reader: Watched, threads: int = 2) -> tuple[WorkerStep, list[float]]:
    """A step whose detector asks this reader, and the seconds that it tells."""
    took: list[float] = []
    detector = Detector(default_phrases(), default_ngrams(), default_mixture(), cast(Reader, reader))
    processor = Processor(lambda _: default_policy("acme"), detector, detector.version)
    return WorkerStep(processor, detector, threads, took.append), took


def sampled() -> list[ChatMessage]:
    """Messages of the demo, of which some are in doubt."""
    return [message for sample in load_samples()[:25] for message in sample.messages]


def alone() -> list[ChatMessage]:
    """The same messages, each in a conversation of its own, so that none hangs on another."""
    return [replace(message, conversation_id=f"c{at}") for at, message in enumerate(sampled())]


def plainly(events: Sequence[Event], load: Load = lambda _: None) -> list[Signals]:
    """What they say without threads."""
    detector = default_detector()
    results = Processor(lambda _: default_policy("acme"), detector, detector.version).process(events, load)
    return [result.signals for event, result in zip(events, results, strict=True) if isinstance(event, ChatMessage)]


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_that_are_read_side_by_side_get_what_they_would_get_alone(threads: int) -> None:
    """In order, whatever is done in the meantime; outcomes among them say nothing."""
    reader = Watched()
    step, took = step_with(reader, threads)
    messages = sampled()
    batches = [[OUTCOME, *messages[at : at + 7]] for at in range(0, len(messages), 7)]

    async def all_of_them() -> list[Through]:
        return await asyncio.gather(*(through(step, batch) for batch in batches))

    found = asyncio.run(all_of_them())
    assert [of_batch.signals for of_batch in found] == [plainly(batch) for batch in batches]
    assert len(took) == len(batches)
    assert sum(took) == pytest.approx(sum(of_batch.seconds for of_batch in found))
    assert reader.read_in
    assert threading.current_thread().name not in reader.read_in


def test_chats_through_the_step_say_what_they_say_without_it() -> None:
    """However they are cut into batches: what hangs on a turn of the same batch is read after it."""
    events = [event for turns in zip_longest(*CHATS) for event in turns if event is not None]
    alike = plainly(events)
    assert alike != [signals for event in events for signals in plainly([event])]
    for size in (1, 2, 3, len(events)):
        step, _ = step_with(Watched())
        states: dict[bytes, bytes] = {}
        found = [asyncio.run(through(step, events[at : at + size], states)) for at in range(0, len(events), size)]
        assert [signals for of_batch in found for signals in of_batch.signals] == alike


def test_the_time_of_the_faster_models_is_told_though_the_first_run_holds_no_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the work is lost where an outcome stands alone before a message that hangs on what was before it."""
    begin = Detector.begin

    def slowly(
        self: Detector, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]
    ) -> Begun:
        time.sleep(0.1)
        return begin(self, texts, senders, languages)

    monkeypatch.setattr(Detector, "begin", slowly)
    step, took = step_with(Watched())
    said = CHATS[0][-1]
    done = Outcome(
        outcome_id="o", conversation_id=said.conversation_id, business_id="acme", kind=OutcomeKind.RESOLVED, at=0
    )

    async def of_each() -> list[float]:
        return [(await run.detect(lambda _: None)).seconds for run in step.look([done, said])]

    assert asyncio.run(of_each()) == [0.0, *took]
    assert took[0] >= 0.1


@pytest.mark.parametrize(("processors", "threads", "wanted"), [(1, 8, 1), (2, 8, 2), (8, 1, 1)])
def test_no_more_texts_are_read_at_once_than_there_are_processors_for(
    monkeypatch: pytest.MonkeyPatch, processors: int, threads: int, wanted: int
) -> None:
    """More threads than processors would keep the loop from its turns, and each text would take longer."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    reader = Crowd(wanted)
    step, _ = step_with(reader, threads)
    asyncio.run(through(step, alone()))
    assert reader.most == wanted


def test_the_loop_goes_on_while_a_text_is_read() -> None:
    """Other batches, heartbeats and `/readyz` do not wait for it; and waiting is not counted as work."""
    reader = Held()
    step, took = step_with(reader)

    async def read_and_let() -> float:
        reading = asyncio.create_task(through(step, alone()))
        assert await asyncio.to_thread(reader.asked.wait, WAIT_SECONDS)
        await asyncio.sleep(0.5)
        assert not reading.done()
        reader.may_read.set()
        return (await reading).seconds

    began = time.perf_counter()
    worked = asyncio.run(read_and_let())
    assert 0.0 < worked < time.perf_counter() - began - 0.4
    assert took == [worked]


def test_what_nobody_waits_for_any_more_is_not_read() -> None:
    """Where a partition goes, its texts do not keep those of others waiting; only what is being read is finished."""
    reader = Held()
    step, _ = step_with(reader, threads=1)

    async def ask_and_go() -> None:
        reading = asyncio.create_task(through(step, alone()))
        assert await asyncio.to_thread(reader.asked.wait, WAIT_SECONDS)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        reader.may_read.set()
        await through(step, sampled()[:1])

    asyncio.run(ask_and_go())
    assert reader.times <= 2


def test_what_holds_no_message_costs_nothing() -> None:
    """Outcomes and policies alone."""
    step, took = step_with(Watched())
    found = asyncio.run(through(step, [OUTCOME]))
    assert (found.signals, found.seconds) == ([], 0.0)
    assert took == []


def test_an_error_of_the_reader_reaches_whoever_asked() -> None:
    """So that the batch is not committed."""
    step, _ = step_with(Broken())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(through(step, alone()))
