"""Publish chat messages to Handraise: JSON lines from a file or stdin, one message a line.

    pip install aiokafka
    python publish_messages.py conversation.jsonl

BROKERS (default 127.0.0.1:9092) and TOPIC (default chat.messages) may be set in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

BROKERS = os.environ.get("BROKERS", "127.0.0.1:9092")
TOPIC = os.environ.get("TOPIC", "chat.messages")


async def publish(lines: Iterable[bytes]) -> int:
    """Publish each line under the key of its conversation, which keeps a conversation in order; returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS, acks="all")
    await producer.start()
    try:
        acknowledged = []
        for line in lines:
            if line.strip():
                key = json.loads(line)["conversation_id"].encode()
                acknowledged.append(await producer.send(TOPIC, line.strip(), key=key))
        await asyncio.gather(*acknowledged)
    finally:
        await producer.stop()
    return len(acknowledged)


def main() -> None:
    """Publish the file that is named, or stdin."""
    if len(sys.argv) > 1:
        with open(sys.argv[1], "rb") as file:  # noqa: PTH123 - as plain as an example can be
            published = asyncio.run(publish(file))
    else:
        published = asyncio.run(publish(sys.stdin.buffer))
    print(f"{published} messages published to {TOPIC}")  # noqa: T201 - an example speaks to a terminal


if __name__ == "__main__":
    main()
