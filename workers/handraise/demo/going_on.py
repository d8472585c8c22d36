"""What the demo does once it has shown what it had to show and is to stay up: more conversations, at a calm pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from msgspec.structs import replace

from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, encode
from handraise.settings import Settings

BETWEEN_MESSAGES: Final = 1.5
"""Seconds: slow enough to look around in the console meanwhile."""


async def go_on(settings: Settings, conversations: Sequence[Sequence[ChatMessage]]) -> None:
    """Publish conversations one after the other, again and again, until cancelled."""
    clients, names = Clients(settings), TopicNames(settings.topic_prefix)
    producer: Any = await clients.start(clients.producer())
    try:
        for message in endless(conversations):
            await asyncio.sleep(BETWEEN_MESSAGES)
            sent = replace(message, sent_at=time.time_ns() // 1_000_000)
            await producer.send_and_wait(names[Topic.MESSAGES], encode(sent), key=sent.conversation_id.encode())
    finally:
        await producer.stop()


def endless(conversations: Sequence[Sequence[ChatMessage]]) -> Iterator[ChatMessage]:
    """The messages of all conversations, and of the same under new names when those are over."""
    for turn in count(1):
        for conversation in conversations:
            for message in conversation:
                yield _renamed(message, turn)
        if not any(conversations):
            return


def _renamed(message: ChatMessage, turn: int) -> ChatMessage:
    if turn == 1:
        return message
    return replace(
        message,
        conversation_id=f"{message.conversation_id}.{turn}",
        message_id=f"{message.message_id}.{turn}",
    )
