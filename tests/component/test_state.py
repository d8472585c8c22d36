"""What a partition remembers, and how it is read back."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiokafka import TopicPartition

from handraise.conversation import StateHead
from handraise.engine.clients import Clients
from handraise.engine.state import Due, Kept, PartitionState, Progress, Restored, restore
from tests.support.readers import ReaderClients
from tests.support.records import FakeRecord

CHANGELOG = TopicPartition("chat.state", 0)
GRACE_MS = 30_000


class FakeReader:
    """A consumer over one changelog; `end` may lie behind the last record, where a transaction marker stands."""

    def __init__(self, records: list[FakeRecord], end: int) -> None:
        self._records = records
        self._end = end
        self._read = False

    def assign(self, sources: list[TopicPartition]) -> None:
        """Only one."""
        assert sources == [CHANGELOG]

    async def seek_to_beginning(self, _: TopicPartition) -> None:
        """It is there."""

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where it ends."""
        return {CHANGELOG: self._end}

    async def position(self, _: TopicPartition) -> int:
        """At the end once everything is read."""
        return self._end if self._read else 0

    async def getmany(self, _: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[FakeRecord]]:
        """Everything at once."""
        assert timeout_ms > 0
        self._read = True
        return {CHANGELOG: self._records}

    async def stop(self) -> None:
        """Nothing to do."""


class StrayReader(FakeReader):
    """One whose stop ends as if somebody had cancelled it, as the client's does while its broker is away."""

    def __init__(self, records: list[FakeRecord], end: int) -> None:
        super().__init__(records, end)
        self._client = self
        self.closed = False

    async def stop(self) -> None:
        """Nobody has."""
        raise asyncio.CancelledError

    async def close(self) -> None:
        """The connections."""
        self.closed = True


class SilentReader(FakeReader):
    """One that never comes to an end."""

    stopped = False

    async def position(self, _: TopicPartition) -> int:
        """No broker says."""
        await asyncio.Event().wait()
        return 0

    async def stop(self) -> None:
        """Note it."""
        self.stopped = True


def written(key: bytes, value: bytes | None, progress: Progress | None = None) -> FakeRecord:
    """A record of the changelog."""
    return FakeRecord(value, key=key, headers=() if progress is None else (progress.header(),))


def head(state: bytes, *, seen_at: int = 0, next_timer_at: int | None = None) -> StateHead:
    """A state here is the name of its open trigger."""
    return StateHead(open_trigger=state.decode() or None, seen_at=seen_at, next_timer_at=next_timer_at)


def kept(state: bytes, progress: Progress | None = None) -> Kept:
    """A state without timers."""
    return Kept(state, head(state), 0, progress)


def restored(*records: FakeRecord, end: int | None = None) -> Restored:
    """What comes back from these records."""
    reader = FakeReader(list(records), len(records) if end is None else end)
    return asyncio.run(restore(cast(Clients, ReaderClients(reader)), CHANGELOG, head, PartitionState()))


def test_the_newest_value_of_each_key_comes_back_and_a_tombstone_ends_it() -> None:
    """The end lies behind the last record, as after a transaction."""
    back = restored(
        written(b"a", b"1"), written(b"b", b"1"), written(b"a", b"2"), written(b"b", None), written(b"c", b"3"), end=9
    )
    assert back.records == 5
    assert {key: back.state.load(key) for key in (b"a", b"b", b"c")} == {b"a": b"2", b"b": None, b"c": b"3"}
    assert len(back.state) == 2


def test_the_late_write_of_a_worker_that_was_stalled_does_not_displace_the_newer_one() -> None:
    """And the key is to be written again, before compaction keeps the wrong one."""
    newer, stalled = Progress(20, 5, -1), Progress(10, 3, -1)
    back = restored(written(b"a", b"new", newer), written(b"a", b"late", stalled), written(b"b", b"x", stalled))
    assert back.state.load(b"a") == b"new"
    assert back.state.progress(b"a") == newer
    assert back.state.load(b"b") == b"x"
    assert back.overwritten == {b"a": kept(b"new", newer)}


def test_one_owner_s_own_writes_count_in_their_order() -> None:
    """Nothing is to be written again then."""
    back = restored(written(b"a", b"1", Progress(10, 1, -1)), written(b"a", b"2", Progress(10, 1, 0)))
    assert back.state.load(b"a") == b"2"
    assert back.overwritten == {}


def test_what_is_written_with_exactly_once_is_newer_than_what_at_least_once_left_behind() -> None:
    """The delivery was switched: only writes that name an owner can be those of a stalled one."""
    old = Progress(10, 1, -1)
    back = restored(written(b"a", b"old", old), written(b"b", b"old", old), written(b"a", b"new"), written(b"b", None))
    assert (back.state.load(b"a"), back.state.load(b"b")) == (b"new", None)
    assert back.overwritten == {}


def test_the_rest_of_the_worker_has_its_turn_while_many_states_are_decoded() -> None:
    """A takeover must not keep the group and the probes waiting."""
    reader = FakeReader([written(b"%d" % number, b"x") for number in range(20_000)], 20_000)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def main() -> None:
        counting = asyncio.create_task(count())
        await restore(cast(Clients, ReaderClients(reader)), CHANGELOG, head, PartitionState())
        counting.cancel()

    asyncio.run(main())
    assert turns >= 3


def test_a_reader_that_ends_badly_does_not_end_the_restore() -> None:
    """What was read is complete by then; the partition's task would be gone, and nobody would know."""
    reader = StrayReader([written(b"a", b"1")], 1)
    back = asyncio.run(restore(cast(Clients, ReaderClients(reader)), CHANGELOG, head, PartitionState()))
    assert back.state.load(b"a") == b"1"
    assert reader.closed


def test_a_restore_that_is_cancelled_ends_so_and_stops_its_reader() -> None:
    """The partition goes elsewhere."""
    reader = SilentReader([], 1)

    async def main() -> None:
        restoring = asyncio.create_task(
            restore(cast(Clients, ReaderClients(reader)), CHANGELOG, head, PartitionState())
        )
        await asyncio.sleep(0)
        restoring.cancel()
        await restoring

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert reader.stopped


def test_open_escalations_are_counted_by_trigger_as_states_change() -> None:
    """A conversation that is forgotten has none."""
    state = PartitionState()
    state.apply({b"a": kept(b"complaint"), b"b": kept(b"complaint"), b"c": kept(b"")}, {})
    assert +state.open_triggers == {"complaint": 2}
    state.apply({b"a": kept(b"distress"), b"c": kept(b"complaint")}, {})
    assert +state.open_triggers == {"complaint": 2, "distress": 1}
    state.apply({b"a": kept(b""), b"b": Kept(None, None, 0)}, {})
    assert +state.open_triggers == {"complaint": 1}
    assert len(state) == 2


def test_the_furthest_progress_is_told_for_each_topic_apart() -> None:
    """Of different conversations."""
    state = PartitionState()
    assert state.furthest() == (-1, -1, -1)
    state.put(b"a", kept(b"", Progress(1, 7, 2)))
    state.put(b"b", kept(b"", Progress(2, 3, 5)))
    assert state.furthest() == (2, 7, 5)


def test_a_timer_fires_by_the_worker_s_clock_when_its_grace_has_passed() -> None:
    """The conversation's own time is that of its events: here it began an hour before the worker saw it."""
    hour = 3_600_000
    state = PartitionState(GRACE_MS)
    waits = StateHead(open_trigger=None, seen_at=5_000, next_timer_at=65_000)
    state.put(b"a", Kept(b"x", waits, hour + 5_000))
    assert state.due(hour + 65_000 + GRACE_MS - 1, 10) == []
    assert state.due(hour + 70_000 + GRACE_MS, 10) == [Due(b"a", 70_000, hour)]
    state.put(b"a", Kept(b"y", head(b"y", seen_at=65_000), hour + 65_000))
    assert state.due(2 * hour, 10) == []


def test_a_message_dated_in_the_future_makes_no_timer_early() -> None:
    """A day ahead of the worker's clock, and two hours promised on the message after it: not due for two hours."""
    hour, now = 3_600_000, 1_000_000_000
    state = PartitionState(GRACE_MS)
    ahead = StateHead(open_trigger=None, seen_at=now + 24 * hour, next_timer_at=now + 2 * hour)
    state.put(b"a", Kept(b"x", ahead, now))
    assert state.due(now + 2 * hour, 10) == []
    assert state.due(now + 2 * hour + GRACE_MS, 10) == [Due(b"a", now + 2 * hour, 0)]


def test_a_restored_state_goes_on_from_when_it_was_written() -> None:
    """The timestamp of its record says when."""
    reader = FakeReader([FakeRecord(b"x", key=b"a", timestamp=100_000)], 1)
    waits = StateHead(open_trigger=None, seen_at=20_000, next_timer_at=30_000)
    clients = cast(Clients, ReaderClients(reader))
    back = asyncio.run(restore(clients, CHANGELOG, lambda _: waits, PartitionState(GRACE_MS)))
    assert back.state.due(110_000 + GRACE_MS, 10) == [Due(b"a", 30_000, 80_000)]


def test_what_had_been_read_of_a_conversation_that_is_over_is_known_until_it_cannot_come_again() -> None:
    """Under at-least-once; also when it is read back from the changelog."""
    for state in (PartitionState(), restored(written(b"a", None, Progress(1, 7, 2))).state):
        state.put(b"a", Kept(None, None, 0, Progress(1, 7, 2)))
        assert (state.load(b"a"), state.progress(b"a")) == (None, Progress(1, 7, 2))
        state.settle(7, 3)
        state.settle(8, 2)
        assert state.progress(b"a") == Progress(1, 7, 2)
        state.settle(8, 3)
        assert state.progress(b"a") is None


def test_a_conversation_that_began_again_is_not_forgotten_with_the_one_before() -> None:
    """Its progress is its own."""
    state = PartitionState()
    state.put(b"a", Kept(None, None, 0, Progress(1, 7, 2)))
    state.put(b"a", kept(b"x", Progress(1, 9, 2)))
    state.settle(100, 100)
    assert state.progress(b"a") == Progress(1, 9, 2)
