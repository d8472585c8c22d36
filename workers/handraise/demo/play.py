"""Plays conversations through Kafka and hands what comes back to the view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import TopicPartition

from handraise.demo.samples import shifted_to
from handraise.demo.view import View
from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Control, Escalation, encode
from handraise.settings import Settings

BETWEEN_CONVERSATIONS: Final = 0.4
"""Seconds from the start of one conversation to that of the next, at speed 1."""
BETWEEN_TURNS: Final = 1.0
"""Seconds from one turn of a conversation to the next, at speed 1."""
STALLED_SECONDS: Final = 60.0
"""The worker may take this long over the messages that are left without getting any further."""
_REFRESH_SECONDS: Final = 0.15
_LOOK_SECONDS: Final = 0.5
_POLL_MS: Final = 300
"""Above the time for which the broker holds back an empty answer, so that a poll without records means the end."""
_ESCALATION: Final = msgspec.json.Decoder(Escalation)
_CONTROL: Final = msgspec.json.Decoder(Control)


class StalledError(Exception):
    """The worker has stopped getting through the messages."""


class Planned(NamedTuple):
    """A message, and when it is to be published, in seconds from the start."""

    due: float
    message: ChatMessage


def schedule(conversations: Sequence[Sequence[ChatMessage]], speed: float, now_ms: int) -> list[Planned]:
    """Plan conversations that overlap, each in its order, its last message sent at the moment it is published.

    Args:
        conversations: the messages of each, at least one.
        speed: 2 takes half as long.
        now_ms: the start, in epoch milliseconds.
    """
    planned: list[Planned] = []
    for number, conversation in enumerate(conversations):
        start = number * BETWEEN_CONVERSATIONS
        dues = [(start + turn * BETWEEN_TURNS) / speed for turn in range(len(conversation))]
        planned += map(Planned, dues, shifted_to(conversation, now_ms + int(dues[-1] * 1_000)))
    return sorted(planned, key=lambda one: one.due)


async def play(settings: Settings, planned: Sequence[Planned], view: View, folded: Callable[[], int]) -> None:
    """Publish messages as planned, and show what comes of them until all are folded and all of it has been shown.

    Args:
        settings: where the topics are.
        planned: by their time.
        view: what shows them.
        folded: how many messages the worker has folded and committed; it may block.

    Raises:
        StalledError: the worker does not get on.
    """
    clients, names = Clients(settings), TopicNames(settings.topic_prefix)
    run = _Run(names, view)
    producer, reader = clients.producer(), clients.reader()
    tasks: list[asyncio.Task[None]] = []
    try:
        await clients.start(producer)
        await clients.start(reader)
        reader.assign(
            [
                TopicPartition(names[topic], number)
                for topic in (Topic.ESCALATIONS, Topic.CONTROL)
                for number in range(settings.partitions)
            ]
        )
        await reader.seek_to_beginning()
        tasks = [
            asyncio.create_task(work)
            for work in (run.produce(producer, planned), run.consume(reader), run.follow(folded, len(planned)))
        ]
        moving = asyncio.create_task(_keep_moving(view))
        try:
            await asyncio.gather(*tasks)
        finally:
            moving.cancel()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await producer.stop()
        await reader.stop()


class _Run:
    """What the parts of one run tell each other."""

    def __init__(self, names: TopicNames, view: View) -> None:
        self._names = names
        self._view = view
        self._produced_at: dict[tuple[str, str, str], float] = {}
        self._all_produced = asyncio.Event()
        self._all_folded = asyncio.Event()

    async def produce(self, producer: Any, planned: Sequence[Planned]) -> None:  # noqa: ANN401  # aiokafka carries no types
        """Publish each message at its time."""
        start = time.monotonic()
        for due, message in planned:
            await asyncio.sleep(start + due - time.monotonic())
            key = (message.business_id, message.conversation_id, message.message_id)
            self._produced_at.setdefault(key, time.monotonic())
            await producer.send_and_wait(
                self._names[Topic.MESSAGES], encode(message), key=message.conversation_id.encode()
            )
            self._view.produced(message)
        self._all_produced.set()

    async def consume(self, reader: Any) -> None:  # noqa: ANN401  # aiokafka carries no types
        """Show escalations and who holds the conversations, until nothing more can come."""
        while True:
            nothing_more = self._all_folded.is_set()
            fetched = await reader.getmany(timeout_ms=_POLL_MS)
            if nothing_more and not fetched:
                return
            for source, records in fetched.items():
                for record in records:
                    self._show(self._names.topic(source.topic), record.value)

    async def follow(self, folded: Callable[[], int], messages: int) -> None:
        """Look how far the worker is, until it has folded all the messages."""
        seen, progress = -1, time.monotonic()
        while seen < messages:
            await asyncio.sleep(_LOOK_SECONDS)
            done = await asyncio.to_thread(folded)
            if done > seen or not self._all_produced.is_set():
                seen, progress = done, time.monotonic()
            elif time.monotonic() - progress > STALLED_SECONDS:
                raise StalledError(
                    f"the worker has folded {done} of {messages} messages and not one more in {STALLED_SECONDS:g} s;"
                    " try a lower --speed"
                )
        self._all_folded.set()

    def _show(self, topic: Topic, value: bytes) -> None:
        if topic is Topic.CONTROL:
            self._view.controlled(_CONTROL.decode(value))
            return
        escalation = _ESCALATION.decode(value)
        key = (escalation.business_id, escalation.conversation_id, escalation.caused_by)
        produced_at = self._produced_at.get(key)
        self._view.escalated(escalation, None if produced_at is None else time.monotonic() - produced_at)


async def _keep_moving(view: View) -> None:
    while True:
        view.refresh()
        await asyncio.sleep(_REFRESH_SECONDS)
