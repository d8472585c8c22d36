"""A trial in a process of its own: folding takes a processor for minutes, and the pages must not wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final

from aiokafka.errors import KafkaError
from msgspec import Struct
from msgspec.structs import replace

from handraise.console.trial.past import Past, read_past
from handraise.detection import detection
from handraise.engine.clients import Clients
from handraise.engine.errors import BrokerUnreachableError, EngineError, explained
from handraise.engine.topics import TopicNames
from handraise.policy import Draft, PolicyBook
from handraise.review.diff import Comparison, Diff, Example
from handraise.review.masked import Masker
from handraise.settings import DetectorKind, Settings

EXAMPLES: Final = 100
"""Of each kind, so many are handed over to be read; all are counted."""
_BATCH: Final = 64
_NICENESS: Final = 10


class Order(Struct, frozen=True, kw_only=True):
    """What is to be tried."""

    business: str
    before: list[Draft]
    """The policies that have a part in what holds now."""
    after: list[Draft]
    """The same with the changed one."""
    since_ms: int
    idle_ms: int
    """After so long without an event a conversation ends, under the more patient of the two policies."""


class Step(Struct, frozen=True):
    """How far it is."""

    doing: str
    """`reading` or `folding`."""
    done: int
    total: int


class Result(Struct, frozen=True, kw_only=True):
    """What came out."""

    added: int
    dropped: int
    changed: int
    followed: int
    diff: Diff
    """With the first examples of each kind."""
    since_ms: int | None
    cut: int
    is_limited: bool


class Failure(Struct, frozen=True):
    """Why nothing came out, in a sentence."""

    said: str


Report = Step | Result | Failure


def start(settings: Settings, order: Order) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    """Begin a trial; its reports come over the connection, and the last is a result or a failure."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe(duplex=False)
    process = spawning.Process(target=run, args=(settings, order, theirs), name="handraise-trial", daemon=True)
    process.start()
    theirs.close()
    return process, ours


def run(settings: Settings, order: Order, reports: Connection) -> None:
    """Do the trial, in the process that is there for it."""
    # Ctrl-C in the terminal is for the console, which then ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    with contextlib.suppress(BrokenPipeError):
        reports.send(_outcome(settings, order, reports))


def _outcome(settings: Settings, order: Order, reports: Connection) -> Result | Failure:
    def told(done: int, total: int) -> None:
        reports.send(Step("reading", done, total))

    # The workers have fired the timers until now too; what is written after this moment may not be read.
    now_ms = time.time_ns() // 1_000_000
    reading = read_past(
        Clients(settings),
        TopicNames(settings.topic_prefix),
        order.business,
        since_ms=order.since_ms,
        idle_ms=order.idle_ms,
        limit=settings.console_trial_messages,
        told=told,
    )
    try:
        past = asyncio.run(reading)
    except (BrokerUnreachableError, KafkaError) as error:
        if (clear := explained(error)) is not error:
            return Failure(f"{clear}.")
        return Failure("Kafka does not answer, so nothing could be tried. Try again in a moment.")
    except EngineError as error:
        said = str(error)
        return Failure(f"{said[:1].upper()}{said[1:]}.")
    return _compared(settings, order, past, now_ms, reports)


def _compared(settings: Settings, order: Order, past: Past, now_ms: int, reports: Connection) -> Result:
    comparison = Comparison(
        PolicyBook(order.before).__getitem__,
        PolicyBook(order.after).__getitem__,
        *detection(fast=settings.detector is DetectorKind.FAST),
    )
    for begin in range(0, len(past.events), _BATCH):
        reports.send(Step("folding", begin, len(past.events)))
        comparison.fold(past.events[begin : begin + _BATCH])
    comparison.advance(now_ms)
    diff = comparison.diff()
    masker = Masker(contacts=settings.log_mask_contacts)
    return Result(
        added=len(diff.added),
        dropped=len(diff.dropped),
        changed=len(diff.changed),
        followed=len(diff.followed),
        diff=replace(
            diff,
            added=_shown(diff.added, masker),
            dropped=_shown(diff.dropped, masker),
            changed=_shown(diff.changed, masker),
            followed=_shown(diff.followed, masker),
        ),
        since_ms=past.since_ms,
        cut=past.cut,
        is_limited=past.is_limited,
    )


def _shown(examples: Sequence[Example], masker: Masker) -> list[Example]:
    """The first ones, masked as the log is."""
    return [replace(example, text=masker.text(example.text)) for example in examples[:EXAMPLES]]
