"""Timers in a worker: what comes about because nothing happens, on any broker."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import msgspec

from handraise.engine.placement import place
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Escalation, Outcome, OutcomeKind, Sender, encode
from tests.support.installation import WORKER, Installation, Record
from tests.support.waiting import until

START: Final = 1_764_000_000_000
MINUTE: Final = 60_000
ASKS: Final = "Can you tell me whether the blue one is in stock?"
POLICY: Final = b"""{"business_id": "acme", "owner": "Rosa", "ai_answers_within": "1 minute"}"""
EMITTED_AT: Final = re.compile(rb'"emitted_at":"[^"]+"')


def event(number: int, at: int, sender: Sender = Sender.CUSTOMER, text: str = ASKS, conversation: str = "c1") -> Record:
    """A message at a time after the start."""
    sent = ChatMessage(
        message_id=f"{conversation}-m{number}",
        conversation_id=conversation,
        business_id="acme",
        sender=sender,
        sent_at=START + at,
        text=text,
    )
    return Record(Topic.MESSAGES, encode(sent), conversation.encode())


def waiting(seconds_left: int, conversation: str = "c1") -> list[Record]:
    """A question whose time will be up in so many seconds of the worker's clock."""
    still_there = event(2, MINUTE - seconds_left * 1_000, Sender.SYSTEM, "the customer is still here", conversation)
    return [event(1, 0, conversation=conversation), still_there]


def escalations(installation: Installation, number: int) -> list[bytes]:
    """The bytes of those that are published, once they are so many."""
    found: list[Any] = asyncio.run(installation.read(Topic.ESCALATIONS, lambda records: len(records) >= number))
    return [record.value for record in found]


def test_a_timer_fires_once_though_no_event_comes_and_as_in_a_replay(
    installation: Installation, tmp_path: Path
) -> None:
    """A replay of the same messages until a later time prints the same bytes."""
    policy = Record(Topic.POLICIES, POLICY, b"acme")
    asyncio.run(installation.produce([policy, *waiting(2)]))
    installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="0").wait_ready()
    (published,) = escalations(installation, 1)
    raised = msgspec.json.decode(published, type=Escalation)
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")
    assert raised.occurred_at.timestamp() * 1_000 == START + MINUTE
    (tmp_path / "policy.yaml").write_bytes(POLICY)
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(record.value or b"" for record in waiting(2)))
    command = ["replay", "events.jsonl", "--policy", "policy.yaml", "--until", "2025-11-24T17:00:00"]
    done = subprocess.run(
        [sys.executable, "-m", "handraise", *command], cwd=tmp_path, capture_output=True, check=True, timeout=120
    )
    (replayed,) = done.stdout.splitlines()
    assert EMITTED_AT.sub(b"", published) == EMITTED_AT.sub(b"", replayed)


def test_own_triggers_that_count_and_that_wait_do_the_same_in_a_replay(
    installation: Installation, tmp_path: Path
) -> None:
    """Two images in a row, closed by a human tool; then a silence that only the sweep notices."""
    policy = b"""{"business_id": "acme", "owner": "Rosa", "own_triggers": {
        "photos": {"when": {"count": {"of": {"message_type": "image"}, "in_a_row": 2}}},
        "waits": {"when": {"silence": {"for": "1 minute"}}, "cooldown": "0 minutes"}}}"""

    def image(number: int) -> Record:
        sent = ChatMessage(
            message_id=f"i{number}",
            conversation_id="c1",
            business_id="acme",
            sender=Sender.CUSTOMER,
            sent_at=START + number,
            text="",
            message_type="image",
        )
        return Record(Topic.MESSAGES, encode(sent), b"c1")

    resolved = Outcome(
        outcome_id="o1", conversation_id="c1", business_id="acme", kind=OutcomeKind.RESOLVED, at=START + 10
    )
    first, rest = [image(1), image(2)], waiting(2)
    asyncio.run(installation.produce([Record(Topic.POLICIES, policy, b"acme"), *first]))
    installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="0").wait_ready()
    escalations(installation, 1)
    asyncio.run(installation.produce([Record(Topic.OUTCOMES, encode(resolved), b"c1")]))
    escalations(installation, 2)
    asyncio.run(installation.produce(rest))
    published = escalations(installation, 3)
    told = [msgspec.json.decode(value, type=Escalation) for value in published]
    assert [(one.trigger, one.type, one.caused_by) for one in told] == [
        ("photos", "raised", "i2"),
        ("photos", "closed", "o1"),
        ("waits", "raised", "timer:silence"),
    ]
    (tmp_path / "policy.yaml").write_bytes(policy)
    values = [*(record.value for record in first), encode(resolved), *(record.value for record in rest)]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(value or b"" for value in values))
    command = ["replay", "events.jsonl", "--policy", "policy.yaml", "--until", "2025-11-24T17:00:00"]
    done = subprocess.run(
        [sys.executable, "-m", "handraise", *command], cwd=tmp_path, capture_output=True, check=True, timeout=120
    )
    assert [EMITTED_AT.sub(b"", value) for value in published] == [
        EMITTED_AT.sub(b"", line) for line in done.stdout.splitlines()
    ]


def test_a_timer_outlives_the_worker_that_set_it(installation: Installation) -> None:
    """Killed with several timers running; what had fired before does not fire again."""
    asyncio.run(installation.produce([Record(Topic.POLICIES, POLICY, b"acme"), *waiting(1, "soon")]))
    first = installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="0").wait_ready()
    escalations(installation, 1)
    asyncio.run(installation.produce(waiting(8, "late")))
    until(lambda: len(asyncio.run(installation.state())) == 2, 20, "both states")
    first.kill()
    installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="0").wait_ready()
    found = [msgspec.json.decode(value, type=Escalation) for value in escalations(installation, 2)]
    # They may be of two partitions, so their order is Kafka's affair.
    assert sorted((one.conversation_id, one.caused_by) for one in found) == [
        ("late", "timer:ai_silent"),
        ("soon", "timer:ai_silent"),
    ]


def test_an_event_that_comes_in_time_keeps_the_timer_from_firing(installation: Installation) -> None:
    """The AI answers half a minute after the question, which the worker sees only after a pause of its producer."""
    asyncio.run(installation.produce([Record(Topic.POLICIES, POLICY, b"acme"), *waiting(4)]))
    installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="30").wait_ready()
    until(lambda: len(asyncio.run(installation.state())) == 1, 20, "the state")
    asyncio.run(installation.produce([event(3, MINUTE // 2, Sender.ASSISTANT, "It is, we have four of them.")]))
    asyncio.run(installation.produce(waiting(1, "other")))
    until(lambda: len(asyncio.run(installation.state())) == 2, 20, "the other state")
    assert asyncio.run(installation.read(Topic.ESCALATIONS, lambda _: True)) == []


def test_timers_fire_though_messages_never_stop_coming(installation: Installation) -> None:
    """Of other conversations of the same partition, some every few milliseconds: there is no quiet moment."""
    partitions = installation.settings.partitions
    names = (f"other-{number}" for number in count())
    others = list(islice((name for name in names if place(name.encode(), partitions) == place(b"c1", partitions)), 10))

    async def main() -> list[Any]:
        reading = asyncio.create_task(installation.read(Topic.ESCALATIONS, lambda records: len(records) >= 1, 20.0))
        async with installation.producer() as producer:
            for number in count(3):
                at = 2 * MINUTE + number
                _, value, key, _, _ = event(number, at, Sender.SYSTEM, "still here", others[number % len(others)])
                await producer.send_and_wait(installation.names[Topic.MESSAGES], value, key=key)
                if reading.done():
                    break
                await asyncio.sleep(0.005)
        return await reading

    asyncio.run(installation.produce([Record(Topic.POLICIES, POLICY, b"acme"), *waiting(2)]))
    installation.worker(WORKER, HANDRAISE_TIMER_GRACE_SECONDS="2").wait_ready()
    (record,) = asyncio.run(main())
    assert msgspec.json.decode(record.value, type=Escalation).caused_by == "timer:ai_silent"


def test_a_conversation_that_is_erased_leaves_nothing_in_the_compacted_topics(installation: Installation) -> None:
    """The last record of its key in the changelog and in the control topic is a tombstone."""
    installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce([event(1, 0, text="Can I talk to a real person please?")]))
    escalations(installation, 1)
    erased = Outcome(
        outcome_id="o1", conversation_id="c1", business_id="acme", kind=OutcomeKind.ERASED, at=START + MINUTE
    )
    asyncio.run(installation.produce([Record(Topic.OUTCOMES, encode(erased), b"c1")]))
    _, closed = (msgspec.json.decode(value, type=Escalation) for value in escalations(installation, 2))
    assert closed.transcript.turns == []
    control = asyncio.run(installation.read(Topic.CONTROL, lambda records: len(records) >= 2))
    assert control[-1].value is None
    assert asyncio.run(installation.state()) == {}
