"""What is taken for the past of a business, of records as a broker would give them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from aiokafka import TopicPartition

from handraise.console.trial.past import Past, read_past
from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender, encode
from tests.support.records import FakeRecord

MINUTE: Final = 60_000
IDLE: Final = 60 * MINUTE
START: Final = 1_772_445_600_000
"""Monday, 2 March 2026, 10:00 UTC."""


class OffsetAt(NamedTuple):
    """What a broker says of a time."""

    offset: int
    timestamp: int


class FakeReader:
    """A consumer of topics of one partition, whose times are in order."""

    def __init__(self, topics: Mapping[str, Sequence[FakeRecord]], removed: int) -> None:
        self._topics = topics
        self._removed = removed
        self._places: dict[TopicPartition, int] = {}

    def assign(self, sources: list[TopicPartition]) -> None:
        """All is there already."""

    def partitions_for_topic(self, _: str) -> set[int]:
        """The one."""
        return {0}

    async def beginning_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind what retention has removed."""
        return dict.fromkeys(sources, self._removed)

    async def end_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Behind the last record."""
        return {source: self._removed + len(self._topics.get(source.topic, ())) for source in sources}

    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAt | None]:
        """The first record that is as late."""
        return {
            source: next(
                (OffsetAt(one.offset, one.timestamp) for one in self._left(source) if one.timestamp >= at), None
            )
            for source, at in times.items()
        }

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go to an offset."""
        self._places[source] = offset

    async def position(self, source: TopicPartition) -> int:
        """Where it is."""
        return self._places[source]

    async def getmany(self, *sources: TopicPartition, **_: int) -> dict[TopicPartition, list[FakeRecord]]:
        """Everything from where it is."""
        found = {source: self._left(source)[self._places[source] - self._removed :] for source in sources}
        for source, records in found.items():
            self._places[source] += len(records)
        return found

    async def stop(self) -> None:
        """Nothing to be closed."""

    def _left(self, source: TopicPartition) -> list[FakeRecord]:
        return list(self._topics.get(source.topic, ()))


class FakeClients:
    """Gives out one reader."""

    def __init__(self, events: Sequence[tuple[float, ChatMessage | Outcome]], removed: int = 0) -> None:
        topics: dict[str, list[FakeRecord]] = {}
        for minutes, event in events:
            topic = (Topic.OUTCOMES if isinstance(event, Outcome) else Topic.MESSAGES).value
            records = topics.setdefault(topic, [])
            written = START + int(minutes * MINUTE)
            records.append(
                FakeRecord(encode(event), topic=topic, offset=removed + len(records), timestamp=written, key=b"c")
            )
        self._reader = FakeReader(topics, removed)

    def reader(self) -> FakeReader:
        """The one that there is."""
        return self._reader

    async def start(self, reader: FakeReader) -> FakeReader:
        """It needs none."""
        return reader


def clients(*events: tuple[float, ChatMessage | Outcome], removed: int = 0) -> Clients:
    """For brokers that hold these events, written so many minutes after the start, behind others that are gone."""
    fake: Any = FakeClients(events, removed)
    return cast("Clients", fake)


def message(name: str, conversation: str, minutes: float, sent: float | None = None) -> tuple[float, ChatMessage]:
    """A message with when it was written."""
    said = ChatMessage(
        message_id=name,
        conversation_id=conversation,
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=START + int((minutes if sent is None else sent) * MINUTE),
        text=name,
    )
    return minutes, said


def outcome(
    name: str, conversation: str, minutes: float, kind: OutcomeKind = OutcomeKind.RESOLVED, told: float | None = None
) -> tuple[float, Outcome]:
    """An outcome with when it was written."""
    at = START + int((minutes if told is None else told) * MINUTE)
    return minutes, Outcome(outcome_id=name, conversation_id=conversation, business_id="shop", kind=kind, at=at)


def read(those: Clients, since: float = 0, limit: int = 1_000) -> Past:
    """The past from so many minutes after the start on; a conversation ends after an hour."""
    return asyncio.run(
        read_past(
            those,
            TopicNames(""),
            "shop",
            since_ms=START + int(since * MINUTE),
            idle_ms=IDLE,
            limit=limit,
            told=lambda _, __: None,
        )
    )


def ids(past: Past) -> list[str]:
    """What was read, in order."""
    return [event.outcome_id if isinstance(event, Outcome) else event.message_id for event in past.events]


def test_of_a_conversation_that_was_erased_nothing_from_before_is_read() -> None:
    """Also where it was written later, or was met before by the clock of its sender, as the log counts it."""
    past = read(
        clients(
            message("before", "a", 1),
            message("other", "b", 2),
            outcome("accepted", "a", 3, OutcomeKind.ACCEPTED),
            message("ahead", "a", 4, sent=90),
            outcome("erased", "a", 5, OutcomeKind.ERASED, told=4.5),
            message("late", "a", 6, sent=2),
            message("between", "a", 6.5, sent=4.8),
            message("anew", "a", 7),
        )
    )
    assert ids(past) == ["other", "anew"]
    assert (past.conversations, past.cut) == (2, 0)


def test_an_outcome_from_before_the_first_message_that_is_read_makes_no_conversation_whole() -> None:
    """Only the newest messages are read, and every outcome of the time that was asked for."""
    those = clients(
        message("gone-1", "b", 10),
        message("gone-2", "a", 200),
        outcome("early", "x", 15),
        outcome("of-b", "b", 100),
        message("half", "a", 210),
        message("soon", "c", 220),
        message("whole", "d", 280),
    )
    past = read(those, limit=3)
    assert past.is_limited
    assert ids(past) == ["whole"]
    assert past.cut == 4
    removed = clients(outcome("early", "x", 15), outcome("of-b", "b", 100), message("half", "a", 110), removed=5)
    assert (ids(read(removed)), read(removed).cut) == ([], 3)


def test_where_no_message_is_left_no_outcome_stands_for_a_whole_conversation() -> None:
    past = read(clients(outcome("first", "a", 15), outcome("second", "b", 200), removed=5))
    assert (ids(past), past.cut) == ([], 2)
