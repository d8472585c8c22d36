"""The load: conversations with known answers, at a steady rate, published as an upstream system does."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer

from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Outcome, OutcomeKind, encode
from tests.chaos.scripts import BUSINESSES, Script, script

LIVE: Final = 150
"""Conversations that go on at the same time."""
_TICK_SECONDS: Final = 0.01
_BEHIND_SECONDS: Final = 1.0
"""A load that was held up longer than this goes on at its rate, and does not make up for it."""
_OUTCOME_AFTER_SECONDS: Final = 1.0
_OUTCOME_SHARE: Final = 0.3
_PATIENCE_MS: Final = 180_000


class Parcel(NamedTuple):
    """A record on its way."""

    topic: Topic
    key: bytes
    value: bytes
    name: str
    """Its message or outcome id."""
    timestamp_ms: int | None = None
    """Its producer's clock; None for the real one."""
    good: bool = True
    """False for a record that nobody can read."""


Shape = Callable[[Parcel, Random], Sequence[tuple[float, Parcel]]]
"""What becomes of a message on its way: what is published instead, and after how many seconds."""


def straight(parcel: Parcel, _: Random) -> Sequence[tuple[float, Parcel]]:
    """Published at once, once."""
    return [(0.0, parcel)]


@dataclass
class Talk:
    """A conversation under way."""

    conversation_id: str
    business_id: str
    script: Script
    turn: int = 0
    first: int = 0
    """The number of its first turn, when the conversation has gone on before."""


@dataclass
class Load:
    """Publishes `rate` messages a second until it is told to stop.

    A load that is stopped still publishes what is under way, and waits until the broker has it all.
    """

    servers: str
    names: TopicNames
    rate: float
    rng: Random
    shape: Shape = straight
    with_outcomes: bool = True
    most_conversations: int | None = None
    """After so many, a conversation that has ended goes on with another script."""
    numbered: bool = False
    """Whether each text ends with a number of its own: what a worker met lately, it does not look at again."""
    now_ms: Callable[[], int] = field(default=lambda: time.time_ns() // 1_000_000)
    """The clock that stamps `sent_at`."""
    sent: dict[str, float] = field(default_factory=dict)
    """When each message was first handed to the producer, by its id: the machine's clock, in seconds."""
    scripts: dict[str, Script] = field(default_factory=dict)
    """What was to be said in each conversation, at first."""
    acknowledged: set[str] = field(default_factory=set)
    """The ids of the messages that the broker has acknowledged."""
    _stopping: bool = False
    _on_their_way: list[tuple[float, int, Parcel]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _numbers: Iterator[int] = field(default_factory=count)
    _texts: Iterator[int] = field(default_factory=count)
    _turns: dict[str, int] = field(default_factory=dict)

    def stop(self) -> None:
        """Publish nothing new."""
        self._stopping = True

    async def run(self) -> None:
        """Publish."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            # Longer than any fault: an upstream that gives up is not what is tested.
            request_timeout_ms=_PATIENCE_MS,
        )
        await producer.start()
        waiting: set[asyncio.Task[None]] = set()
        try:
            await self._publish(producer, waiting)
            await asyncio.gather(*waiting)
        finally:
            await producer.stop()

    async def _publish(self, producer: Any, waiting: set[asyncio.Task[None]]) -> None:  # noqa: ANN401 - aiokafka carries no types
        talks = [self._new_talk() for _ in range(LIVE)]
        due = time.monotonic()
        place = 0
        while not self._stopping or self._on_their_way:
            now = time.monotonic()
            if now - due > _BEHIND_SECONDS:
                due = now
            while due <= now and not self._stopping:
                due += 1 / self.rate
                talks[place] = self._speak(talks[place], now)
                place = (place + 1) % LIVE
            while self._on_their_way and self._on_their_way[0][0] <= now:
                parcel = heapq.heappop(self._on_their_way)[2]
                self.sent.setdefault(parcel.name, time.time())
                acknowledged = await producer.send(
                    self.names[parcel.topic], parcel.value, key=parcel.key, timestamp_ms=parcel.timestamp_ms
                )
                task = asyncio.create_task(self._acknowledge(parcel, acknowledged))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
            await asyncio.sleep(_TICK_SECONDS)

    async def _acknowledge(self, parcel: Parcel, acknowledged: asyncio.Future[Any]) -> None:
        await acknowledged
        if parcel.good and parcel.topic is Topic.MESSAGES:
            self.acknowledged.add(parcel.name)

    def _new_talk(self) -> Talk:
        number = next(self._numbers)
        place = number if self.most_conversations is None else number % self.most_conversations
        conversation_id = f"c{place:06}"
        said = script(self.rng)
        self.scripts.setdefault(conversation_id, said)
        first = self._turns.get(conversation_id, 0)
        self._turns[conversation_id] = first + len(said.turns)
        # Conversations that began together would end together.
        skipped = self.rng.randrange(len(said.turns)) if number < LIVE else 0
        return Talk(conversation_id, BUSINESSES[place % len(BUSINESSES)], said, skipped, first)

    def _speak(self, talk: Talk, now: float) -> Talk:
        said = talk.script.turns[talk.turn]
        message = ChatMessage(
            message_id=f"{talk.conversation_id}-{talk.first + talk.turn:02}",
            conversation_id=talk.conversation_id,
            business_id=talk.business_id,
            sender=said.sender,
            sent_at=self.now_ms(),
            text=f"{said.text} ({next(self._texts)})" if self.numbered else said.text,
            assistant=said.assistant,
        )
        parcel = Parcel(Topic.MESSAGES, talk.conversation_id.encode(), encode(message), message.message_id)
        for delay, one in self.shape(parcel, self.rng):
            self._put(now + delay, one)
        talk.turn += 1
        if talk.turn < len(talk.script.turns):
            return talk
        if self.with_outcomes and talk.script.raises is not None and self.rng.random() < _OUTCOME_SHARE:
            self._put(now + _OUTCOME_AFTER_SECONDS, self._outcome(talk))
        return self._new_talk()

    def _outcome(self, talk: Talk) -> Parcel:
        outcome = Outcome(
            outcome_id=f"{talk.conversation_id}-done",
            conversation_id=talk.conversation_id,
            business_id=talk.business_id,
            kind=OutcomeKind.RESOLVED,
            at=self.now_ms(),
        )
        return Parcel(Topic.OUTCOMES, talk.conversation_id.encode(), encode(outcome), outcome.outcome_id)

    def _put(self, at: float, parcel: Parcel) -> None:
        heapq.heappush(self._on_their_way, (at, next(self._order), parcel))
