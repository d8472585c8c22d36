"""What a partition remembers, and how it is read back."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiokafka import TopicPartition

from handraise.engine.clients import Clients
from handraise.engine.state import Kept, PartitionState, Progress, Restored, restore
from tests.support.records import FakeRecord

CHANGELOG = TopicPartition("chat.state", 0)


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


class FakeClients:
    """Hands out the reader."""

    def __init__(self, reader: FakeReader) -> None:
        self._reader = reader

    def reader(self) -> FakeReader:
        """The one there is."""
        return self._reader

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - as the real one
        """It needs no start."""
        return client


def written(key: bytes, value: bytes | None, progress: Progress | None = None) -> FakeRecord:
    """A record of the changelog."""
    return FakeRecord(value, key=key, headers=() if progress is None else (progress.header(),))


def restored(*records: FakeRecord, end: int | None = None) -> Restored:
    """What comes back from these records."""
    reader = FakeReader(list(records), len(records) if end is None else end)
    return asyncio.run(restore(cast(Clients, FakeClients(reader)), CHANGELOG, bytes.decode))


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
    assert back.state.kept(b"a") == Kept(b"new", newer)
    assert back.state.load(b"b") == b"x"
    assert back.overwritten == {b"a"}


def test_one_owner_s_own_writes_count_in_their_order() -> None:
    """Nothing is to be written again then."""
    back = restored(written(b"a", b"1", Progress(10, 1, -1)), written(b"a", b"2", Progress(10, 1, 0)))
    assert back.state.load(b"a") == b"2"
    assert back.overwritten == frozenset()


def test_open_escalations_are_counted_by_trigger_as_states_change() -> None:
    """A state here is the name of its open trigger."""
    state = PartitionState(lambda encoded: encoded.decode() or None)
    state.apply({b"a": Kept(b"complaint"), b"b": Kept(b"complaint"), b"c": Kept(b"")})
    assert +state.open_triggers == {"complaint": 2}
    state.apply({b"a": Kept(b"distress"), b"c": Kept(b"complaint")})
    assert +state.open_triggers == {"complaint": 2, "distress": 1}
    state.remove(b"b")
    state.apply({b"a": Kept(b"")})
    assert +state.open_triggers == {"complaint": 1}
    assert len(state) == 2


def test_the_furthest_progress_is_told_for_each_topic_apart() -> None:
    """Of different conversations."""
    state = PartitionState(lambda _: None)
    assert state.furthest() == (-1, -1, -1)
    state.put(b"a", Kept(b"", Progress(1, 7, 2)))
    state.put(b"b", Kept(b"", Progress(2, 3, 5)))
    assert state.furthest() == (2, 7, 5)
