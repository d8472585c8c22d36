"""Take escalations as a human-support tool should: committed ones only, each once, answered with an outcome.

    pip install aiokafka
    python consume_escalations.py [how many to take before it leaves; by default it stays]

BROKERS (default 127.0.0.1:9092), PREFIX (put in front of the topic names) and GROUP may be set in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

BROKERS = os.environ.get("BROKERS", "127.0.0.1:9092")
PREFIX = os.environ.get("PREFIX", "")
GROUP = os.environ.get("GROUP", "support-tool")


def show(escalation: dict[str, Any]) -> None:
    """What the person on duty needs; a real tool opens a ticket here, and closes it."""
    if escalation["type"] == "closed":
        print(f"closed {escalation['trigger']}: {escalation['closed_because']}", flush=True)  # noqa: T201 - as below
        return
    reply = escalation["reply"]["text"] if escalation["reply"] else "(a human is there already)"
    print(  # noqa: T201 - an example speaks to a terminal
        f"{escalation['type']} {escalation['trigger']} ({escalation['priority']}) for {escalation['owner']}, "
        f"due {escalation['due_at']}\n  {escalation['reason']}\n  the customer was told: {reply}",
        flush=True,
    )


def accepted(escalation: dict[str, Any]) -> bytes:
    """The outcome that says that somebody has it. The same id for the same escalation: sent twice, it counts once."""
    name = f"{escalation['escalation_id']}/accepted"
    outcome = {
        "outcome_id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "conversation_id": escalation["conversation_id"],
        "business_id": escalation["business_id"],
        "escalation_id": escalation["escalation_id"],
        "kind": "accepted",
        "by": "the example",
        "at": datetime.now(UTC).isoformat(),
    }
    return json.dumps(outcome).encode()


async def consume(most: int | None) -> None:
    """Read escalations, show each once, and answer those that were raised."""
    consumer = AIOKafkaConsumer(
        f"{PREFIX}chat.escalations",
        bootstrap_servers=BROKERS,
        group_id=GROUP,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS, acks="all")
    await consumer.start()
    await producer.start()
    seen: set[tuple[str, int]] = set()  # a real tool keeps this in its database, beside the ticket
    try:
        async for record in consumer:
            escalation = json.loads(record.value)
            key = (escalation["escalation_id"], escalation["revision"])
            if key not in seen:
                seen.add(key)
                show(escalation)
                if escalation["type"] == "raised":
                    outcome = accepted(escalation)
                    await producer.send_and_wait(f"{PREFIX}chat.outcomes", outcome, key=record.key)
            await consumer.commit()
            if most is not None and len(seen) >= most:
                return
    finally:
        await producer.stop()
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(consume(int(sys.argv[1]) if len(sys.argv) > 1 else None))
