"""Plays conversations through Kafka and hands what comes back to the view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition

from handraise.demo.samples import shifted_to
from handraise.demo.view import View
from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Escalation, encode
from handraise.settings import Settings

BETWEEN_CONVERSATIONS: Final = 0.22
"""Seconds from the start of one conversation to that of the next, at speed 1."""
BETWEEN_TURNS: Final = 0.9
"""Seconds from one turn of a conversation to the next, at speed 1."""
DRAIN_SECONDS: Final = 20.0
_POLL_MS: Final = 100
_ESCALATION: Final = msgspec.json.Decoder(Escalation)


def schedule(conversations: Sequence[Sequence[ChatMessage]], speed: float) -> list[tuple[float, ChatMessage]]:
    """When to send each message, in seconds from the start: conversations overlap, and keep their order."""
    now_ms = time.time_ns() // 1_000_000
    planned = [
        ((number * BETWEEN_CONVERSATIONS + turn * BETWEEN_TURNS) / speed, message)
        for number, conversation in enumerate(conversations)
        for turn, message in enumerate(shifted_to(conversation, now_ms))
    ]
    return sorted(planned, key=lambda entry: entry[0])


async def play(
    settings: Settings, planned: Sequence[tuple[float, ChatMessage]], view: View, folded: Callable[[], int]
) -> None:
    """Publish the messages at their times, and show the escalations until all messages are folded and none is left."""
    clients, names = Clients(settings), TopicNames(settings.topic_prefix)
    sent_at: dict[str, float] = {}
    reader = await clients.start(clients.reader())
    producer = await clients.start(clients.producer())
    try:
        reader.assign([TopicPartition(names[Topic.ESCALATIONS], number) for number in range(settings.partitions)])
        await reader.seek_to_beginning()
        showing = asyncio.create_task(_show(reader, view, sent_at))
        try:
            await _send(producer, names[Topic.MESSAGES], planned, view, sent_at)
            async with asyncio.timeout(DRAIN_SECONDS):
                while await asyncio.to_thread(folded) < len(planned):  # noqa: ASYNC110  # another process's counter
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
    finally:
        await producer.stop()
        await reader.stop()


async def _send(
    producer: Any,  # noqa: ANN401  # aiokafka carries no types
    topic: str,
    planned: Sequence[tuple[float, ChatMessage]],
    view: View,
    sent_at: dict[str, float],
) -> None:
    start = time.monotonic()
    for due, message in planned:
        await asyncio.sleep(max(0.0, start + due - time.monotonic()))
        sent_at[message.message_id] = time.monotonic()
        await producer.send_and_wait(topic, encode(message), key=message.conversation_id.encode())
        view.sent(message)


async def _show(reader: Any, view: View, sent_at: dict[str, float]) -> None:  # noqa: ANN401  # aiokafka carries no types
    while True:
        fetched = await reader.getmany(timeout_ms=_POLL_MS)
        now = time.monotonic()
        for records in fetched.values():
            for record in records:
                escalation = _ESCALATION.decode(record.value)
                sent = sent_at.get(escalation.caused_by)
                view.escalation(escalation, now - sent if sent is not None else None)
