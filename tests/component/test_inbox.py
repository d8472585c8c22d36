"""The order and the positions in which a partition's records are taken, with a consumer that is a script."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from handraise.engine.deadletters import size_of
from handraise.engine.errors import LogTruncatedError, RecordUnreadableError
from handraise.engine.inbox import Inbox
from tests.support.counting import Recorder
from tests.support.modelled import Standstill
from tests.support.records import FakeRecord, message_record, outcome_record

MESSAGES = TopicPartition("chat.messages", 0)
OUTCOMES = TopicPartition("chat.outcomes", 0)


class FakeMember:
    """A consumer over logs that are lists; it hands out at most `chunk` records of a topic at a time."""

    def __init__(self, logs: Mapping[TopicPartition, Sequence[FakeRecord]], chunk: int = 100) -> None:
        self.logs = logs
        self.chunk = chunk
        self.positions: dict[TopicPartition, int] = {}
        self.begin = dict.fromkeys(logs, 0)
        self.committed_at: dict[TopicPartition, int] = {}
        self.silent: set[TopicPartition] = set()
        """Topics whose next fetch brings nothing yet."""
        self.paused: set[TopicPartition] = set()
        self.answered_ms: int | None = 1_000_000
        """When the broker was last heard of."""
        self.unpacked = 0
        """How many records were handed out."""

    async def beginning_offsets(self, sources: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each log begins."""
        return {source: self.begin[source] for source in sources}

    def last_poll_timestamp(self, _: TopicPartition) -> int | None:
        """The same for every topic."""
        return self.answered_ms

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go there."""
        self.positions[source] = offset

    def pause(self, *sources: TopicPartition) -> None:
        """Hand out nothing of these."""
        self.paused.update(sources)

    def resume(self, *sources: TopicPartition) -> None:
        """Hand them out again."""
        self.paused.difference_update(sources)

    async def position(self, source: TopicPartition) -> int:
        """Where the next fetch begins."""
        return self.positions[source]

    def last_stable_offset(self, source: TopicPartition) -> int:
        """The end of the log."""
        return self.begin[source] + len(self.logs[source])

    def highwater(self, source: TopicPartition) -> int:
        """The same."""
        return self.last_stable_offset(source)

    async def getmany(
        self, *sources: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[FakeRecord]]:
        """The next records."""
        await asyncio.sleep(0)
        found = {}
        for source in set(sources) - self.paused:
            if source in self.silent:
                self.silent.discard(source)
                continue
            if not self.begin[source] <= self.positions[source] <= self.last_stable_offset(source):
                raise OffsetOutOfRangeError({source: self.positions[source]})
            most = min(self.chunk, max_records)
            records = [one for one in self.logs[source] if one.offset >= self.positions[source]][:most]
            if records:
                max_records -= len(records)
                self.unpacked += len(records)
                self.positions[source] = records[-1].offset + 1
                found[source] = records
        if not found:
            await asyncio.sleep(timeout_ms / 1_000)
        return found


class Trickling(FakeMember):
    """A consumer for which the messages of a log that is long enough come one by one, and outcomes late or never."""

    def __init__(
        self, logs: Mapping[TopicPartition, Sequence[FakeRecord]], every_seconds: float, outcomes_after_seconds: float
    ) -> None:
        super().__init__(logs, chunk=1 if every_seconds else 100)
        self.every_seconds = every_seconds
        self.outcomes_at = asyncio.get_running_loop().time() + outcomes_after_seconds

    def last_stable_offset(self, source: TopicPartition) -> int:
        """Of the outcomes it is not known before something has come."""
        return -1 if self._is_away(source) else super().last_stable_offset(source)

    def highwater(self, source: TopicPartition) -> Any:  # noqa: ANN401 - none before the first answer
        """The same."""
        return None if self._is_away(source) else super().highwater(source)

    async def getmany(
        self, *sources: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[FakeRecord]]:
        """What has come by then."""
        if timeout_ms:
            await asyncio.sleep(min(self.every_seconds, timeout_ms / 1_000))
        there = [source for source in sources if not self._is_away(source)]
        return await super().getmany(*there, timeout_ms=timeout_ms, max_records=max_records)

    def _is_away(self, source: TopicPartition) -> bool:
        return source == OUTCOMES and asyncio.get_running_loop().time() < self.outcomes_at


def inbox(member: Any, recorder: Recorder | None = None, ahead_bytes: int = 1_048_576) -> Inbox:  # noqa: ANN401 - stands for a consumer
    """Over both topics."""
    return Inbox(member, list(member.logs), (recorder or Recorder()).as_observer(), ahead_bytes)


def offsets(records: Sequence[Any]) -> list[tuple[str, int]]:
    """Topic and offset of each."""
    return [(record.topic.removeprefix("chat."), record.offset) for record in records]


def test_two_topics_are_merged_by_time_and_each_keeps_its_order() -> None:
    """An outcome comes behind the message that it answers."""
    logs = {
        MESSAGES: [message_record(0, timestamp=10), message_record(1, timestamp=30), message_record(2, timestamp=20)],
        OUTCOMES: [outcome_record(0, timestamp=15), outcome_record(1, timestamp=40)],
    }

    async def main() -> list[tuple[str, int]]:
        box = inbox(FakeMember(logs))
        await box.begin({})
        return offsets(await box.take(100))

    assert asyncio.run(main()) == [("messages", 0), ("outcomes", 0), ("messages", 1), ("messages", 2), ("outcomes", 1)]


def test_a_topic_whose_records_are_on_their_way_is_waited_for() -> None:
    """Without the wait, the outcome would come before its conversation is known."""
    logs = {MESSAGES: [message_record(0, timestamp=10)], OUTCOMES: [outcome_record(0, timestamp=15)]}

    async def main() -> list[tuple[str, int]]:
        member = FakeMember(logs)
        member.silent = {MESSAGES}
        box = inbox(member)
        await box.begin(member.committed_at)
        return offsets(await box.take(100))

    assert asyncio.run(main()) == [("messages", 0), ("outcomes", 0)]


@pytest.mark.parametrize("every_seconds", [0.005, 0.05, 0.09])
def test_a_topic_that_cannot_be_fetched_holds_back_the_others_for_two_fetches_only(every_seconds: float) -> None:
    """However steadily records of the others come: each of them would begin the wait anew."""
    logs = {MESSAGES: [message_record(number, timestamp=number) for number in range(100_000)], OUTCOMES: []}

    async def main() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        box = inbox(Trickling(logs, every_seconds, 3_600))
        await box.begin({})
        began = loop.time()
        async with asyncio.timeout(60):
            return len(await box.take(100)), loop.time() - began

    with asyncio.Runner(loop_factory=Standstill) as runner:
        taken, seconds = runner.run(main())
    assert taken > 0
    assert 0.1 < seconds < 0.4


def test_a_topic_is_waited_for_while_what_another_has_brought_is_only_unpacked() -> None:
    """Many calls of the client, but none that a broker is asked in; an outcome may be behind what is on its way."""
    logs = {
        MESSAGES: [message_record(number, timestamp=number) for number in range(1_000)],
        OUTCOMES: [outcome_record(0, timestamp=5)],
    }

    async def main() -> list[tuple[str, int]]:
        box = inbox(Trickling(logs, 0, 0.09))
        await box.begin({})
        return offsets(await box.take(7))

    with asyncio.Runner(loop_factory=Standstill) as runner:
        assert runner.run(main()) == [*(("messages", number) for number in range(6)), ("outcomes", 0)]


@pytest.mark.parametrize("more", [{}, {"key": b"k" * 5_000}, {"headers": (("baggage", b"h" * 5_000),)}])
@pytest.mark.parametrize("chunk", [1_000, 40])
def test_what_was_fetched_is_unpacked_only_as_far_as_its_size_allows(chunk: int, more: dict[str, Any]) -> None:
    """However many records a fetch has brought, well compressed as they were; all of them come in the end."""
    logs: dict[TopicPartition, list[FakeRecord]] = {
        MESSAGES: [replace(message_record(number, timestamp=number), **more) for number in range(1_000)],
        OUTCOMES: [],
    }
    size = max(256, size_of(logs[MESSAGES][0]))

    async def main() -> tuple[int, list[int]]:
        member = FakeMember(logs, chunk=chunk)
        box = inbox(member, ahead_bytes=100 * size)
        await box.begin(member.committed_at)
        most, taken = 0, list[int]()
        while batch := await box.take(30):
            taken += [record.offset for record in batch]
            # While the batch is in hand, more is fetched until there is no room.
            for _ in range(50):
                await asyncio.sleep(0)
            most = max(most, member.unpacked - len(taken))
        return most, taken

    most, taken = asyncio.run(main())
    assert 50 <= most <= 100 + 63
    assert taken == list(range(1_000))


def test_nothing_is_lost_or_repeated_however_small_the_batches_are() -> None:
    """And a busy topic does not hold back a quiet one."""
    logs = {
        MESSAGES: [message_record(number, timestamp=number) for number in range(50)],
        OUTCOMES: [outcome_record(number, timestamp=number * 10) for number in range(5)],
    }

    async def main() -> list[tuple[str, int]]:
        box = inbox(FakeMember(logs, chunk=4))
        await box.begin({})
        taken: list[tuple[str, int]] = []
        while batch := await box.take(3):
            taken += offsets(batch)
            box.committed(box.after(batch))
        return taken

    taken = asyncio.run(main())
    assert [offset for topic, offset in taken if topic == "messages"] == list(range(50))
    assert [offset for topic, offset in taken if topic == "outcomes"] == list(range(5))
    assert taken.index(("outcomes", 4)) < taken.index(("messages", 44))


def test_a_batch_that_is_dropped_is_read_again_from_what_is_committed() -> None:
    """What was fetched beyond it is, too."""
    logs: dict[TopicPartition, list[FakeRecord]] = {
        MESSAGES: [message_record(number, timestamp=number) for number in range(9)],
        OUTCOMES: [],
    }

    async def main() -> list[int]:
        box = inbox(FakeMember(logs, chunk=6))
        await box.begin({})
        first = await box.take(3)
        box.committed(box.after(first))
        await box.take(3)
        box.rewind()
        return [record.offset for record in await box.take(3)]

    assert asyncio.run(main()) == [3, 4, 5]


def test_it_begins_at_the_committed_offset_and_names_topics_without_one() -> None:
    """A topic without one is read from its beginning, wherever that is."""
    logs = {
        MESSAGES: [message_record(number) for number in range(5)],
        OUTCOMES: [outcome_record(number + 7) for number in range(2)],
    }

    async def main() -> tuple[list[TopicPartition], list[tuple[str, int]]]:
        member = FakeMember(logs)
        member.begin[OUTCOMES] = 7
        member.committed_at = {MESSAGES: 3}
        box = inbox(member)
        new = await box.begin(member.committed_at)
        return new, offsets(await box.take(100))

    new, taken = asyncio.run(main())
    assert new == [OUTCOMES]
    assert sorted(taken) == [("messages", 3), ("messages", 4), ("outcomes", 7), ("outcomes", 8)]


def test_records_that_are_gone_are_counted_once_and_reading_goes_on() -> None:
    """Committed at 2, but the log begins at 5."""
    logs = {MESSAGES: [message_record(number + 5) for number in range(2)], OUTCOMES: []}
    recorder = Recorder()

    async def main() -> list[tuple[str, int]]:
        member = FakeMember(logs)
        member.begin[MESSAGES] = 5
        member.committed_at = {MESSAGES: 2, OUTCOMES: 0}
        box = inbox(member, recorder)
        await box.begin(member.committed_at)
        assert await box.take(10) == []
        return offsets(await box.take(10))

    assert asyncio.run(main()) == [("messages", 5), ("messages", 6)]
    assert recorder.told("records_missed") == [("chat.messages", 0, 3)]


def test_a_record_that_cannot_be_unpacked_is_named_with_what_to_do() -> None:
    """The client decodes the names of headers before anybody sees the record, and cannot go past it."""

    class Undecodable(FakeMember):
        async def getmany(
            self, *sources: TopicPartition, timeout_ms: int, max_records: int
        ) -> dict[TopicPartition, list[FakeRecord]]:
            """As the client does."""
            del sources, timeout_ms, max_records
            raise UnicodeDecodeError("utf-8", b"tr\xe4ce", 2, 3, "invalid continuation byte")

    async def main() -> None:
        member = Undecodable({MESSAGES: [], OUTCOMES: []})
        member.committed_at = {MESSAGES: 41}
        box = inbox(member)
        await box.begin(member.committed_at)
        await box.take(1)

    with pytest.raises(RecordUnreadableError, match=r"chat\.messages from offset 41, chat\.outcomes from offset 0"):
        asyncio.run(main())


def test_a_record_that_cannot_be_unpacked_once_there_is_room_for_it_is_named_too() -> None:
    """All that stands before it is taken first."""

    class UndecodableBehind(FakeMember):
        async def getmany(
            self, *sources: TopicPartition, timeout_ms: int, max_records: int
        ) -> dict[TopicPartition, list[FakeRecord]]:
            """What is fetched, but not unpacked for want of room, cannot be."""
            if not timeout_ms:
                raise UnicodeDecodeError("utf-8", b"tr\xe4ce", 2, 3, "invalid continuation byte")
            return await super().getmany(*sources, timeout_ms=timeout_ms, max_records=max_records)

    logs = {MESSAGES: [message_record(number, timestamp=number) for number in range(200)], OUTCOMES: []}
    taken: list[int] = []

    async def main() -> None:
        box = inbox(UndecodableBehind(logs), ahead_bytes=256 * 50)
        await box.begin({})
        for _ in range(10):
            taken.extend(record.offset for record in await box.take(30))

    with pytest.raises(RecordUnreadableError, match=r"chat\.messages from offset 64"):
        asyncio.run(main())
    assert taken == list(range(64))


def test_a_log_that_ends_before_the_committed_offset_is_an_error() -> None:
    """Nobody can know where to go on."""
    logs = {MESSAGES: [message_record(0)], OUTCOMES: []}

    async def main() -> None:
        member = FakeMember(logs)
        member.committed_at = {MESSAGES: 90, OUTCOMES: 0}
        box = inbox(member)
        await box.begin(member.committed_at)
        await box.take(10)

    with pytest.raises(LogTruncatedError, match="ends before offset 90"):
        asyncio.run(main())


def test_lag_counts_what_is_in_hand_what_waits_and_what_is_not_fetched() -> None:
    """And tells the time of the oldest of them."""
    logs: dict[TopicPartition, list[FakeRecord]] = {
        MESSAGES: [message_record(number, timestamp=100 + number) for number in range(10)],
        OUTCOMES: [],
    }

    async def main() -> Any:  # noqa: ANN401 - lags by topic
        box = inbox(FakeMember(logs, chunk=6))
        await box.begin({})
        batch = await box.take(2)
        return await box.lag(batch)

    lags = asyncio.run(main())
    assert lags[MESSAGES] == (10, 100)
    assert lags[OUTCOMES] == (0, None)


def test_it_knows_whether_anything_that_waits_is_older_than_a_time() -> None:
    """By the oldest of each topic; where nothing waits, there is none."""
    logs = {MESSAGES: [message_record(number, timestamp=100 + number) for number in range(6)], OUTCOMES: []}

    async def main() -> list[bool]:
        box = inbox(FakeMember(logs))
        found = [await box.has_none_before(0)]
        await box.begin({})
        await box.take(2)
        found += [await box.has_none_before(at_ms) for at_ms in (102, 103)]
        await box.take(4)
        return [*found, await box.has_none_before(1_000)]

    assert asyncio.run(main()) == [False, True, False, True]


def test_of_what_is_not_fetched_it_is_not_known_how_old_it_is() -> None:
    """Unless something of its topic is waiting, which is older."""
    logs: dict[TopicPartition, list[FakeRecord]] = {
        MESSAGES: [message_record(number, timestamp=100 + number) for number in range(6)],
        OUTCOMES: [],
    }

    async def main() -> bool:
        member = FakeMember(logs)
        box = inbox(member)
        await box.begin(member.committed_at)
        await box.take(6)
        logs[MESSAGES].append(message_record(6, timestamp=9_000))
        member.pause(MESSAGES)
        return await box.has_none_before(0)

    assert not asyncio.run(main())


@pytest.mark.parametrize(("answered_ms", "known"), [(None, False), (60_000, False), (99_000, True), (101_000, True)])
def test_of_a_topic_whose_broker_is_silent_nothing_is_known(answered_ms: int | None, known: bool) -> None:
    """An AI's answer may be in it by now: a timer that fired meanwhile would say that there was none."""

    async def main() -> bool:
        member = FakeMember({MESSAGES: [], OUTCOMES: []})
        box = inbox(member)
        await box.begin(member.committed_at)
        await box.take(1)
        member.answered_ms = answered_ms
        return await box.has_none_before(100_000)

    assert asyncio.run(main()) is known


def test_nothing_goes_ahead_of_what_another_topic_has_and_has_not_brought_yet() -> None:
    """From a backlog: the outcome is there at once, and its message stands behind the first fetch of its topic."""
    logs = {
        MESSAGES: [message_record(number, timestamp=number) for number in range(10)],
        OUTCOMES: [outcome_record(0, timestamp=5), outcome_record(1, timestamp=20)],
    }

    async def main() -> list[tuple[str, int]]:
        box = inbox(FakeMember(logs, chunk=4))
        await box.begin({})
        taken: list[tuple[str, int]] = []
        while len(taken) < 12:
            taken += offsets(await box.take(100))
        return taken

    assert asyncio.run(main()) == [
        *(("messages", number) for number in range(6)),
        ("outcomes", 0),
        *(("messages", number) for number in range(6, 10)),
        ("outcomes", 1),
    ]
