"""Dead letters are listed without their words, and go back to their topic once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka.structs import TopicPartition

from handraise.engine.deadletters import REPLAYED_FROM, letter
from handraise.engine.errors import EngineError, TransactionsUnsupportedError
from handraise.engine.letterbox import Wanted
from handraise.engine.resending import Judged, look_through
from handraise.engine.topics import Topic
from handraise.events import DeadLetterReason, Outcome, OutcomeKind, encode
from handraise.settings import Delivery
from tests.support.brokers import Broker
from tests.support.installation import Installation, Record, installed, message
from tests.support.records import FakeRecord
from tests.support.waiting import until

COMMAND: Final = (sys.executable, "-m", "handraise", "dead-letters")
LETTERS: Final = 250


def at_least(number: int) -> Any:  # noqa: ANN401 - a predicate over records of aiokafka
    """Whether so many records are there."""
    return lambda records: len(records) >= number


def dead_letters(made: Installation, *arguments: str) -> str:
    """Run the command; what it prints."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=made.environment(), cwd=made.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def buried(made: Installation, number: int) -> Record:
    """A dead letter of a message that can be read by now, as a worker would have put it there."""
    sent = message(number, f"c{number % 7}")
    source = FakeRecord(sent.value, made.names[Topic.MESSAGES], number % 4, number, key=sent.key)
    kept = letter(source, DeadLetterReason.INVALID, "$.text: missing")
    return Record(Topic.DEAD_LETTERS, kept.value, kept.key, kept.headers, partition=number % 2)


def origins(records: list[Any]) -> list[bytes]:
    """Which dead letter each record was replayed from."""
    return sorted(dict(record.headers)[REPLAYED_FROM] for record in records)


def test_a_letter_goes_back_once_and_what_it_says_is_not_shown(installation: Installation) -> None:
    """An outcome came before its conversation was known; a message is no use at all."""
    made = installation
    told = Outcome(
        outcome_id="o1",
        conversation_id="c9",
        business_id="acme",
        kind=OutcomeKind.RESOLVED,
        at=1,
        note="words that nobody else may read",
    )
    made.worker().wait_ready()
    asyncio.run(made.produce([Record(Topic.OUTCOMES, encode(told), b"c9", [("trace", b"abc")])]))
    asyncio.run(made.read(Topic.DEAD_LETTERS, at_least(1)))
    asyncio.run(made.produce([Record(Topic.MESSAGES, b'{"text": "other words"}', b"c8")]))
    asyncio.run(made.read(Topic.DEAD_LETTERS, at_least(2)))

    shown = dead_letters(made, "list")
    assert "unknown_conversation" in shown
    assert "2 dead letters: " in shown
    assert "1 still unusable" in shown
    assert "words" not in shown
    assert "Nothing was done; --publish replays 1." in dead_letters(made, "replay")
    assert len(asyncio.run(made.read(Topic.OUTCOMES, at_least(1)))) == 1

    assert "1 replayed." in dead_letters(made, "replay", "--publish")
    first, again = asyncio.run(made.read(Topic.OUTCOMES, at_least(2)))
    assert (again.partition, again.key, again.value) == (first.partition, first.key, first.value)
    assert [name for name, _ in again.headers] == ["trace", REPLAYED_FROM]
    # The conversation is still unknown, so it comes back as a letter of its own; the first one stays done.
    asyncio.run(made.read(Topic.DEAD_LETTERS, at_least(4)))
    lines = [json.loads(line) for line in dead_letters(made, "list", "--json", "--topic", "chat.outcomes").splitlines()]
    assert [line["fate"] for line in lines] == ["replayed", "publish"]
    place = (
        "--partition",
        str(lines[0]["partition"]),
        "--from",
        str(lines[0]["offset"]),
        "--to",
        str(lines[0]["offset"]),
    )
    assert "0 replayed." in dead_letters(made, "replay", "--publish", *place)
    assert len(asyncio.run(made.read(Topic.OUTCOMES, at_least(2)))) == 2


@pytest.mark.kafka
def test_replays_at_the_same_time_publish_each_letter_once(kafka_installation: Installation) -> None:
    """Two begin together; whoever loses stops, and a third finds what is left."""
    made = kafka_installation
    asyncio.run(made.produce([buried(made, number) for number in range(LETTERS)]))
    told: list[Judged] = []

    async def both() -> list[int | BaseException]:
        replays = [look_through(made.settings, Wanted(), told.append, publish=True) for _ in range(2)]
        return await asyncio.gather(*replays, return_exceptions=True)

    ended = asyncio.run(both())
    assert all(isinstance(one, (int, EngineError)) for one in ended), ended
    asyncio.run(look_through(made.settings, Wanted(), told.append, publish=True))
    replayed = asyncio.run(made.everything(Topic.MESSAGES))
    assert len(replayed) == LETTERS
    assert len(set(origins(replayed))) == LETTERS
    assert {record.partition for record in replayed} == set(range(4))


@pytest.mark.kafka
def test_a_replay_that_is_killed_is_taken_up_where_it_was(kafka_installation: Installation) -> None:
    """Whatever it was doing."""
    made = kafka_installation
    asyncio.run(made.produce([buried(made, number) for number in range(LETTERS)]))
    killed = subprocess.Popen(
        [*COMMAND, "replay", "--publish", "--limit", "1000"],
        env=made.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: written(made) > 0 or killed.poll() is not None, 60, "the replay to begin")
    finally:
        killed.kill()
        killed.wait()
    dead_letters(made, "replay", "--publish", "--limit", "1000")
    assert "0 replayed." in dead_letters(made, "replay", "--publish")
    replayed = asyncio.run(made.everything(Topic.MESSAGES))
    assert len(replayed) == len(set(origins(replayed))) == LETTERS


@pytest.mark.kafka
def test_a_replay_is_bounded_by_number_range_reason_and_time(kafka_installation: Installation) -> None:
    """Ten are asked for, of those of one partition that are not older than an hour."""
    made = kafka_installation
    asyncio.run(made.produce([buried(made, number) for number in range(60)]))
    bounds = ("--partition", "1", "--from", "5", "--to", "24", "--since", "1 hour", "--reason", "invalid")
    assert "10 replayed." in dead_letters(made, "replay", "--publish", "--limit", "10", *bounds)
    assert "10 replayed." in dead_letters(made, "replay", "--publish", *bounds)
    place = made.names[Topic.DEAD_LETTERS].encode()
    wanted = sorted(b"%b/1/%d" % (place, offset) for offset in range(5, 25))
    assert origins(asyncio.run(made.everything(Topic.MESSAGES))) == wanted
    assert "There are none." in dead_letters(made, "list", "--until", "1 hour")


@pytest.mark.embedded
def test_on_a_broker_without_transactions_a_replay_asks_for_none_until_it_needs_one(
    embedded_broker: Broker, tmp_path: Path
) -> None:
    """Then it says what a worker says there."""
    with installed(embedded_broker, tmp_path, delivery=Delivery.EXACTLY_ONCE) as made:
        assert "There are none." in dead_letters(made, "replay", "--publish")
        asyncio.run(made.produce([buried(made, 0)]))
        with pytest.raises(TransactionsUnsupportedError, match="HANDRAISE_DELIVERY=at_least_once"):
            asyncio.run(look_through(made.settings, Wanted(), lambda _: None, publish=True))
        assert "1 replayed." in replay_at_least_once(made)
        assert "0 replayed." in dead_letters(made, "replay", "--publish")


def replay_at_least_once(made: Installation) -> str:
    """As who has read the error does it."""
    environment = made.environment(HANDRAISE_DELIVERY="at_least_once")
    command = [*COMMAND, "replay", "--publish"]
    return subprocess.run(command, env=environment, cwd=made.folder, capture_output=True, text=True, check=True).stdout


def written(made: Installation) -> int:
    """How much of the message topic is taken, committed or not."""

    async def ends() -> int:
        reader = await made.clients.start(made.clients.reader(isolation="read_uncommitted"))
        sources = [TopicPartition(made.names[Topic.MESSAGES], number) for number in range(4)]
        try:
            return sum((await reader.end_offsets(sources)).values())
        finally:
            await reader.stop()

    return asyncio.run(ends())
