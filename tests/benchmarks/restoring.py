"""How long a worker takes to read the state of many conversations back, and what memory it takes to hold it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from handraise.conversation import Processor
from handraise.detection import detect_fast
from handraise.engine.topics import Topic
from handraise.events import MESSAGES, decode
from handraise.policy import default_policy
from tests.benchmarks.filling import fill
from tests.benchmarks.traffic import Made, traffic
from tests.support.brokers import Broker
from tests.support.installation import WORKER, WorkerProcess, installed

_FOLDED: Final = 40_000
"""Messages that are folded to get states as they are in life; those are restored again and again under other ids."""


class Restore(Struct, frozen=True, kw_only=True):
    """What it took to restore so many conversations."""

    conversations: int
    seconds: float
    encoded_bytes: float
    """Of one state in the changelog, on average."""
    memory_bytes: float
    """Resident memory for one conversation."""


def restoring(broker: Broker, folder: Path, conversations: int) -> Restore:
    """Put states into a changelog and start a worker on it, beside one that has nothing to restore."""
    with installed(broker, folder) as empty:
        before = _memory(empty.worker(WORKER).wait_ready())
    size = 0

    def counted() -> Iterator[Made]:
        nonlocal size
        for made in _states(conversations):
            size += len(made.value)
            yield made

    with installed(broker, folder) as to:
        asyncio.run(fill(to, Topic.STATE, counted(), placed_by=_conversation))
        worker = to.worker(WORKER).wait_ready()
        return Restore(
            conversations=conversations,
            seconds=_seconds(worker),
            encoded_bytes=size / conversations,
            memory_bytes=(_memory(worker) - before) / conversations,
        )


def _states(conversations: int) -> Iterator[Made]:
    states: dict[bytes, bytes] = {}
    policy = default_policy("benchmark")
    processor = Processor(lambda _: policy, detect_fast)
    made = [decode(value, MESSAGES) for _, value in traffic(_FOLDED)]
    for begin in range(0, _FOLDED, 500):
        for result in processor.process(made[begin : begin + 500], states.get):
            if result.state is not None:
                states[result.key] = result.state
    for number, (key, state) in enumerate(islice(cycle(states.items()), conversations)):
        own = _conversation(key)
        other = b"c-%07d" % number + own[9:]
        yield Made(key.replace(own, other), state.replace(own, other))


def _conversation(key: bytes) -> bytes:
    """The conversation's id in the key of a state: what its messages are placed by."""
    return key.partition(b"/")[2]


def _memory(worker: WorkerProcess) -> int:
    return int(psutil.Process(worker.process.pid).memory_info().rss)


def _seconds(worker: WorkerProcess) -> float:
    """From the assignment to the last partition that was ready."""
    (assigned,) = worker.events("partitions_assigned")
    ready = max(_time(line["timestamp"]) for line in worker.events("partition_ready"))
    return (ready - _time(assigned["timestamp"])).total_seconds()


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)
