"""What a worker says of a topic of policies that it cannot read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from handraise.engine.clients import Clients
from handraise.engine.errors import RecordUnreadableError
from handraise.engine.health import Health
from handraise.engine.policies import PolicyFollower, PolicyShelf
from handraise.engine.shelf import BookShelf
from tests.support.counting import NoPolicies, Recorder
from tests.support.readers import ReaderClients
from tests.support.records import FakeRecord
from tests.support.waiting import eventually

TOPIC: Final = "chat.policies"
FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)
UNREADABLE: Final = UnicodeDecodeError("utf-8", b"tr\xe4ce", 2, 3, "invalid continuation byte")


class FakeReader:
    """A consumer over logs that are lists, in which None stands for a record that cannot be unpacked.

    What it had unpacked when it came to one is lost, and its position is that of the first of them, as the client's is.
    """

    def __init__(self, logs: Mapping[TopicPartition, list[FakeRecord | None]]) -> None:
        self.logs = logs
        self.positions = dict.fromkeys(logs, 0)

    def assign(self, _: Sequence[TopicPartition]) -> None:
        """All are read."""

    def partitions_for_topic(self, _: str) -> set[int]:
        """Of the one topic."""
        return {source.partition for source in self.logs}

    async def seek_to_beginning(self, *_: TopicPartition) -> None:
        """It is there."""

    async def end_offsets(self, sources: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each ends."""
        return {source: len(self.logs[source]) for source in sources}

    async def position(self, source: TopicPartition) -> int:
        """Where the next fetch begins."""
        return self.positions[source]

    async def getmany(
        self, *sources: TopicPartition, timeout_ms: int, max_records: int | None = None
    ) -> dict[TopicPartition, list[FakeRecord]]:
        """The next records."""
        found: dict[TopicPartition, list[FakeRecord]] = {}
        for source in sources:
            log, begin = self.logs[source], self.positions[source]
            records = log[begin : len(log) if max_records is None else begin + max_records]
            if None in records:
                raise UNREADABLE
            if records:
                found[source] = [record for record in records if record is not None]
                self.positions[source] += len(records)
        await asyncio.sleep(0 if found else timeout_ms / 1_000)
        return found

    async def stop(self) -> None:
        """Nothing to do."""


def follower(reader: FakeReader, recorder: Recorder | None = None, shelf: PolicyShelf | None = None) -> PolicyFollower:
    """Of the topic."""
    health = Health(lambda _: None, {})
    clients = cast(Clients, ReaderClients(reader))
    return PolicyFollower(TOPIC, clients, shelf or NoPolicies(), (recorder or Recorder()).as_observer(), health)


def policy(offset: int, partition: int = 0, value: bytes | None = b"{}", key: bytes = b"acme") -> FakeRecord:
    """One that is taken, unless `value` is not."""
    return FakeRecord(value, key=key, topic=TOPIC, partition=partition, offset=offset)


def test_a_policy_that_cannot_be_unpacked_is_named_with_what_to_do() -> None:
    """The client decodes the names of headers before anybody sees the record, and cannot go past it."""
    reader = FakeReader({FIRST: [policy(0)], SECOND: [policy(0, 1), policy(1, 1), None, policy(3, 1)]})

    async def main() -> None:
        await follower(reader).start()

    with pytest.raises(RecordUnreadableError, match=r"chat\.policies .* partition 1, offset 2.*topics create"):
        asyncio.run(main())


def test_one_that_comes_while_the_worker_runs_stops_it_with_the_same_words() -> None:
    """Every worker reads it."""
    reader = FakeReader({FIRST: [policy(0)], SECOND: [policy(0, 1)]})

    async def main() -> BaseException | None:
        service = follower(reader)
        await service.start()
        try:
            reader.logs[FIRST].append(None)
            await eventually(lambda: service.crashed, 5, "the follower to crash")
            return service.crash_reason
        finally:
            await service.stop()

    with pytest.raises(RecordUnreadableError, match="partition 0, offset 1"):
        raise asyncio.run(main()) or AssertionError


def test_a_refused_policy_is_told_of_at_the_start_too_and_until_another_takes_its_place() -> None:
    """Once Kafka has compacted the topic, the refused one is all that is there."""
    bad = b"no policy"
    reader = FakeReader({FIRST: [policy(0, value=bad), policy(1, value=bad, key=b"cafe")]})
    recorder = Recorder()

    async def main() -> None:
        service = follower(reader, recorder)
        await service.start()
        try:
            for record, refused in ((policy(2), 1), (policy(3, value=bad), 2), (policy(4, value=None), 1)):
                reader.logs[FIRST].append(record)
                await eventually(lambda n=refused: faults(recorder) == (n, 0, 0), 5, "it to be told")  # type: ignore[misc] # a default argument binds the loop's value
        finally:
            await service.stop()

    asyncio.run(main())
    assert recorder.told("policies_faulty")[0] == (2, 0, 0)


@pytest.mark.parametrize(
    ("key", "named"), [(b"acme", "acme"), (b"tr\xe4ce", "tr\ufffdce"), (b"x" * 1_000, "x" * 200), (None, None)]
)
def test_the_line_on_a_refused_policy_names_the_key_that_it_came_under(key: bytes | None, named: str | None) -> None:
    """Cut, since anybody may have published it."""
    record = FakeRecord(b"no policy", key=key, topic=TOPIC, partition=0, offset=0)

    async def main() -> None:
        await follower(FakeReader({FIRST: [record]}), shelf=BookShelf()).start()

    with capture_logs() as lines:
        asyncio.run(main())
    (refusal,) = [line for line in lines if line["event"] == "policy_refused"]
    assert refusal["key"] == named


def test_a_policy_that_no_longer_goes_with_its_base_is_told_of_once_it_is_asked_for() -> None:
    """So is one whose base is gone."""
    on_the_web = {"channels": ["web"], "triggers": {"complaint": {"owner": "Wes"}}}
    in_the_app = {"channels": ["web", "app"], "triggers": {"complaint": {"owner": "Ann"}}}
    base = b'{"business_id": "hotels", "owner": "Group"}'
    contrary = msgspec.json.encode({"business_id": "hotels", "owner": "Group", "overrides": [on_the_web]})
    heir = msgspec.json.encode({"business_id": "acme", "inherits": "hotels", "overrides": [in_the_app]})
    reader = FakeReader({FIRST: [policy(0, value=base, key=b"hotels"), policy(1, value=heir)]})
    recorder, shelf = Recorder(), BookShelf()

    async def until(expected: tuple[int, int, int]) -> None:
        def told() -> bool:
            shelf.policy("acme")
            return faults(recorder) == expected

        await eventually(told, 5, f"{expected} to be told")

    async def main() -> None:
        service = follower(reader, recorder, shelf)
        await service.start()
        try:
            await until((0, 0, 0))
            reader.logs[FIRST].append(policy(2, value=contrary, key=b"hotels"))
            await until((0, 0, 1))
            reader.logs[FIRST].append(policy(3, value=base, key=b"hotels"))
            await until((0, 0, 0))
            reader.logs[FIRST].append(policy(4, value=None, key=b"hotels"))
            await until((0, 1, 0))
        finally:
            await service.stop()

    asyncio.run(main())
    assert shelf.businesses == 1


def faults(recorder: Recorder) -> tuple[object, ...]:
    """What was told last: refused, without a base, unfit."""
    return recorder.told("policies_faulty")[-1]
