"""What many live conversations cost: to read their state back, to hold it, and for each message that comes then."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil
from aiokafka import TopicPartition
from msgspec import Struct
from msgspec.structs import replace

from handraise.conversation import Processor
from handraise.detection import detect_fast
from handraise.engine.topics import Topic
from handraise.events import MESSAGES, ChatMessage, decode, encode
from handraise.policy import default_policy
from handraise.settings import Delivery, DetectorKind
from tests.benchmarks.filling import fill
from tests.benchmarks.progress import cpu_seconds, wait_for
from tests.benchmarks.traffic import Made, traffic
from tests.support.brokers import Broker
from tests.support.installation import WORKER, Installation, WorkerProcess, installed

_FOLDED: Final = 40_000
"""Messages that are folded to get states as they are in life; those are restored again and again under other ids."""

_STARTS: Final = 3
"""Workers that restore the same states, one after the other. The first takes memory that nothing has used yet; where
the machine is a virtual one, its host has to find each such page first."""
_STOP_SECONDS: Final = 30.0
_MET: Final = 5_000
"""Messages that come first and do not count: a new worker has met no words yet."""
_MESSAGES: Final = 20_000


class Restore(Struct, frozen=True, kw_only=True):
    """What so many live conversations cost a worker."""

    conversations: int
    starts: tuple[float, ...]
    """Seconds to restore them all, by each of several workers, one after the other."""
    encoded_bytes: float
    """Of one state in the changelog, on average."""
    memory_bytes: float
    """Resident memory for one conversation."""
    message_microseconds: float
    """Processor time for one message to any of them, without the reader, whose cost would hide the difference."""

    @property
    def seconds(self) -> float:
        """The median of the starts."""
        return statistics.median(self.starts)


def restoring(broker: Broker, folder: Path, conversations: Sequence[int]) -> list[Restore]:
    """Put so many states into a changelog, start a worker on it and send it messages; beside one with no state."""
    # The same detector on both sides: what its reader takes is not the conversations'.
    with installed(broker, folder, detector=DetectorKind.FAST) as empty:
        before = _memory(empty.worker(WORKER).wait_ready())
    made = [decode(value, MESSAGES) for _, value in traffic(_FOLDED + _MET + _MESSAGES)]
    states = _states(made[:_FOLDED])
    return [_restore(broker, folder, number, states, made[_FOLDED:], before) for number in conversations]


def _restore(
    broker: Broker,
    folder: Path,
    conversations: int,
    states: Sequence[Made],
    messages: Sequence[ChatMessage],
    memory_before: int,
) -> Restore:
    size = 0

    def stored() -> Iterator[Made]:
        nonlocal size
        for number in range(conversations):
            made = _renamed(states, number)
            size += len(made.value)
            yield made

    chance = random.Random(conversations)  # noqa: S311 - not for secrets
    to_them = [_addressed(one, states, chance.randrange(conversations)) for one in messages]
    with installed(broker, folder, delivery=Delivery.EXACTLY_ONCE, detector=DetectorKind.FAST) as to:
        asyncio.run(fill(to, Topic.STATE, stored(), placed_by=_conversation))
        asyncio.run(_begin_at_the_first(to))
        starts = []
        for number in range(_STARTS):
            worker = to.worker(WORKER).wait_ready()
            starts.append(_seconds(worker))
            if number + 1 < _STARTS:
                worker.terminate()
                worker.wait(_STOP_SECONDS)
        memory = _memory(worker) - memory_before
        asyncio.run(fill(to, Topic.MESSAGES, to_them[:_MET]))
        wait_for(to, _MET)
        own = [worker.process.pid]
        began = cpu_seconds(own)
        asyncio.run(fill(to, Topic.MESSAGES, to_them[_MET:]))
        wait_for(to, len(to_them))
        spent = cpu_seconds(own) - began
    return Restore(
        conversations=conversations,
        starts=tuple(starts),
        encoded_bytes=size / conversations,
        memory_bytes=memory / conversations,
        message_microseconds=1e6 * spent / (len(to_them) - _MET),
    )


async def _begin_at_the_first(to: Installation) -> None:
    """Commit that no message has been read: a worker that finds states and no offsets stops."""
    sources = [TopicPartition(to.names[Topic.MESSAGES], number) for number in range(to.settings.partitions)]
    member = await to.clients.start(to.clients.member())
    try:
        member.assign(sources)
        await member.commit(dict.fromkeys(sources, 0))
    finally:
        await member.stop()


def _states(messages: Sequence[ChatMessage]) -> list[Made]:
    """The states that these messages leave."""
    states: dict[bytes, bytes] = {}
    policy = default_policy("benchmark")
    processor = Processor(lambda _: policy, detect_fast)
    for begin in range(0, len(messages), 500):
        for result in processor.process(messages[begin : begin + 500], states.get):
            if result.state is not None:
                states[result.key] = result.state
    return [Made(key, state) for key, state in states.items()]


def _renamed(states: Sequence[Made], number: int) -> Made:
    """One of the states, again and again, as that of conversation `number`."""
    key, state = states[number % len(states)]
    own = _conversation(key)
    other = b"c-%07d" % number + own[9:]
    return Made(key.replace(own, other), state.replace(own, other))


def _addressed(message: ChatMessage, states: Sequence[Made], number: int) -> Made:
    """The message, sent to conversation `number`."""
    business, _, conversation = _renamed(states, number).key.decode().partition("/")
    return Made(conversation.encode(), encode(replace(message, business_id=business, conversation_id=conversation)))


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
