"""The past as the console reads it from a real broker: whole conversations, as far back as was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from handraise.console.trial.past import Past, read_conversation, read_past
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender, encode
from tests.support.installation import Installation

HOUR: Final = 3_600_000
NOW: Final = 1_772_445_600_000
"""Monday, 2 March 2026, 10:00 UTC."""


def message(number: int, conversation: str, hours: float, business: str = "shop") -> tuple[Topic, ChatMessage, int]:
    """A message that was written so many hours before now."""
    at = NOW - int(hours * HOUR)
    sent = ChatMessage(
        message_id=f"m{number}",
        conversation_id=conversation,
        business_id=business,
        sender=Sender.CUSTOMER,
        sent_at=at,
        text=f"message {number}",
    )
    return Topic.MESSAGES, sent, at


def outcome(number: int, conversation: str, hours: float) -> tuple[Topic, Outcome, int]:
    """An outcome that was told so many hours before now."""
    at = NOW - int(hours * HOUR)
    told = Outcome(
        outcome_id=f"o{number}", conversation_id=conversation, business_id="shop", kind=OutcomeKind.RESOLVED, at=at
    )
    return Topic.OUTCOMES, told, at


def publish(installation: Installation, events: Sequence[tuple[Topic, ChatMessage | Outcome, int]]) -> None:
    """Publish events as of their time."""

    async def send() -> None:
        async with installation.producer() as producer:
            for topic, event, at in events:
                name, key = installation.names[topic], event.conversation_id.encode()
                await producer.send_and_wait(name, encode(event), key=key, timestamp_ms=at)
            # What cannot be read is passed over.
            await producer.send_and_wait(installation.names[Topic.MESSAGES], b"no message", key=b"a", timestamp_ms=NOW)

    asyncio.run(send())


def read(installation: Installation, hours: float, limit: int = 1_000) -> tuple[Past, list[tuple[int, int]]]:
    """What is read of the last hours, and what was told meanwhile; a conversation ends after two hours."""
    told: list[tuple[int, int]] = []
    past = asyncio.run(
        read_past(
            installation.clients,
            installation.names,
            "shop",
            since_ms=NOW - int(hours * HOUR),
            idle_ms=2 * HOUR,
            limit=limit,
            told=lambda done, total: told.append((done, total)),
        )
    )
    return past, told


def ids(past: Past) -> dict[str, list[str]]:
    """The events by conversation, in order."""
    found: dict[str, list[str]] = {}
    for event in past.events:
        name = event.outcome_id if isinstance(event, Outcome) else event.message_id
        found.setdefault(event.conversation_id, []).append(name)
    return found


def test_what_is_whole_is_read_with_its_outcomes_and_nothing_of_others(installation: Installation) -> None:
    events: list[tuple[Topic, ChatMessage | Outcome, int]]
    events = [message(1, "a", 3), message(2, "b", 2.9), outcome(3, "a", 2.8), message(4, "a", 2.7)]
    publish(installation, [*events, message(5, "c", 1, business="cafe")])
    past, told = read(installation, hours=24)
    assert ids(past) == {"a": ["m1", "o3", "m4"], "b": ["m2"]}
    assert (past.conversations, past.cut, past.is_limited) == (2, 0, False)
    assert past.since_ms == NOW - 3 * HOUR
    assert told[-1] == (6, 6)


@pytest.mark.kafka
def test_a_conversation_that_had_begun_before_is_left_out(kafka_installation: Installation) -> None:
    """What the first turns had brought about would not be known.

    The embedded broker finds no offset by a producer's time, and reads everything.
    """
    publish(
        kafka_installation,
        [
            message(1, "a", 30),  # keeps the beginning of each partition out of reach
            *(message(10 + number, f"x{number}", 30) for number in range(20)),
            message(2, "a", 5.5),  # before the time that is asked for, and within an idle time of it
            message(3, "a", 3.9),
            message(4, "b", 3),
            *(message(40 + number, f"x{number}", 2) for number in range(20)),
        ],
    )
    past, _ = read(kafka_installation, hours=4)
    found = ids(past)
    assert "a" not in found
    assert found["b"] == ["m4"]
    assert past.cut == 1
    assert all(found[f"x{number}"] == [f"m{40 + number}"] for number in range(20))
    assert ids(read(kafka_installation, hours=40)[0])["a"] == ["m1", "m2", "m3"]


def test_of_more_than_the_limit_the_newest_is_read(installation: Installation) -> None:
    publish(installation, [message(number, f"c{number}", 20 - number / 10) for number in range(200)])
    past, _ = read(installation, hours=100, limit=100)
    assert past.is_limited
    newest = {int(event.conversation_id[1:]) for event in past.events}
    assert newest
    assert min(newest) > 100
    assert max(newest) == 199


def test_topics_with_nothing_in_them_have_no_past(installation: Installation) -> None:
    past, told = read(installation, hours=24)
    assert past == Past(events=[], conversations=0, since_ms=None, cut=0, is_limited=False)
    assert all(done == total for done, total in told)


def test_one_conversation_is_found_by_its_key(installation: Installation) -> None:
    others = [message(100 + number, f"x{number}", 3) for number in range(20)]
    publish(installation, [*others, message(1, "a", 3), message(2, "a", 2), message(3, "a", 2, business="cafe")])
    found = asyncio.run(
        read_conversation(
            installation.clients,
            installation.names,
            "shop",
            "a",
            since_ms=NOW - 3 * HOUR,
            erased_ms=None,
            limit=1_000,
        )
    )
    assert [one.message_id for one in found.messages] == ["m1", "m2"]
    assert not found.is_cut
